/** `keystore whoami`: the account or the service token behind the token. */

import { printable, say, sayJson, shownTime } from '../terminal/output.ts';
import { openVault } from '../vault/client.ts';
import { type Identity, identify } from '../vault/identity.ts';
import type { Given } from './arguments.ts';

export async function run(given: Given): Promise<undefined> {
  const vault = openVault();
  const identity = await identify(vault);
  if (given.json) sayJson({ url: vault.url, ...identity });
  else say(`${describe(identity)} at ${vault.url}`);
}

/** One line. */
export function describe({ user, role, token, expires_at: expiry }: Identity): string {
  const parts = [
    printable(user),
    ...(role ? [`(${role})`] : []),
    ...(token === undefined ? [] : [`with the token ${printable(token)}`]),
    ...(expiry ? [`until ${shownTime(expiry)}`] : []),
  ];
  return parts.join(' ');
}
