/**
 * Checks that the rows that SQL has found have the names and numbers that the request gives. A view in the file may show another row, one whose
 * seal holds. See judge-again.ts.
 */
import type { Action } from '../../core/policy/policy.ts';
import type { Cell, SealedRow } from '../../core/sealed-rows.ts';
import type { Values } from '../store/statement.ts';
import { isThere, type Principal, reachesName } from './judge-again.ts';
import { placeValues } from './place.ts';

type Rows = Readonly<Record<string, SealedRow>>;

const nameOf = ([, , contents]: SealedRow): Cell => contents[1] ?? null;

/** What the request says of a row that it names, as it would be in the row; null if it names none, or not in a way that rows have. */
const askedFor = (alias: string, { 0: table }: SealedRow, given: Values<string>): readonly Cell[] | null => {
  const { id, name, padded = null, project, user_name: person, transfer_to: heir } = given;
  if (alias === 'person') return person === undefined ? null : [person];
  if (alias === 'heir') return heir === undefined ? null : [heir];
  if (alias !== 'target') return null;
  if (table === 'projects') return (project ?? name) === undefined ? null : [project ?? name ?? null];
  return typeof id === 'number' || name === undefined ? null : [name, padded];
};

/** The first row that was found in place of the one that the request names; null if all are the right ones. */
const otherThanNamed = (rows: Rows, given: Values<string>): SealedRow | null => {
  const found = Object.entries(rows).find(([alias, row]) => {
    if (!isThere(row)) return false;
    const asked = askedFor(alias, row, given);
    if (asked) return !asked.includes(nameOf(row));
    // A mark on a key that an account has seen has the numbers of both. Elsewhere `key_id` is the name of an encryption key.
    const number = typeof given.key_id === 'number' ? given.key_id : given.id;
    return alias === 'target' && typeof number === 'number' && row[1][0] !== number;
  });
  return found?.[1] ?? null;
};

/**
 * The row that is another one than the request names, or by which something may not get the name that it gets: the project that was found is
 * the one that the name begins with, and a token reaches it.
 *
 * @param others what else is relied on: whom a secret is given to.
 */
export const objectionToNames = (
  action: Action,
  who: Principal | null,
  rows: Rows,
  given: Values<string>,
  others: readonly SealedRow[] = [],
): SealedRow | 'principal' | null => {
  const { place, target } = rows;
  const { name, owner, place_likeness: asked } = given;
  const taker = others.find((row) => row[0] === 'users' && isThere(row) && nameOf(row) !== owner);
  const other = taker ?? otherThanNamed(rows, given);
  if (other) return other;
  // What comes out of the trash may have the name that it had.
  const likeness = asked === undefined && target ? placeValues(String(nameOf(target))).place_likeness : asked;
  if (isThere(place) && place[2][2] !== likeness) return place;
  const isOutside = action === 'secret.create' && typeof name === 'string' && who && !reachesName(who, name);
  return isOutside ? 'principal' : null;
};
