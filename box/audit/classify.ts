/** Says how an event is wrong whose true hash is known: by looking for it, and for what stands in its place, among the others. */
import { type Hash, tileWidth } from '../../core/audit/tree.ts';
import { aboutEvents, type Finding } from './findings.ts';
import { hashOfEvent, isSame, type Row } from './hashing.ts';
import type { StoredLog } from './stored-log.ts';

/**
 * Compares the event `id` with all others, which reads the log twice at most.
 *
 * @param hash the hash that was sealed for it.
 */
export function classify(log: StoredLog, id: number, hash: Hash, size: number): Finding {
  const found = log.event(id);
  if (!found) return missing(log, id, size);
  const movedTo = findEvent(log, id, hash);
  const comesFrom = found.row && findOrigin(log, found.row, size);
  if (movedTo !== null && comesFrom === null) {
    return aboutEvents(
      'added',
      id,
      id,
      `It was never sealed. The event that was sealed under this number is now number ${movedTo}.`,
    );
  }
  if (movedTo !== null) {
    return aboutEvents(
      'reordered',
      id,
      id,
      `It was sealed as event ${comesFrom}, and what was sealed as event ${id} is now number ${movedTo}.`,
    );
  }
  if (comesFrom !== null && !isInPlace(log, comesFrom)) {
    return aboutEvents(
      'missing',
      id,
      id,
      `The event that was sealed under this number is gone. In its place is what was sealed as event ${comesFrom}.`,
    );
  }
  return aboutEvents('edited', id, id, 'It is not the event that was sealed under this number.');
}

/** An event without a row, and those that follow without one. */
export function missing(log: StoredLog, id: number, size: number): Finding {
  const { highest } = log.census(0);
  if (highest < id) {
    return aboutEvents('truncated', id, size, `The log ends with event ${highest}, but ${size} events were sealed.`);
  }
  let last = id;
  while (last < size && !log.event(last + 1)) last += 1;
  const detail =
    last > id ? 'They were sealed, and are not in the database.' : 'It was sealed, and is not in the database.';
  return aboutEvents('missing', id, last, detail);
}

/** Where the event that was sealed under this id is now. */
function findEvent(log: StoredLog, id: number, hash: Hash): number | null {
  for (const other of log.events(1)) {
    if (other.id !== id && other.row && isSame(hashOfEvent({ ...other.row, id }), hash)) return other.id;
  }
  return null;
}

/** The id under which this event was sealed. */
function findOrigin(log: StoredLog, row: Row, size: number): number | null {
  for (let begin = 0; begin < size; begin += tileWidth) {
    for (const [place, hash] of log.tile(0, begin / tileWidth).entries()) {
      const id = begin + place + 1;
      if (id !== row.id && isSame(hashOfEvent({ ...row, id }), hash)) return id;
    }
  }
  return null;
}

/** Whether the event with this id is the one whose hash is stored for it. */
function isInPlace(log: StoredLog, id: number): boolean {
  const row = log.event(id)?.row;
  const stored = log.tile(0, Math.floor((id - 1) / tileWidth))[(id - 1) % tileWidth];
  return row !== undefined && row !== null && isSame(hashOfEvent(row), stored);
}
