/** Lists whose rows the database has written as JSON. They never become objects. */
import type { HeldList } from '../operations/long-lists.ts';

/** An object with the rows, and `next` where it does not hold all. */
export interface ListText {
  /** Of the field that holds the rows. */
  name: string;
  /** Each is the JSON of some rows, with commas between them, or empty. */
  parts: string[];
  /** Where the next list begins, if this one does not hold everything. */
  next?: string | number;
  /** A long list, which is sent piece by piece. */
  list?: HeldList | null;
}

/**
 * The answer in pieces of about so many characters: what `JSON.stringify` would write. This uses the parts up, so that each one is
 * let go with its piece.
 */
export function* piecesOf({ name, parts, next }: ListText, characters: number): Generator<string> {
  parts.reverse();
  let piece = `{"${name}":[`;
  let separator = '';
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    if (part === '') continue;
    piece += separator + part;
    separator = ',';
    if (piece.length < characters) continue;
    yield piece;
    piece = '';
  }
  yield `${piece}]${next === undefined ? '' : `,"next":${JSON.stringify(next)}`}}`;
}

/** The answer as one text. This uses the parts up as well. */
export const textOf = (list: ListText): string => [...piecesOf(list, Number.POSITIVE_INFINITY)].join('');
