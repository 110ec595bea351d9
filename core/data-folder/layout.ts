/** Where things are in a vault's data folder, which `npm start` and the standalone vault share. */

import { objectId } from '../crypto/object-id.ts';

/** The unique keys of the Durable Object namespaces: that of miniflare for D1 databases, and that of the standalone vault's lock. */
export const namespaces = { database: 'miniflare-D1DatabaseObject', standaloneLock: 'standalone.lock' };

/** The file of a named Durable Object. `namespace` is its unique key. */
function objectFile(folder: string, namespace: string, name: string): string {
  return `${folder}/v3/d1/${namespace}/${objectId(namespace, name)}.sqlite`;
}

/** The name of the local database: preview_database_id in wrangler.toml. A build and a test check that they are equal. */
export const databaseId = 'keystore';

/** The files of a vault. */
export interface VaultPaths {
  folder: string;
  /** The database: where `wrangler dev --persist-to <folder>` keeps it. */
  file: string;
  /** Exists once the vault has been up. From then on a missing database is a loss, not a beginning. */
  marker: string;
}

export function vaultPaths(folder: string): VaultPaths {
  return { folder, file: objectFile(folder, namespaces.database, databaseId), marker: `${folder}/vault.json` };
}

export function markerText(now: Date): string {
  return `${JSON.stringify({ format: 1, created: now.toISOString() })}\n`;
}

/** What else may be in the folder. */
export const otherFiles = {
  /** Locked by `npm start` and the commands. */
  lock: 'vault.lock',
  /** Exists while a restore is committed, but not complete. */
  restoreCommit: 'restore/commit.json',
  /** The database of v0.6, where v0.6 had it. */
  oldDatabase: 'keystore.db',
};

/** The object that the standalone vault keeps open as its lock: its name, and its file. */
export const standaloneLockName = 'vault';

export function standaloneLockFile(folder: string): string {
  return objectFile(folder, namespaces.standaloneLock, standaloneLockName);
}

/** The copy of a database as it was before its upgrade. `migration` is the first that it lacked, such as `0002_users.sql`. */
export function beforeUpgradeFile(folder: string, migration: string): string {
  return `${folder}/before-upgrade-${migration.replace(/\.sql$/, '')}.db`;
}
