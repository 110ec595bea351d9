/**
 * Opens a database to look at its log. No byte beside or in it changes: SQLite alone would make a `-shm` file, and read the write-ahead
 * log into the database. So a database with a log of either kind beside it is copied first, with that log.
 */
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  mkdtempDisposableSync,
  openSync,
  readSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { OperatorError } from '../../core/operator-error.ts';

const inUse =
  'The database was written to meanwhile, so a vault uses it. Stop the vault, or make a backup with HelperScripts/backup-data.sh and verify that.';

/** What SQLite may leave beside a database whose process was killed. */
const parts = ['', '-wal', '-journal'];

/** A database to read, and a way to find out whether it stayed the same. */
export interface OpenLog extends Disposable {
  database: DatabaseSync;
  /** @throws OperatorError if the file has changed since it was opened. */
  checkUnchanged(): void;
}

/**
 * Opens a backup, or the database of a stopped vault.
 *
 * @throws OperatorError if it is no SQLite database, cannot be read, or is in use.
 */
export function openLog(file: string): OpenLog {
  if (!isDatabase(file)) throw new OperatorError(`${file} is not a SQLite database.`);
  using held = new DisposableStack();
  const before = stateOf(file);
  const checkUnchanged = () => {
    if (stateOf(file) !== before) throw new OperatorError(inUse);
  };
  const isAlone = parts.slice(1).every((part) => sizeOf(file + part) === 0);
  const database = isAlone ? openUnchanging(file) : openCopy(file, held, checkUnchanged);
  held.use(database);
  const kept = held.move();
  return { database, checkUnchanged, [Symbol.dispose]: () => kept.dispose() };
}

/** With `immutable`, SQLite takes no lock and makes no file. */
function openUnchanging(file: string): DatabaseSync {
  const url = pathToFileURL(resolve(file));
  url.searchParams.set('immutable', '1');
  return new DatabaseSync(url, { readOnly: true });
}

function openCopy(file: string, held: DisposableStack, checkUnchanged: () => void): DatabaseSync {
  const folder = held.use(mkdtempDisposableSync(join(tmpdir(), 'keystore-log-')));
  const copy = join(folder.path, 'copy.db');
  try {
    for (const part of parts) {
      if (existsSync(file + part)) copyFileSync(file + part, copy + part, constants.COPYFILE_FICLONE);
    }
  } catch (error) {
    throw new OperatorError(
      `There is a write-ahead log beside the database, so it is copied to ${tmpdir()} to be read, and that failed: ${(error as Error).message}. TMPDIR names another folder.`,
    );
  }
  checkUnchanged();
  return new DatabaseSync(copy);
}

function isDatabase(file: string): boolean {
  const magic = Buffer.alloc(16);
  try {
    const descriptor = openSync(file, 'r');
    try {
      readSync(descriptor, magic);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw new OperatorError(`${file} cannot be read: ${(error as Error).message}.`);
  }
  return magic.toString('latin1') === 'SQLite format 3\0';
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** Differs whenever one of the files was written to. */
function stateOf(file: string): string {
  return parts
    .map((part) => statSync(file + part, { throwIfNoEntry: false, bigint: true }))
    .map((stat) => (stat ? `${stat.ino} ${stat.size} ${stat.mtimeNs}` : 'none'))
    .join(', ');
}
