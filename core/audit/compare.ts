/** Compares events with the hashes that were stored when they were sealed, and names the first one that differs and how. */
import type { LogFault } from './growth.ts';
import { isSameHash } from './growth.ts';
import { leafOf } from './leaf.ts';
import { type Hash, leafHash } from './tree.ts';

/** The columns of an event by their names. */
export type EventRow = Readonly<Record<string, unknown>> & { readonly id: number };

/** The hash of an event's leaf. Null if it holds something that no event holds. */
export function hashOfEvent(event: EventRow): Hash | null {
  try {
    return leafHash(leafOf(event));
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

/**
 * Says how events differ from what was sealed, from the first one on that does.
 *
 * @param from the id of the first one that differs.
 * @param rows those with this id and higher ones, in order.
 * @param sealed the stored hashes from this id on.
 */
export function faultFrom(from: number, rows: readonly EventRow[], sealed: readonly Hash[]): LogFault {
  const isSealed = (row: EventRow | undefined, id: number) => {
    const hash = row && hashOfEvent({ ...row, id });
    const stored = sealed[id - from];
    return hash !== null && hash !== undefined && stored !== undefined && isSameHash(hash, stored);
  };
  const [row, next] = rows;
  if (row?.id !== from) return 'missing';
  // What stands here was sealed as a later one: those between are gone, or the two have changed places.
  const place = sealed.findIndex((_, index) => index > 0 && isSealed(row, from + index));
  if (place > 0) {
    const there = rows.find(({ id }) => id === from + place);
    return isSealed(there, from) ? 'reordered' : 'missing';
  }
  if (isSealed(next, from)) return 'added';
  return rows.some((other) => other.id > from && isSealed(other, from)) ? 'reordered' : 'edited';
}
