/** Keys as the API describes them, and lists of them. */

import type { Vault } from './client.ts';

export interface ListedKey {
  key_name: string;
  description: string;
  created_at: string;
  updated_at: string;
  created_by: string;
  project: string | null;
  role: string;
  version: number;
  revision: number;
  expires_at: string | null;
  rotation_due_at: string | null;
  labels: Record<string, string>;
}

export interface ReadKey {
  key_name: string;
  api_key: string;
  description: string;
  version: number;
  revision: number;
  labels: Record<string, string>;
}

/** All keys that fit, page by page. */
export async function listKeys(vault: Vault, query: Record<string, string | number | undefined>): Promise<ListedKey[]> {
  const keys: ListedKey[] = [];
  let after: string | undefined;
  do {
    const { body } = await vault.ask<{ keys: ListedKey[]; next?: string }>('GET', '/keys', {
      query: { ...query, after },
    });
    keys.push(...body.keys);
    after = body.next;
  } while (after !== undefined);
  return keys;
}

/** The keys in a folder, and the one of that very name. A name ends at the border of a segment: `shop` is not `shopping`. */
export async function listFolder(
  vault: Vault,
  place: string,
  query: Record<string, string> = {},
): Promise<ListedKey[]> {
  const keys = await listKeys(vault, { ...query, ...(place === '' ? {} : { prefix: place }) });
  if (place === '' || place.endsWith('/')) return keys;
  return keys.filter(({ key_name: name }) => name === place || name.startsWith(`${place}/`));
}

/** A name goes into the query, where proxies leave it as it is. */
export async function readKey(vault: Vault, name: string, version?: number) {
  return vault.ask<ReadKey>('GET', '/key', { query: { key_name: name, version } });
}
