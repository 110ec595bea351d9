/** What a verdict relies on, beside the verdict: how to ask for it, and what to write where it does not hold. */
import type { Query } from './statement.ts';

export interface Relied<Row> {
  /** Returns a text for each row that the verdict would judge. */
  survey: () => Query<{ sealed: string }>;
  /** The same, of the principal alone. */
  surveyOfPrincipal: () => Query<{ sealed: string }>;
  /** Whether something in the joins is costly to find again. */
  isCostly: boolean;
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
