/** Makes data folders and databases without starting a vault, and runs the programs of box/commands on them. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { generateKeys } from '../box/commands/generate-keys.ts';
import { readKeyring } from '../box/data/check-database.ts';
import { locateFiles, markVault, openDatabase, readMigrations, sqlOf, type VaultFiles } from '../box/data/database.ts';
import { sealDatabase } from '../box/data/seal-database.ts';
import { compileCacheIn } from '../box/runtime/environment.ts';
import { openSettings } from '../box/settings.ts';
import { type Keyring, readCanary, sealCanary, sealValue } from '../core/crypto/keyring.ts';
import { applyMigrations } from '../core/data-folder/database.ts';
import { sealedTables, sealFor } from '../core/sealed-rows.ts';

export const project = join(import.meta.dirname, '..');

/** For programs that tests start again and again: halves the time until they run. */
export const compileCache = { NODE_COMPILE_CACHE: compileCacheIn(project) };

/** The folder of one vault: its data folder and, beside that, its env file. */
export interface Home {
  folder: string;
  data: string;
  envFile: string;
  files: VaultFiles;
}

export function homeIn(folder: string): Home {
  const data = join(folder, 'data');
  return { folder, data, envFile: join(folder, '.env'), files: locateFiles(project, data) };
}

/**
 * Makes a vault with new keys that holds these values by name. Its only account is an admin that cannot sign in.
 *
 * @param last the newest migration that it has; by default it has all.
 */
export async function makeHome(folder: string, values: Record<string, string>, last?: string): Promise<Home> {
  const home = homeIn(folder);
  mkdirSync(home.data, { recursive: true, mode: 0o700 });
  generateKeys(home.envFile);
  const database = openDatabase(home.files);
  const migrations = readMigrations(home.files.migrationsFolder).filter(
    ({ name }) => last === undefined || name <= last,
  );
  applyMigrations(sqlOf(database), migrations);
  const keyring = keyringOf(home.envFile);
  const { token, keyId } = sealCanary(keyring);
  database.exec(
    `INSERT INTO users (name, likeness, verifier, role, created_at) VALUES ('admin', 'admin', 'x', 'admin', 0)`,
  );
  database.prepare('INSERT INTO instance (id, created_at, key_id, canary) VALUES (1, 0, ?, ?)').run(keyId, token);
  addValues(database, keyring, Object.entries(values));
  database.close();
  markVault(home.files);
  chmodSync(home.files.marker, 0o600);
  return home;
}

/** The keys that a vault's env file holds. */
export function keyringOf(envFile: string): Keyring {
  return readKeyring(openSettings(project, { KEYSTORE_ENV: envFile }).lookup);
}

/** Makes a database as it was before there were seals, or as somebody with a copy of that time makes it again. */
export function unseal(database: DatabaseSync, keyring: Keyring): void {
  for (const table of sealedTables) database.exec(`UPDATE ${table} SET seal = NULL`);
  const { token, keyId } = sealCanary(keyring);
  database.prepare('UPDATE instance SET canary = ?, key_id = ?, sealed_at = NULL').run(token, keyId);
}

/** Seals all rows anew, after some were written by something else. Only who has the key can do so. */
export function sealAnew(database: DatabaseSync, keyring: Keyring): void {
  unseal(database, keyring);
  sealDatabase(database, keyring, Date.now());
}

/** Whether a vault with seals has served the database. */
function rowsAreSealed(database: DatabaseSync, keyring: Keyring): boolean {
  const instance = database.prepare('SELECT key_id, canary FROM instance').get();
  return readCanary(keyring, String(instance?.canary), String(instance?.key_id))?.rowsAreSealed ?? false;
}

/** Stores one value in the database of a stopped vault. */
export function addValue(database: DatabaseSync, envFile: string, name: string, value: string): void {
  addValues(database, keyringOf(envFile), [[name, value]]);
}

/** Stores values by name, as secrets of the first account, in the database of a stopped vault. */
export function addValues(database: DatabaseSync, keyring: Keyring, values: Iterable<[string, string]>): void {
  const secret = database.prepare(
    `INSERT INTO secrets (name, owner_id, created_by, created_at, updated_at, current_version)
     VALUES (?, 1, 'admin', 0, 0, 1)`,
  );
  const version = database.prepare(
    `INSERT INTO secret_versions (secret_id, number, token, binding, key_id, created_at, created_by)
     VALUES (?, 1, ?, ?, ?, 0, 'admin')`,
  );
  const seal = rowsAreSealed(database, keyring) ? sealerOf(database, keyring) : null;
  for (const [name, value] of values) {
    const { token, binding, keyId } = sealValue(keyring, name, value);
    const id = Number(secret.run(name).lastInsertRowid);
    version.run(id, token, binding, keyId);
    seal?.(id, name, binding);
  }
}

/** Seals the key of this number and its one value. A database of 1.0.0 has no columns for that. */
function sealerOf(database: DatabaseSync, keyring: Keyring): (id: number, name: string, binding: string) => void {
  const sealKey = database.prepare('UPDATE secrets SET seal = ? WHERE id = ?');
  const sealVersion = database.prepare('UPDATE secret_versions SET seal = ? WHERE secret_id = ?');
  return (id, name, binding) => {
    sealKey.run(sealFor(keyring, ['secrets', [id], [id, name, 1, null, 1, binding], null]), id);
    sealVersion.run(sealFor(keyring, ['secret_versions', [id, 1], [id, 1, binding], null]), id);
  };
}

export interface Ran {
  code: number | null;
  signal: string | null;
  output: string;
  stdout: Buffer;
}

/** Runs `node box/commands/<program> <args>` on a home and waits for its end. */
export function runOn(
  { data, envFile }: Home,
  [program = '', ...args]: string[],
  {
    input = '',
    node = [],
    env = {},
  }: { input?: string | Uint8Array; node?: string[]; env?: Record<string, string> } = {},
): Ran {
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ['--no-warnings', ...node, join(project, 'box/commands', program), ...args],
    {
      input,
      env: { ...compileCache, PATH: process.env.PATH, KEYSTORE_DATA: data, KEYSTORE_ENV: envFile, ...env },
      maxBuffer: 1e9,
    },
  );
  return { code: status, signal, output: stdout.toString() + stderr.toString(), stdout };
}

/** How restore-data.sh calls `restore.ts stage`: the arguments, and standard input. */
export function staging(file: string | Uint8Array, env?: string | Uint8Array): { command: string[]; input: Buffer } {
  const bytes = (given: string | Uint8Array) => (typeof given === 'string' ? readFileSync(given) : Buffer.from(given));
  const database = bytes(file);
  const keys = env === undefined ? Buffer.alloc(0) : bytes(env);
  const sizes = [keys.length, database.length, 0, 0].map(String);
  return { command: ['restore.ts', 'stage', ...sizes], input: Buffer.concat([keys, database]) };
}
