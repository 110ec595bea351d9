/** `keystore rm`: to the trash. */

import { say, sayJson } from '../terminal/output.ts';
import { openVault } from '../vault/client.ts';
import type { Given } from './arguments.ts';

export async function run(given: Given): Promise<undefined> {
  const vault = openVault();
  const deleted: { key_name: string; trash_id: number | null }[] = [];
  for (const name of given.positionals) {
    const { headers } = await vault.ask('DELETE', '/key', { query: { key_name: name } });
    const id = Number(headers['trash-id']);
    deleted.push({ key_name: name, trash_id: Number.isInteger(id) ? id : null });
    if (!given.json) say(`${name} is in the trash. To take it out: keystore restore '${name}'`);
  }
  if (given.json) sayJson({ deleted });
}
