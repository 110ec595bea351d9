import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { objectFile } from '../../core/data-folder/layout.ts';
import { Refusal } from '../refusal.ts';
import { isBusy } from './busy.ts';
import { databaseId } from './wrangler-config.ts';

/** The files of one vault. */
export interface Vault {
  folder: string;
  /** The database: where `wrangler dev --persist-to <folder>` keeps it. */
  file: string;
  /** Present once the vault has been up: from then on a missing database is a loss, not a beginning. */
  marker: string;
  migrationsFolder: string;
}

/** What is left of a runtime that was killed takes a moment to end. */
const busyTimeoutMs = 5_000;

/** wrangler's own bookkeeping, to the letter, so that `wrangler d1 migrations` agrees with us. */
const bookkeeping = `CREATE TABLE IF NOT EXISTS "d1_migrations"(
		id         INTEGER PRIMARY KEY AUTOINCREMENT,
		name       TEXT UNIQUE,
		applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
);`;

/** Finds a vault's files. `project` is the folder with wrangler.toml and migrations/. */
export function locateVault(project: string, folder: string): Vault {
  const id = databaseId(readFileSync(join(project, 'wrangler.toml'), 'utf8'));
  return {
    folder,
    file: objectFile(folder, 'miniflare-D1DatabaseObject', id),
    marker: join(folder, 'vault.json'),
    migrationsFolder: join(project, 'migrations'),
  };
}

/** Whether there is, or once was, a vault in the folder. */
export function holdsVault(vault: Vault): boolean {
  return existsSync(vault.marker) || (existsSync(vault.file) && statSync(vault.file).size > 0);
}

/** Notes that the vault has been up, once. */
export function markVault(vault: Vault): void {
  if (existsSync(vault.marker)) return;
  const note = { format: 1, created: new Date().toISOString() };
  const partial = `${vault.marker}.partial`;
  writeFileSync(partial, `${JSON.stringify(note)}\n`);
  renameSync(partial, vault.marker);
}

/**
 * Opens the database for this process alone, or makes a new one where there never was one.
 *
 * @throws Refusal if it is missing, empty, damaged, no vault, or in use. Nothing is changed then.
 */
export function openDatabase(vault: Vault): DatabaseSync {
  const known = existsSync(vault.marker);
  const size = existsSync(vault.file) ? statSync(vault.file).size : undefined;
  if (size === undefined && known) throw damaged(vault, 'is missing, though this vault was in use before');
  if (size === 0 && known) throw damaged(vault, 'is empty, though this vault was in use before');
  mkdirSync(dirname(vault.file), { recursive: true });
  const database = new DatabaseSync(vault.file, { timeout: busyTimeoutMs });
  try {
    chmodSync(vault.file, 0o600);
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT');
    const found = database.prepare('PRAGMA quick_check(1)').get()?.quick_check;
    if (found !== 'ok') throw damaged(vault, `is damaged (${String(found).replace(/\s+/g, ' ')})`);
    const tables = tableNames(database);
    const isVault = tables.includes('d1_migrations') || (!known && tables.length === 0);
    if (!isVault) throw damaged(vault, 'is an SQLite database, but not a vault');
    return database;
  } catch (error) {
    database.close();
    if (error instanceof Refusal) throw error;
    if (isBusy(error)) {
      throw new Refusal(`${vault.file} is in use by another process, perhaps one left over. Stop that first.`);
    }
    throw damaged(vault, `cannot be read (${(error as Error).message})`);
  }
}

/** Whether nobody can sign in yet: no account exists and the vault was never up. */
export function isNewVault(vault: Vault, database: DatabaseSync): boolean {
  if (existsSync(vault.marker)) return false;
  if (!tableNames(database).includes('users')) return true;
  return database.prepare('SELECT 1 FROM users LIMIT 1').get() === undefined;
}

/** What `migrate` did: how many migrations, and the copy made of what was there before, if anything was. */
export interface Migrated {
  applied: number;
  copy: string | undefined;
}

/**
 * Applies the migrations that are not applied yet, each in a transaction of its own, in order. What a database held
 * before is first copied to `before-upgrade-<migration>.db` in the data folder.
 *
 * @throws Refusal if the database is newer than this program, or a migration fails; that one leaves nothing behind then.
 */
export async function migrate(vault: Vault, database: DatabaseSync): Promise<Migrated> {
  const names = readdirSync(vault.migrationsFolder)
    .filter((name) => name.endsWith('.sql'))
    .sort(byCodeUnits);
  const done = appliedMigrations(database);
  const unknown = done.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw new Refusal(
      `The vault in ${vault.folder} was last used by a newer version of this program (it has ${unknown.join(', ')}). Start that version.`,
    );
  }
  const pending = names.filter((name) => !done.includes(name));
  const [first] = pending;
  if (first === undefined) return { applied: 0, copy: undefined };
  const copy = done.length > 0 ? await copyBefore(vault, database, first) : undefined;
  database.exec(bookkeeping);
  for (const name of pending) apply(vault, database, name, copy);
  return { applied: pending.length, copy };
}

function apply(vault: Vault, database: DatabaseSync, name: string, copy: string | undefined): void {
  const sql = readFileSync(join(vault.migrationsFolder, name), 'utf8');
  try {
    database.exec('BEGIN IMMEDIATE');
    database.exec(sql);
    database.prepare('INSERT INTO "d1_migrations" (name) VALUES (?)').run(name);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    const kept = copy === undefined ? '' : ` A copy of the vault as it was is ${copy}.`;
    throw new Refusal(`Migration ${name} failed and was undone: ${(error as Error).message}.${kept}`);
  }
}

/** A copy by SQLite's online backup, complete or not there at all. */
async function copyBefore(vault: Vault, database: DatabaseSync, migration: string): Promise<string> {
  const copy = join(vault.folder, `before-upgrade-${migration.replace(/\.sql$/, '')}.db`);
  const partial = `${copy}.partial`;
  rmSync(partial, { force: true });
  await backup(database, partial);
  chmodSync(partial, 0o600);
  renameSync(partial, copy);
  return copy;
}

function appliedMigrations(database: DatabaseSync): string[] {
  if (!tableNames(database).includes('d1_migrations')) return [];
  return database
    .prepare('SELECT name FROM "d1_migrations" ORDER BY id')
    .all()
    .map(({ name }) => String(name));
}

/** All tables but SQLite's own and the runtime's. */
function tableNames(database: DatabaseSync): string[] {
  const rows = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  return rows.map(({ name }) => String(name)).filter((name) => !/^(?:sqlite_|_cf_)/.test(name));
}

function damaged(vault: Vault, what: string): Refusal {
  return new Refusal(
    `The database ${vault.file} ${what}. Nothing was changed. Bring back a backup with HelperScripts/restore-data.sh FILE.`,
  );
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
