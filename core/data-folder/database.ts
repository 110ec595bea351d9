/** When a database may be used: its file, whether it is a vault's, and its migrations. The same rules in both runtimes. */

import { OperatorError } from '../operator-error.ts';

/** What both runtimes have of SQLite: node:sqlite in box/, the storage of a Durable Object in standalone/. */
export interface Sql {
  /** Runs one statement. */
  rows(sql: string, ...values: (string | number)[]): Record<string, unknown>[];
  /** Runs any number of statements. */
  exec(sql: string): void;
  /** Runs `work` in one transaction, which is rolled back if `work` throws. */
  transaction(work: () => void): void;
}

export interface Migration {
  /** The name of its file, such as `0002_users.sql`. */
  name: string;
  sql: string;
}

/** What is known before a database is opened. */
export interface DatabaseState {
  file: string;
  /** In bytes; undefined if there is no file. */
  size: number | undefined;
  /** Whether the folder's marker says that the vault has been up before. */
  isKnown: boolean;
}

const restoreAdvice = 'Restore a backup with HelperScripts/restore-data.sh FILE.';

/** The error for a database that cannot be used as it is. */
export function unusableDatabase(file: string, problem: string, advice = restoreAdvice): OperatorError {
  return new OperatorError(`The database ${file} ${problem}. Nothing was changed. ${advice}`);
}

/** The error for a database beside the write-ahead log of another one. */
export function replacedDatabase(file: string): OperatorError {
  return unusableDatabase(
    file,
    `was replaced while the log of the database before it, ${file}-wal, stayed; opening it would undo the replacement`,
    'To use a backup, move it elsewhere and run HelperScripts/restore-data.sh FILE, which replaces both. To use this file as it is, remove the log and -shm beside it.',
  );
}

/** Whether there is, or once was, a vault. */
export function holdsVault({ size = 0, isKnown }: Omit<DatabaseState, 'file'>): boolean {
  return isKnown || size > 0;
}

/** @throws OperatorError if the database is lost: the vault has been up, and its file is missing or empty. */
export function checkNotLost({ file, size, isKnown }: DatabaseState): void {
  if (isKnown && size === undefined) throw unusableDatabase(file, 'is missing, though this vault was in use before');
  if (isKnown && size === 0) throw unusableDatabase(file, 'is empty, though this vault was in use before');
}

/** @throws OperatorError if SQLite finds the file damaged. Reads all of it. */
export function checkWhole(sql: Sql, file: string): void {
  const found = String(sql.rows('PRAGMA quick_check(1)')[0]?.quick_check);
  if (found !== 'ok') throw unusableDatabase(file, `is damaged (${found.replace(/\s+/g, ' ')})`);
}

/** @throws OperatorError if the database has tables of something else, or none although the vault has been up. */
export function checkIsVault(sql: Sql, { file, isKnown }: Omit<DatabaseState, 'size'>): void {
  const tables = tableNames(sql);
  const isVault = tables.includes('d1_migrations') || (!isKnown && tables.length === 0);
  if (!isVault) throw unusableDatabase(file, 'is an SQLite database, but not a vault');
}

/** Whether no one can sign in yet: there is no account, and the vault has never been up. */
export function isNewVault(sql: Sql, isKnown: boolean): boolean {
  if (isKnown) return false;
  return !tableNames(sql).includes('users') || sql.rows('SELECT 1 FROM users LIMIT 1').length === 0;
}

/** The names of the applied migrations, in their order. */
export function appliedMigrations(sql: Sql): string[] {
  if (!tableNames(sql).includes('d1_migrations')) return [];
  return sql.rows('SELECT name FROM "d1_migrations" ORDER BY id').map(({ name }) => String(name));
}

/**
 * Compares the applied migrations with the known ones.
 *
 * @returns the pending migrations, and whether this is an upgrade. The database is copied before an upgrade.
 * @throws OperatorError if a migration is applied that this version does not know.
 */
export function pendingMigrations(
  sql: Sql,
  file: string,
  migrations: readonly Migration[],
): { pending: Migration[]; isUpgrade: boolean } {
  const applied = appliedMigrations(sql);
  const unknown = applied.filter((name) => !migrations.some((migration) => migration.name === name));
  if (unknown.length > 0) {
    const problem = `was last used by a newer version of this program (it has ${unknown.join(', ')})`;
    throw unusableDatabase(file, problem, 'Start that version.');
  }
  const pending = migrations.filter(({ name }) => !applied.includes(name));
  return { pending, isUpgrade: applied.length > 0 && pending.length > 0 };
}

/** wrangler's own bookkeeping, to the letter, so that `wrangler d1 migrations` agrees. */
const bookkeeping = `CREATE TABLE IF NOT EXISTS "d1_migrations"(
		id         INTEGER PRIMARY KEY AUTOINCREMENT,
		name       TEXT UNIQUE,
		applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
);`;

/**
 * Applies migrations in order, each in its own transaction.
 *
 * @param copy the file with the database as it was before, for the error.
 * @throws OperatorError if one fails. That one is rolled back; those before it stay.
 */
export function applyMigrations(sql: Sql, pending: readonly Migration[], copy?: string): void {
  for (const { name, sql: text } of pending) {
    try {
      sql.transaction(() => {
        sql.exec(bookkeeping);
        sql.exec(text);
        sql.rows('INSERT INTO "d1_migrations" (name) VALUES (?)', name);
      });
    } catch (error) {
      const kept = copy === undefined ? '' : ` A copy of the database as it was before is ${copy}.`;
      throw new OperatorError(`The migration ${name} failed and was rolled back: ${(error as Error).message}.${kept}`);
    }
  }
}

/** All tables but SQLite's own and the runtime's. */
function tableNames(sql: Sql): string[] {
  const rows = sql.rows("SELECT name FROM sqlite_schema WHERE type = 'table'");
  return rows.map(({ name }) => String(name)).filter((name) => !/^(?:sqlite_|_cf_)/.test(name));
}
