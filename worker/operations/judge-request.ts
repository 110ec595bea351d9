/** All that JavaScript decides again about a request: of what SQL has found, and before it says what SQL will find. */
import type { Caller } from '../../core/caller.ts';
import type { SealedRow } from '../../core/sealed-rows.ts';
import type { Grounds } from '../store/relied.ts';
import type { Values } from '../store/statement.ts';
import { objectionTo, objectionToChild, type Principal } from './judge-again.ts';
import { objectionToNames } from './judge-names.ts';

/** The row by which a request is not allowed; null if it is. @param rows and `others` as in `objectionTo` and `objectionToNames`. */
export const objectionToRequest = (
  grounds: Grounds,
  who: Principal | null,
  rows: Readonly<Record<string, SealedRow>>,
  given: Values<string>,
  caller: Caller,
  others: readonly SealedRow[] = [],
): SealedRow | 'principal' | null =>
  objectionTo(grounds, who, rows, caller) ??
  objectionToNames(grounds.action, who, rows, given, others) ??
  objectionToChild(grounds.action, who, given);
