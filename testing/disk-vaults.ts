/** Makes vaults on the disk, and runs our commands on them. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { readKeyring } from '../box/data/check-database.ts';
import { locateFiles, markVault, migrate, openDatabase, type VaultFiles } from '../box/data/database.ts';
import { openSettings } from '../box/settings.ts';
import { sealCanary, sealValue } from '../core/crypto/keyring.ts';

export const project = join(import.meta.dirname, '..');

/** A folder with a vault's data and its env file. */
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

/** Makes a vault that holds the values under their names, with keys of its own. */
export async function makeHome(folder: string, values: Record<string, string>): Promise<Home> {
  const home = homeIn(folder);
  mkdirSync(home.data, { recursive: true, mode: 0o700 });
  const secretKey = randomBytes(48).toString('base64');
  const encryptionKey = randomBytes(32).toString('base64url');
  writeFileSync(home.envFile, `SECRET_KEY=${secretKey}\nENCRYPTION_KEY=${encryptionKey}=\n`, { mode: 0o600 });
  const database = openDatabase(home.files);
  await migrate(home.files, database);
  fill(database, home.envFile, values);
  database.close();
  markVault(home.files);
  chmodSync(home.files.marker, 0o600);
  return home;
}

function fill(database: DatabaseSync, envFile: string, values: Record<string, string>): void {
  const keyring = readKeyring(openSettings(project, { KEYSTORE_ENV: envFile }).lookup);
  const { token, keyId } = sealCanary(keyring);
  database.exec(
    `INSERT INTO users (name, likeness, verifier, role, created_at) VALUES ('admin', 'admin', 'x', 'admin', 0)`,
  );
  database.prepare('INSERT INTO instance (id, created_at, key_id, canary) VALUES (1, 0, ?, ?)').run(keyId, token);
  for (const [name, value] of Object.entries(values)) addValue(database, envFile, name, value);
}

export function addValue(database: DatabaseSync, envFile: string, name: string, value: string): void {
  const keyring = readKeyring(openSettings(project, { KEYSTORE_ENV: envFile }).lookup);
  const sealed = sealValue(keyring, name, value);
  const { lastInsertRowid } = database
    .prepare(
      `INSERT INTO secrets (name, owner_id, created_by, created_at, updated_at, current_version)
       VALUES (?, 1, 'admin', 0, 0, 1)`,
    )
    .run(name);
  database
    .prepare(`INSERT INTO secret_versions VALUES (?, 1, ?, ?, ?, 0, 'admin')`)
    .run(lastInsertRowid, sealed.token, sealed.binding, sealed.keyId);
}

export interface Ran {
  code: number | null;
  signal: string | null;
  output: string;
  stdout: Buffer;
}

/** Runs `node box/commands/<program>` on a home. */
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
      env: { PATH: process.env.PATH, KEYSTORE_DATA: data, KEYSTORE_ENV: envFile, ...env },
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
