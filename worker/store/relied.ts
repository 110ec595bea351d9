/** What a verdict relies on, beside the verdict: how to ask for it, and what to write where it does not hold. */
import type { SQL } from 'drizzle-orm';
import type { Action } from '../../core/policy/policy.ts';
import type { SealedRow, SealedTable } from '../../core/sealed-rows.ts';
import type { Query, Values } from './statement.ts';

/** A sealed row that a join finds. */
export interface Slot {
  kind: SealedTable;
  /** What the statements call it. */
  alias: string;
}

/** The rows that a verdict will probably find, by their aliases. One that is not there has nulls. */
interface Expected {
  principalId: number;
  rows: Readonly<Record<string, SealedRow>>;
}

/** The rows as they will be, if those are found; null if that cannot be said. */
export type Foresee = (expected: Expected, given: Values) => SealedRow[] | null;

/** What a text of sealed rows is about: what has been decided, and which rows they are. */
export interface Grounds {
  action: Action;
  /** Whether the principal is found by the name that it claims, and not by a credential. */
  isByName: boolean;
  /** The rows after those of the principal. Others may follow. */
  slots: readonly Slot[];
  /** Whether the action is refused if the target is not there. */
  needsTarget: boolean;
}

/** What is needed to say beforehand what a survey will return. */
export interface Foresight extends Grounds {
  /** Absent where no row changes. */
  foresee?: Foresee | undefined;
}

export interface Relied<Row> {
  /** Returns a text for each row that the verdict would judge. @param condition under which alone it looks. */
  survey: (condition?: SQL) => Query<{ sealed: string }>;
  /** The same, of the principal alone. */
  surveyOfPrincipal: () => Query<{ sealed: string }>;
  grounds: Grounds;
  /** Null where nothing can be said beforehand. */
  foresight: Foresight | null;
  /** The verdict that also returns those rows of its principal, or of which each event has an answer: JSON in SQL, if it allows. */
  telling: (told: { isTelling?: boolean; answer?: SQL | undefined }) => Query<Row>;
  /** Whether only the principal is to be looked at again: the rest has no seal, or is costly to find. */
  isPrincipalAll: boolean;
  /** The verdict where a seal does not hold: it refuses as ever, and what it would allow it denies. */
  broken: () => Query<Row>;
}

const reliedBy = new WeakMap<object, Relied<unknown>>();

/** Remembers what a verdict relies on. */
export const relying = <Row>(made: Query<Row>, relied: Relied<Row>): Query<Row> => {
  reliedBy.set(made, relied);
  return made;
};

/** @throws TypeError if it is no verdict. */
export const reliedOf = <Row>(made: Query<Row>): Relied<Row> => {
  const relied = reliedBy.get(made);
  if (!relied) throw new TypeError('This is no verdict');
  return relied as Relied<Row>;
};
