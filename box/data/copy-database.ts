/** Copies of a database that are consistent and consist of one file, without a write-ahead log beside it. */
import { backup, DatabaseSync } from 'node:sqlite';
import { copyBusyTimeoutMs, foldBusyTimeoutMs } from '../../core/limits.ts';

/** Copies a database with SQLite's online backup, which is consistent even while other processes write. */
export async function copyDatabase(from: string, to: string): Promise<void> {
  using source = new DatabaseSync(from, { timeout: copyBusyTimeoutMs });
  // All pages in one step: between steps, a write by another process would restart the copy.
  await backup(source, to, { rate: 2 ** 31 - 1 });
  foldIntoOneFile(to);
}

/**
 * Moves the write-ahead log of a stopped vault into its database, so that the file alone is the vault. Leaves everything as
 * it is if that fails: the next start reads the log.
 */
export function settleLog(file: string): void {
  try {
    // SQLite removes the log with the last connection.
    using database = new DatabaseSync(file, { timeout: foldBusyTimeoutMs });
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // It does not matter why, because nothing is lost.
  }
}

/** Moves the write-ahead log into the database file and removes it. No other process may have the database open. */
export function foldIntoOneFile(file: string): void {
  using database = new DatabaseSync(file, { timeout: foldBusyTimeoutMs });
  database.exec('PRAGMA journal_mode = DELETE');
}
