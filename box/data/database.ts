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
import { databaseFile } from '../../core/data-folder/layout.ts';
import { OperatorError } from '../operator-error.ts';
import { isBusy } from './busy.ts';

/** The files of one vault. */
export interface VaultFiles {
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

/** Finds a vault's files. `project` is the folder with migrations/. */
export function locateFiles(project: string, folder: string): VaultFiles {
  return {
    folder,
    file: databaseFile(folder),
    marker: join(folder, 'vault.json'),
    migrationsFolder: join(project, 'migrations'),
  };
}

/** Whether there is, or once was, a vault in the folder. */
export function holdsVault(files: VaultFiles): boolean {
  return existsSync(files.marker) || (existsSync(files.file) && statSync(files.file).size > 0);
}

/** Notes that the vault has been up, once. */
export function markVault(files: VaultFiles): void {
  if (existsSync(files.marker)) return;
  const note = { format: 1, created: new Date().toISOString() };
  const partial = `${files.marker}.partial`;
  writeFileSync(partial, `${JSON.stringify(note)}\n`);
  renameSync(partial, files.marker);
}

/**
 * Opens the database for this process alone, or makes a new one where there never was one.
 *
 * @throws OperatorError if it is missing, empty, damaged, no vault, or in use. Nothing is changed then.
 */
export function openDatabase(files: VaultFiles): DatabaseSync {
  const known = existsSync(files.marker);
  const size = existsSync(files.file) ? statSync(files.file).size : undefined;
  if (size === undefined && known) throw damaged(files, 'is missing, though this vault was in use before');
  if (size === 0 && known) throw damaged(files, 'is empty, though this vault was in use before');
  mkdirSync(dirname(files.file), { recursive: true });
  const database = new DatabaseSync(files.file, { timeout: busyTimeoutMs });
  try {
    chmodSync(files.file, 0o600);
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT');
    const found = database.prepare('PRAGMA quick_check(1)').get()?.quick_check;
    if (found !== 'ok') throw damaged(files, `is damaged (${String(found).replace(/\s+/g, ' ')})`);
    const tables = tableNames(database);
    const isVault = tables.includes('d1_migrations') || (!known && tables.length === 0);
    if (!isVault) throw damaged(files, 'is an SQLite database, but not a vault');
    return database;
  } catch (error) {
    database.close();
    if (error instanceof OperatorError) throw error;
    if (isBusy(error)) {
      throw new OperatorError(`${files.file} is in use by another process, perhaps one left over. Stop that first.`);
    }
    throw damaged(files, `cannot be read (${(error as Error).message})`);
  }
}

/** Whether nobody can sign in yet: no account exists and the vault was never up. */
export function isNewVault(files: VaultFiles, database: DatabaseSync): boolean {
  if (existsSync(files.marker)) return false;
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
 * @throws OperatorError if the database is newer than this program, or a migration fails; that one leaves nothing behind then.
 */
export async function migrate(files: VaultFiles, database: DatabaseSync): Promise<Migrated> {
  const names = readdirSync(files.migrationsFolder)
    .filter((name) => name.endsWith('.sql'))
    .sort(byCodeUnits);
  const done = appliedMigrations(database);
  const unknown = done.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw new OperatorError(
      `The vault in ${files.folder} was last used by a newer version of this program (it has ${unknown.join(', ')}). Start that version.`,
    );
  }
  const pending = names.filter((name) => !done.includes(name));
  const [first] = pending;
  if (first === undefined) return { applied: 0, copy: undefined };
  const copy = done.length > 0 ? await copyBefore(files, database, first) : undefined;
  database.exec(bookkeeping);
  for (const name of pending) apply(files, database, name, copy);
  return { applied: pending.length, copy };
}

function apply(files: VaultFiles, database: DatabaseSync, name: string, copy: string | undefined): void {
  const sql = readFileSync(join(files.migrationsFolder, name), 'utf8');
  try {
    database.exec('BEGIN IMMEDIATE');
    database.exec(sql);
    database.prepare('INSERT INTO "d1_migrations" (name) VALUES (?)').run(name);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    const kept = copy === undefined ? '' : ` A copy of the vault as it was is ${copy}.`;
    throw new OperatorError(`Migration ${name} failed and was undone: ${(error as Error).message}.${kept}`);
  }
}

/** A copy by SQLite's online backup, complete or not there at all. */
async function copyBefore(files: VaultFiles, database: DatabaseSync, migration: string): Promise<string> {
  const copy = join(files.folder, `before-upgrade-${migration.replace(/\.sql$/, '')}.db`);
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

function damaged(files: VaultFiles, what: string): OperatorError {
  return new OperatorError(
    `The database ${files.file} ${what}. Nothing was changed. Bring back a backup with HelperScripts/restore-data.sh FILE.`,
  );
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
