/**
 * Moves events out of the log of a stopped vault, in two steps: `archiveLines` writes them, and `removeArchived` deletes them once the file
 * is in a safe place. Their hashes stay, so that proofs and sealing go on. Between the steps nothing is lost, whatever happens.
 */
import type { DatabaseSync } from 'node:sqlite';
import { leafOf } from '../../core/audit/leaf.ts';
import { removeEvents } from '../../core/audit/removal.ts';
import { type StoredLogKey, signRemoval } from '../../core/audit/signing.ts';
import { consistencyRanges, type Hash, hashOfRange, type StoredHashes, tileWidth } from '../../core/audit/tree.ts';
import { base64, fromUtf8 } from '../../core/crypto/encoding.ts';
import type { Keyring } from '../../core/crypto/keyring.ts';
import { recordOperatorAct } from '../../core/data-folder/operator-acts.ts';
import { proxySearchMs } from '../../core/limits.ts';
import { OperatorError } from '../../core/operator-error.ts';
import { sqlOf } from '../data/database.ts';
import { type ArchiveEnd, type ArchiveHead, archiveFormat, verifyArchive } from './archive-file.ts';
import { subtreesOf } from './compact-range.ts';
import { headline } from './findings.ts';
import { isSame, noHash } from './hashing.ts';
import { StoredLog } from './stored-log.ts';
import { verifyLog } from './verify-log.ts';

/** The events that go, by their ids. */
export interface ArchivePlan {
  from: number;
  to: number;
  key: string;
}

/**
 * Reads `--before`: a date such as 2026-01-31, which begins at midnight in UTC, or a time such as 2026-01-31T12:00:00Z.
 *
 * @returns milliseconds since 1970.
 * @throws OperatorError if it is neither, or so late that the vault still reads the events before it.
 */
export function readBefore(text: string, now: number): number {
  const isTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z)?$/.test(text);
  const time = isTime ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new OperatorError('--before needs a date, as in: --before 2026-01-31');
  if (time <= now - proxySearchMs) return time;
  throw new OperatorError(
    `--before must be at least ${proxySearchMs / 86_400_000} days ago: the vault still reads the newest entries itself.`,
  );
}

/**
 * Plans what goes: the events before the first one that is not older than `before`. The newest event always stays, since the next one gets
 * the number after it.
 *
 * @returns null if there is nothing to archive.
 * @throws OperatorError if the log does not verify, or is not sealed that far.
 */
export function planArchive(database: DatabaseSync, migrationsFolder: string, before: number): ArchivePlan | null {
  const verdict = verifyLog(database, migrationsFolder, { key: null, notes: [] });
  if ('finding' in verdict) {
    throw new OperatorError(
      `The log does not verify, so nothing is archived. ${headline(verdict.finding)}: ${verdict.finding.detail}`,
    );
  }
  const { archived, size, key } = verdict.verified;
  const number = (sql: string, ...values: number[]) => Number(database.prepare(sql).get(...values)?.n ?? 0);
  const newest = number('SELECT max(id) AS n FROM audit_events');
  const kept = number('SELECT min(id) AS n FROM audit_events WHERE at >= ?', before);
  const to = Math.min((kept || newest) - 1, newest - 1);
  if (to <= archived) return null;
  if (to > size)
    throw new OperatorError(
      `Only the first ${size} events are sealed, and up to ${to} would be archived. Nothing was changed.`,
    );
  return { from: archived + 1, to, key };
}

/** The lines of the archive, each with its line feed. */
export function* archiveLines(database: DatabaseSync, { from, to, key }: ArchivePlan): Generator<string> {
  const log = new StoredLog(database);
  const stored = storedHashes(log);
  const tree = log.tree();
  const text = (range: { from: number; to: number }) => base64(hashOfRange(range, stored));
  const head: ArchiveHead = { archive: archiveFormat, key, from, to, before: subtreesOf(from - 1).map(text) };
  yield `${JSON.stringify(head)}\n`;
  for (const { row } of log.events(from, to)) yield `${fromUtf8(leafOf(row ?? {}))}\n`;
  const after = consistencyRanges(to, tree?.size ?? 0).map(text);
  const end: ArchiveEnd = { after, checkpoint: tree?.checkpoint ?? '' };
  yield `${JSON.stringify(end)}\n`;
}

/**
 * Deletes the events that an archive file holds.
 *
 * @throws OperatorError if the file does not verify, does not continue what is archived already, or is of another log. Nothing is changed
 *   then.
 * @throws SealedValueError if the signing key does not open.
 */
export async function removeArchived(
  database: DatabaseSync,
  keyring: Keyring,
  file: string,
  now: number,
): Promise<ArchivePlan> {
  const log = new StoredLog(database);
  const tree = log.tree();
  if (!tree) throw new OperatorError('Nothing of this log is sealed. Nothing was deleted.');
  const stored = storedHashes(log);
  const verdict = verifyArchive(file, null, (id) => (id <= tree.size ? stored(0, id - 1) : noHash));
  if ('finding' in verdict)
    throw new OperatorError(
      `The archive does not verify. ${headline(verdict.finding)}: ${verdict.finding.detail} Nothing was deleted.`,
    );
  const { from, to, key, root } = verdict.archive;
  const isOfThisLog = key.name === tree.origin && isSame(hashOfPrefix(to, stored), root);
  const { highest } = log.census(0);
  if (!isOfThisLog || from !== tree.archived + 1 || to > tree.size || to >= highest) {
    throw new OperatorError(
      `The archive holds the events ${from} to ${to}, and that is not what can go next. Nothing was deleted.`,
    );
  }
  const logKey = database.prepare('SELECT * FROM log_tree').get() as unknown as StoredLogKey;
  const { target, reason } = await signRemoval(keyring, logKey, { action: 'log.archive', from, to, why: '' });
  const sql = sqlOf(database);
  sql.transaction(() => {
    recordOperatorAct(sql, 'log.archive', target, now, reason);
    sql.rows('UPDATE log_tree SET archived = ?', to);
    for (const text of removeEvents) sql.rows(text);
  });
  return { from, to, key: '' };
}

function hashOfPrefix(size: number, stored: StoredHashes): Hash {
  return hashOfRange({ from: 0, to: size }, stored);
}

/** Reads stored hashes; keeps the last tile, since leaves are asked for one after the other. */
function storedHashes(log: StoredLog): StoredHashes {
  let last = { name: '', hashes: [] as Buffer[] };
  return (level, place) => {
    const number = Math.floor(place / tileWidth);
    const name = `${level}/${number}`;
    if (last.name !== name) last = { name, hashes: log.tile(level, number) };
    return last.hashes[place % tileWidth] ?? noHash;
  };
}
