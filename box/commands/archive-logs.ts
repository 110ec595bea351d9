/**
 * For HelperScripts/archive-logs.sh, on a stopped vault. `node box/commands/archive-logs.ts write BEFORE` seals the log and writes the
 * events before a date to standard output, or nothing if there are none; `node box/commands/archive-logs.ts remove` deletes the events
 * that are in the archive on standard input, and lets the database shrink.
 */
import { createWriteStream, mkdtempDisposableSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { OperatorError } from '../../core/operator-error.ts';
import { sentences } from '../../core/settings/messages.ts';
import { archiveLines, planArchive, readBefore, removeArchived } from '../audit/archive-log.ts';
import { sealLog } from '../audit/seal-log.ts';
import { readKeyring } from '../data/check-database.ts';
import { migrate, openDatabase, requireVault } from '../data/database.ts';
import { lockDataFolder } from '../data/lock.ts';
import { type Desk, openDesk, runCommand, say } from './command.ts';

/** Seals the log to its end. */
async function seal({ lookup }: Desk, database: DatabaseSync): Promise<void> {
  const sealed = await sealLog(database, readKeyring(lookup), Date.now());
  if (!sealed) {
    throw new OperatorError(
      'The log of this vault was never sealed, so nothing can be archived. Start the vault and sign in; it seals its log within a minute.',
    );
  }
  if (sealed.problem)
    throw new OperatorError(
      `The log cannot be sealed, so nothing is archived: ${sealed.problem}. Run HelperScripts/verify-audit.sh.`,
    );
}

async function write(desk: Desk, database: DatabaseSync, before: number): Promise<void> {
  await seal(desk, database);
  const plan = planArchive(database, desk.files.migrationsFolder, before);
  if (!plan) {
    say('There is nothing to archive: no entry before that date is left, or only the newest one.');
    return;
  }
  // Some lines at a time: a stream has its price for each piece.
  await pipeline(Readable.from(inPieces(archiveLines(database, plan))), process.stdout, { end: false });
}

function* inPieces(lines: Iterable<string>): Generator<string> {
  let piece = '';
  for (const line of lines) {
    piece += line;
    if (piece.length < 64 * 1024) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

async function remove(desk: Desk, database: DatabaseSync): Promise<void> {
  using folder = mkdtempDisposableSync(join(desk.files.folder, 'incoming-'));
  const file = join(folder.path, 'archive.jsonl');
  await pipeline(process.stdin, createWriteStream(file, { flags: 'wx', mode: 0o600 }));
  const { from, to } = await removeArchived(database, readKeyring(desk.lookup), file, Date.now());
  say(`Deleted the log entries ${from} to ${to}, and kept their hashes.`);
  await seal(desk, database);
  shrink(desk, database, folder.path);
}

/** SQLite makes a copy in `folder` and then writes it over the database, so it needs room for both. */
function shrink({ files }: Desk, database: DatabaseSync, folder: string): void {
  const before = statSync(files.file).size;
  const pragma = (name: string) => Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
  const needed = 2 * (pragma('page_count') - pragma('freelist_count')) * pragma('page_size');
  const { bavail, bsize } = statfsSync(files.folder);
  if (bavail * bsize < needed) {
    say(
      `The file keeps its size: to shrink it takes ${megabytes(needed)} of free space. New entries use the space in it first.`,
    );
    return;
  }
  // Not /tmp, which is small in a container.
  process.env.SQLITE_TMPDIR = folder;
  database.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)');
  say(`The database shrank from ${megabytes(before)} to ${megabytes(statSync(files.file).size)}.`);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

async function main([what, date = '']: string[]): Promise<number> {
  if (what !== 'write' && what !== 'remove') throw new OperatorError('Use HelperScripts/archive-logs.sh.');
  const before = what === 'write' ? readBefore(date, Date.now()) : 0;
  const desk = openDesk();
  requireVault(desk.files);
  using _lock = lockDataFolder(desk.files.folder);
  using database = openDatabase(desk.files);
  const { copy } = await migrate(desk.files, database);
  if (copy !== undefined) say(sentences.databaseCopied(copy));
  if (what === 'write') await write(desk, database, before);
  else await remove(desk, database);
  return 0;
}

if (import.meta.main) await runCommand(main);
