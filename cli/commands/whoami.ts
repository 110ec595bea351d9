/** `keystore whoami`: the account or the service token behind the token. */

import { printable, say, sayJson, shownTime } from '../terminal/output.ts';
import { openVault } from '../vault/client.ts';
import type { Given } from './arguments.ts';

/** A session of a person, or what a service token says of itself. */
export interface Identity {
  user?: string | null;
  role?: string | null;
  project?: string | null;
  token?: { name?: string } | string | null;
  expires_at?: string | null;
}

export async function run(given: Given): Promise<undefined> {
  const vault = openVault();
  const { body } = await vault.ask<Identity>('GET', '/auth/session');
  if (given.json) sayJson({ url: vault.url, ...body });
  else say(`${describe(body)} at ${vault.url}`);
}

/** One line. */
export function describe({ user, role, project, token, expires_at: expiry }: Identity): string {
  const tokenName = typeof token === 'string' ? token : token?.name;
  const parts = [
    printable(user ?? (project ? `project ${project}` : 'somebody')),
    ...(role ? [`(${role})`] : []),
    ...(tokenName ? [`with the token ${printable(tokenName)}`] : []),
    ...(expiry ? [`until ${shownTime(expiry)}`] : []),
  ];
  return parts.join(' ');
}
