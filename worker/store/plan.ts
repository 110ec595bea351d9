/** A plan: the statements that one action sends to the database in one batch. */
import { isRequestParam, type RequestParam } from './request.ts';
import { checkParams, compile, type Params, params, type Query, type Statement } from './statement.ts';
import type { VerdictRow } from './verdict.ts';

/** The verdict, then the effects that it allows. The rows of the answer, which runs last, make the result. */
export interface Plan<Row = unknown, Name extends string = string> {
  verdict: Statement<VerdictRow>;
  effects: readonly Statement[];
  answer: Statement<Row> | undefined;
  /** Carries the names of the values that the plan takes; never set. */
  readonly name?: Name;
}

export interface Steps<Row> {
  effects?: readonly Query[];
  answer?: Query<Row>;
}

/**
 * Compiles a plan with parameters of these names; it may use those of the request as well.
 *
 * @throws TypeError if a parameter is not used, or if an effect does not depend on the verdict.
 */
export const plan = <const Name extends string = never, Row = never>(
  names: readonly Exclude<Name, RequestParam>[],
  write: (params: Params<Name>) => Steps<Row> & { verdict: Query<VerdictRow> },
): Plan<Row, Name> => {
  const { verdict, effects = [], answer } = write(params<Name>(names));
  const made = { verdict: compile(verdict), effects: effects.map(compile), answer: answer && compile(answer) };
  const dependent = made.answer ? [...made.effects, made.answer] : made.effects;
  const careless = dependent.find((effect) => !isGuarded(effect));
  if (careless) throw new TypeError(`An effect must carry the condition "granted": ${careless.text}`);
  const used = [made.verdict, ...dependent].flatMap((each) => each.params);
  checkParams(
    names,
    used.filter((name) => !isRequestParam(name)),
  );
  return made;
};

/** Only `granted` depends on the id of the request, and each part of a union needs it. */
const isGuarded = ({ text, params }: Statement) =>
  params.filter((name) => name === 'request.id').length >= text.split(' union all ').length;
