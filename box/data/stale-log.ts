/** Refuses a database file beside the write-ahead log of another one: a backup that was put there by hand. */
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { replacedDatabase } from '../../core/data-folder/database.ts';
import {
  databaseHeaderBytes,
  indexHeaderBytes,
  isOfAnother,
  isWithoutLog,
  type LogContents,
  readLog,
} from '../../core/data-folder/stale-log.ts';

/** Copying a whole folder, or giving it to another user, changes its files one after another within this time. */
const oneMomentMs = 1_000;

/**
 * Checks the files of a database before SQLite opens them.
 *
 * @param isInUse whether another process may have it open. Only what does not change then is compared.
 * @throws OperatorError if the log beside the database is not its own. Nothing is changed then.
 */
export function checkLogIsOwn(file: string, isInUse = false): void {
  const logFile = `${file}-wal`;
  if (!existsSync(file) || !existsSync(logFile)) return;
  const header = readBytes(file, 0, databaseHeaderBytes);
  if (header.length === 0) return;
  const log = readLog(readFileSync(logFile));
  if (log === undefined) return;
  const isOther = !isInUse && isChangedLater(file, logFile) && isDifferent(file, log);
  if (isWithoutLog(header) || isOther) throw replacedDatabase(file);
}

/** Whether the file was changed after its log, other than by copying both. */
function isChangedLater(file: string, logFile: string): boolean {
  const log = statSync(logFile);
  // A log that grew is older than its last change. A copy is not.
  const isCopied = log.birthtimeMs > 0 && log.birthtimeMs >= log.mtimeMs - 50;
  const changed = (stats: { mtimeMs: number; ctimeMs: number }) => Math.max(stats.mtimeMs, stats.ctimeMs);
  return !isCopied && changed(statSync(file)) > changed(log) + oneMomentMs;
}

function isDifferent(file: string, log: LogContents): boolean {
  const pageOf = (page: number, bytes: number) => readBytes(file, (page - 1) * bytes, bytes);
  const indexFile = `${file}-shm`;
  return isOfAnother(log, pageOf, existsSync(indexFile) ? readBytes(indexFile, 0, indexHeaderBytes) : undefined);
}

function readBytes(file: string, at: number, bytes: number): Uint8Array {
  const descriptor = openSync(file, 'r');
  try {
    const buffer = new Uint8Array(bytes);
    return buffer.subarray(0, readSync(descriptor, buffer, 0, bytes, at));
  } finally {
    closeSync(descriptor);
  }
}
