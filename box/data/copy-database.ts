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

/** Moves the write-ahead log into the database file and removes it. No other process may have the database open. */
export function foldIntoOneFile(file: string): void {
  using database = new DatabaseSync(file, { timeout: foldBusyTimeoutMs });
  database.exec('PRAGMA journal_mode = DELETE');
}
