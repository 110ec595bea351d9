/** `keystore mv`: another name for a key. */

import { say, sayJson } from '../terminal/output.ts';
import { openVault } from '../vault/client.ts';
import type { Given } from './arguments.ts';

export async function run(given: Given): Promise<undefined> {
  const [from, to] = [given.argument(0), given.argument(1)];
  await openVault().ask('PUT', '/key', { query: { key_name: from }, body: { key_name: to } });
  if (given.json) sayJson({ key_name: to, was: from });
  else say(`${from} is ${to} now.`);
}
