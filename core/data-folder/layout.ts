/** Where things are in a vault's data folder. */

import { objectId } from '../crypto/object-id.ts';

/** The name of the local database: preview_database_id in wrangler.toml. A build and a test check that they are equal. */
export const databaseId = 'keystore';

/** The file of a named Durable Object in a data folder. `namespace` is its unique key. */
export function objectFile(folder: string, namespace: string, name: string): string {
  return `${folder}/v3/d1/${namespace}/${objectId(namespace, name)}.sqlite`;
}

/** The database: where `wrangler dev --persist-to <folder>` keeps it. */
export function databaseFile(folder: string): string {
  return objectFile(folder, 'miniflare-D1DatabaseObject', databaseId);
}
