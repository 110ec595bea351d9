/** Makes sure that one process at a time uses a data folder. */

import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { otherFiles, standaloneLockFile } from '../../core/data-folder/layout.ts';
import { OperatorError } from '../../core/operator-error.ts';
import { sentences } from '../../core/settings/messages.ts';

/** A process that ends at this moment releases its lock within this time. */
const busyTimeoutMs = 200;

/**
 * Locks a data folder for this process, until it ends in any way.
 *
 * It is SQLite's lock on `vault.lock`, a lock of the kernel: a kill -9 releases it, so it is never stale, and it holds between
 * containers that share a volume, where process ids mean nothing. Others may read the file, to learn who holds it.
 *
 * @returns the lock, which `dispose` releases.
 * @throws OperatorError naming the folder and the process that holds it.
 */
export function lockDataFolder(folder: string): DisposableStack {
  const file = join(folder, otherFiles.lock);
  using held = new DisposableStack();
  const lock = hold(file, folder, readHolder, (database) => {
    database.exec('CREATE TABLE IF NOT EXISTS holder (pid INTEGER NOT NULL, since TEXT NOT NULL)');
    database.exec('BEGIN IMMEDIATE; DELETE FROM holder');
    database.prepare('INSERT INTO holder VALUES (?, ?)').run(process.pid, new Date().toISOString());
    database.exec('COMMIT; BEGIN IMMEDIATE');
  });
  held.use(lock);
  held.use(lockOutStandalone(folder));
  return held.move();
}

/**
 * The standalone vault cannot lock a file of our choice. It keeps one of its own objects open (standalone/lock.ts), which
 * locks that object's file for sharing; here the same file is locked exclusively.
 */
function lockOutStandalone(folder: string): DatabaseSync {
  const file = standaloneLockFile(folder);
  mkdirSync(dirname(file), { recursive: true });
  return hold(
    file,
    folder,
    () => 'the standalone runtime',
    (database) => database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE'),
  );
}

function hold(
  file: string,
  folder: string,
  holder: (database: DatabaseSync) => string,
  lock: (database: DatabaseSync) => void,
): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs });
  try {
    lock(database);
    return database;
  } catch (error) {
    const problem = isBusy(error)
      ? sentences.folderInUse(folder, holder(database))
      : `${file} cannot be used: ${(error as Error).message}. Check the folder.`;
    database.close();
    throw new OperatorError(problem);
  }
}

function readHolder(lock: DatabaseSync): string {
  try {
    const row = lock.prepare('SELECT pid, since FROM holder').get();
    if (row) return `process ${row.pid} (since ${row.since})`;
  } catch {
    // The holder writes to it at this moment.
  }
  return 'another process';
}

/** Whether SQLite failed because another process has locked the database (SQLITE_BUSY). */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5;
}
