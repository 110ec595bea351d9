import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { objectFile } from '../../core/data-folder/layout.ts';
import { OperatorError } from '../operator-error.ts';
import { isBusy } from './busy.ts';

/**
 * Holds a data folder for this process, until it ends in whatever way.
 *
 * The lock is SQLite's own on `vault.lock`, a lock of the kernel's: a kill -9 releases it, so none is ever stale, and it
 * holds between containers that share a volume, where process ids mean nothing. Readers are let in, to learn who holds it.
 *
 * @returns what releases it.
 * @throws OperatorError naming the process and the folder.
 */
export function lockDataFolder(folder: string): () => void {
  const file = join(folder, 'vault.lock');
  const lock = new DatabaseSync(file, { timeout: 200 });
  try {
    lock.exec('CREATE TABLE IF NOT EXISTS holder (pid INTEGER NOT NULL, since TEXT NOT NULL)');
    lock.exec('BEGIN IMMEDIATE; DELETE FROM holder');
    lock.prepare('INSERT INTO holder VALUES (?, ?)').run(process.pid, new Date().toISOString());
    lock.exec('COMMIT; BEGIN IMMEDIATE');
  } catch (error) {
    const holder = isBusy(error) ? readHolder(lock) : undefined;
    lock.close();
    if (!isBusy(error))
      throw new OperatorError(`${file} cannot be used: ${(error as Error).message}. Check the folder.`);
    throw new OperatorError(
      `The vault in ${folder} is in use by ${holder ?? 'another process'}. Stop that first, or set KEYSTORE_DATA to another folder.`,
    );
  }
  try {
    const standalone = lockOutStandalone(folder);
    return () => {
      standalone.close();
      lock.close();
    };
  } catch (error) {
    lock.close();
    throw error;
  }
}

/**
 * The standalone vault (standalone/lock.ts) cannot take a lock at a path of our choosing. It holds one of its own objects open,
 * for sharing; we hold that file for ourselves alone.
 */
function lockOutStandalone(folder: string): DatabaseSync {
  const file = objectFile(folder, 'standalone.lock', 'vault');
  mkdirSync(dirname(file), { recursive: true });
  const lock = new DatabaseSync(file, { timeout: 200 });
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    if (!isBusy(error))
      throw new OperatorError(`${file} cannot be used: ${(error as Error).message}. Check the folder.`);
    throw new OperatorError(
      `The vault in ${folder} is in use by the standalone runtime. Stop that first, or set KEYSTORE_DATA to another folder.`,
    );
  }
}

function readHolder(lock: DatabaseSync): string | undefined {
  try {
    const row = lock.prepare('SELECT pid, since FROM holder').get();
    return row && `process ${row.pid} (since ${row.since})`;
  } catch {
    return undefined;
  }
}
