/** `keystore restore`: an earlier version, or a key from the trash. */

import { exitCodes, Failure, usageFailure } from '../terminal/failure.ts';
import { say, sayJson } from '../terminal/output.ts';
import { openVault, type Vault } from '../vault/client.ts';
import type { Given } from './arguments.ts';

const maxId = Number.MAX_SAFE_INTEGER;

interface Trashed {
  id: number;
  key_name: string;
}

export async function run(given: Given): Promise<undefined> {
  const vault = openVault();
  const name = given.argument(0);
  const [version, trashId, as] = [
    given.number('version', 1, maxId),
    given.number('trash-id', 1, maxId),
    given.text('as'),
  ];
  if (version !== undefined) {
    if (trashId !== undefined || as !== undefined)
      throw usageFailure('--trash-id and --as are for the trash. Leave out --version.');
    const { body } = await vault.change<{ version: number }>('/key/restore', {
      query: { key_name: name },
      body: { version },
    });
    if (given.json) sayJson({ key_name: name, version: body.version });
    else say(`Version ${version} of ${name} is the newest again, as version ${body.version}.`);
    return;
  }
  const id = trashId ?? (await findTrashed(vault, name));
  const { body } = await vault.change<{ key_name: string }>(
    `/trash/${id}/restore`,
    as === undefined ? {} : { body: { key_name: as } },
  );
  if (given.json) sayJson({ key_name: body.key_name, trash_id: id });
  else say(`${body.key_name} is back.`);
}

/** The key of this name that was deleted last. */
async function findTrashed(vault: Vault, name: string): Promise<number> {
  let after: string | undefined;
  do {
    const { body } = await vault.ask<{ keys: Trashed[]; next?: string }>('GET', '/trash', { query: { after } });
    const found = body.keys.find(({ key_name: trashed }) => trashed === name);
    if (found) return found.id;
    after = body.next;
  } while (after !== undefined);
  throw new Failure(
    `There is no key ${name} in the trash. For an earlier value: keystore history '${name}'`,
    exitCodes.notFound,
  );
}
