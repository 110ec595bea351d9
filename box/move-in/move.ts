/** What the parts of a move-in share: the two databases, and the notes for the operator. */
import type { DatabaseSync } from 'node:sqlite';
import type { Keyring } from '../../core/crypto/keyring.ts';
import { parseTime } from './times.ts';

/** Rows per transaction. */
export const chunkRows = 5_000;

export interface Move {
  source: DatabaseSync;
  target: DatabaseSync;
  keyring: Keyring;
  /** The time of the move, in ms since 1970. */
  now: number;
  progress: (line: string) => void;
  /** Messages on what was changed: one line each. */
  notes: string[];
  /** Messages on what was not moved: one line each. */
  losses: string[];
  /** The ids of the accounts that moved, with their names now. */
  owners: Map<number, string>;
}

/** Parses a stored time; uses `otherwise`, and says so in a note, if it is not readable. */
export function timeOf(move: Move, stored: unknown, whose: string, otherwise: number): number {
  const time = parseTime(stored);
  if (time === null) move.notes.push(`${whose} had no readable date of creation.`);
  return time ?? otherwise;
}

/**
 * Writes rows in transactions of `chunkRows`, which bounds memory and SQLite's journal.
 *
 * @returns the number of rows.
 */
export function inChunks<Row>(
  target: DatabaseSync,
  rows: Iterable<Row>,
  write: (row: Row, done: number) => void,
): number {
  let done = 0;
  target.exec('BEGIN');
  for (const row of rows) {
    done++;
    write(row, done);
    if (done % chunkRows === 0) target.exec('COMMIT; BEGIN');
  }
  target.exec('COMMIT');
  return done;
}
