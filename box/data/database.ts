/** The database of a vault on this machine: found, opened by one process alone, and migrated. The rules are in core/data-folder. */

import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import * as rules from '../../core/data-folder/database.ts';
import { beforeUpgradeFile, markerText, type VaultPaths, vaultPaths } from '../../core/data-folder/layout.ts';
import { OperatorError } from '../../core/operator-error.ts';
import { writeDurably } from './durable.ts';
import { isBusy } from './lock.ts';
import { checkLogIsOwn } from './stale-log.ts';

/** The files of one vault. */
export interface VaultFiles extends VaultPaths {
  migrationsFolder: string;
}

/** A runtime that was killed takes a moment to end and to release the database. */
const busyTimeoutMs = 5_000;

/** Finds a vault's files. `project` is the folder with migrations/. */
export function locateFiles(project: string, folder: string): VaultFiles {
  return { ...vaultPaths(folder), migrationsFolder: join(project, 'migrations') };
}

/** Whether there is, or once was, a vault in the folder. */
export function holdsVault(files: VaultFiles): boolean {
  return rules.holdsVault(stateOf(files));
}

/** @throws OperatorError if there is no vault in the folder, or its database is missing. */
export function requireVault(files: VaultFiles): void {
  const state = stateOf(files);
  rules.checkNotLost(state);
  checkLogIsOwn(files.file, true);
  if (rules.holdsVault(state)) return;
  throw new OperatorError(
    `There is no vault in ${files.folder} yet. Start it first: npm start or HelperScripts/build-and-run.sh`,
  );
}

/** Notes, once, that the vault has been up. */
export function markVault(files: VaultFiles): void {
  if (existsSync(files.marker)) return;
  writeDurably(files.marker, markerText(new Date()));
}

/**
 * Opens the database for this process alone, or makes a new one where there never was one.
 *
 * @throws OperatorError if it is missing, empty, damaged, not a vault, or in use. Nothing is changed then.
 */
export function openDatabase(files: VaultFiles): DatabaseSync {
  const { file } = files;
  const state = stateOf(files);
  rules.checkNotLost(state);
  checkLogIsOwn(file);
  mkdirSync(dirname(file), { recursive: true });
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs });
  try {
    // Not if it is private already: checkLogIsOwn reads when the file was changed.
    if ((statSync(file).mode & 0o777) !== 0o600) chmodSync(file, 0o600);
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT');
    rules.checkWhole(sqlOf(database), file);
    rules.checkIsVault(sqlOf(database), state);
    return database;
  } catch (error) {
    database.close();
    if (error instanceof OperatorError) throw error;
    if (isBusy(error)) {
      throw new OperatorError(
        `The database ${file} is in use by another process, perhaps one left over from an earlier start. Stop it first.`,
      );
    }
    throw rules.unusableDatabase(file, `cannot be read (${(error as Error).message})`);
  }
}

/** Whether no one can sign in yet: there is no account, and the vault has never been up. */
export function isNewVault(files: VaultFiles, database: DatabaseSync): boolean {
  return rules.isNewVault(sqlOf(database), existsSync(files.marker));
}

/**
 * Applies the migrations that are not applied yet, each in its own transaction, in order. Before an upgrade, the database is
 * copied to `before-upgrade-<migration>.db` in the data folder.
 *
 * @returns how many were applied, and the copy of the database as it was before, if it held anything.
 * @throws OperatorError if the database is newer than this program, or a migration fails; that one is rolled back.
 */
export async function migrate(files: VaultFiles, database: DatabaseSync) {
  const sql = sqlOf(database);
  const { pending, isUpgrade } = rules.pendingMigrations(sql, files.file, readMigrations(files.migrationsFolder));
  const copy = isUpgrade ? await copyBefore(files, database, pending[0]?.name ?? '') : undefined;
  rules.applyMigrations(sql, pending, copy);
  return { applied: pending.length, copy };
}

/** The migrations of a folder, in the order in which they are applied. */
export function readMigrations(folder: string): rules.Migration[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.sql'));
  return names.sort().map((name) => ({ name, sql: readFileSync(join(folder, name), 'utf8') }));
}

/** Copies by SQLite's online backup. The copy is complete, or not there at all. */
async function copyBefore(files: VaultFiles, database: DatabaseSync, migration: string): Promise<string> {
  const copy = beforeUpgradeFile(files.folder, migration);
  const partial = `${copy}.partial`;
  rmSync(partial, { force: true });
  await backup(database, partial);
  chmodSync(partial, 0o600);
  renameSync(partial, copy);
  return copy;
}

function stateOf({ file, marker }: VaultFiles): rules.DatabaseState {
  return { file, size: existsSync(file) ? statSync(file).size : undefined, isKnown: existsSync(marker) };
}

/** A database as the rules see it. */
export function sqlOf(database: DatabaseSync): rules.Sql {
  return {
    rows: (sql, ...values) => database.prepare(sql).all(...values),
    exec: (sql) => database.exec(sql),
    transaction: (work) => {
      database.exec('BEGIN IMMEDIATE');
      try {
        work();
        database.exec('COMMIT');
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    },
  };
}
