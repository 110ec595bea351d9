/**
 * Decides again, from rows whose seals hold, what SQL has decided on the entries of an import, or of a write to a path: whether the caller may
 * store each, and whose it will be. See judge-again.ts.
 */
import type { Caller } from '../../core/caller.ts';
import { type Cell, rowOf, type SealedRow } from '../../core/sealed-rows.ts';
import type { Grounds } from '../store/relied.ts';
import { isThere, objectionTo, type Principal, principalIn } from './judge-again.ts';
import { objectionToNames } from './judge-names.ts';
import { placeValues } from './place.ts';
import { byAlias, type Cells, partsOf, type Text } from './seals.ts';

/** What the texts of a survey are about: entries of one kind, or the request as a whole. */
export interface EntryGrounds extends Grounds {
  kind: 'new' | 'changed' | 'revived' | 'removed' | 'same' | 'all';
}

/**
 * The secret as it will be, or null if none is stored; or the row by which that is not allowed. Of what is not there any more there is nothing
 * to say: SQL refuses it.
 */
export type JudgedEntry = { row: SealedRow | null } | { objection: SealedRow | 'principal' } | 'gone';

interface Holder {
  owner: Cell;
  project: Cell;
}

/** Whose a secret of this name becomes: of the project that its name says, or of the caller. A project has no secrets but its own. */
const holderOfNew = ({ id, token }: Principal, place: SealedRow | undefined): Holder | null => {
  if (isThere(place)) return { owner: null, project: place[2][0] ?? null };
  return token && token.project !== null ? null : { owner: id, project: null };
};

const holderOf = ([, , [, , owner = null, project = null]]: SealedRow): Holder => ({ owner, project });
const nameOf = ([, , [, name = null]]: SealedRow): Cell => name;

const isSame = (one: Holder | null, other: Holder) => one?.owner === other.owner && one.project === other.project;

/**
 * @param kindOf what kind each name is of, as the request has it.
 * @returns judges a text; all texts are of one request, so their principals are the same.
 */
export const entryJudge = (caller: Caller, kindOf: ReadonlyMap<Cell, string>) => {
  let first: { text: string; who: Principal | null } | undefined;
  return (grounds: EntryGrounds, [cells, future]: Text): JudgedEntry => {
    const { principal, others } = partsOf(cells, false);
    const text = JSON.stringify(principal);
    first ??= { text, who: principalIn(principal, false, caller) };
    const { who } = first;
    const rows = byAlias(grounds.slots, others);
    const [old] = grounds.kind === 'revived' ? others.slice(grounds.slots.length) : [];
    const before = old ? rowOf(old as Cells) : rows.target;
    if (!principal.some(isThere) || ((grounds.needsTarget || grounds.kind === 'revived') && !isThere(before)))
      return 'gone';
    const objection = text === first.text ? objectionTo(grounds, who, rows, caller) : 'principal';
    if (objection || !who) return { objection: objection ?? 'principal' };
    if (before && kindOf.get(nameOf(before)) !== grounds.kind) return { objection: before };
    const row = future?.[0];
    if (!row) return { row: null };
    const name = nameOf(row);
    const blamed = before ?? (isThere(rows.place) ? rows.place : 'principal');
    if (kindOf.get(name) !== grounds.kind || (before && (nameOf(before) !== name || before[1][0] !== row[1][0])))
      return { objection: blamed };
    if (grounds.kind !== 'changed') {
      const other = objectionToNames('secret.create', who, rows, { name, ...placeValues(String(name)) });
      if (other) return { objection: other };
    }
    const holder = grounds.kind === 'changed' && before ? holderOf(before) : holderOfNew(who, rows.place);
    const isTheirs = isSame(holder, holderOf(row)) && (!before || isSame(holder, holderOf(before)));
    return isTheirs ? { row } : { objection: blamed };
  };
};
