/** A plan: the statements that one action sends to the database in one batch. */
import { isRequestParam, type RequestParam } from './request.ts';
import {
  atFirstUse,
  checkParams,
  compile,
  type Params,
  params,
  paramText,
  type Query,
  type Statement,
} from './statement.ts';
import type { VerdictRow } from './verdict.ts';

/** The verdict, then the effects that it allows, then the answer, if there is one: its rows make the result. */
export interface Plan<Row = unknown, Name extends string = string> {
  readonly steps: readonly Statement[];
  /** Whether the verdict is on the request as a whole and only written if it refuses; then events for each target follow it. */
  readonly hasEach: boolean;
  readonly hasAnswer: boolean;
  /** Carry the type of the answer's rows and the names of the values that the plan takes; never set. */
  readonly row?: Row;
  readonly name?: Name;
}

export interface Steps<Row> {
  /** The verdicts on each of many targets: see `verdictsOn`. */
  each?: Query<VerdictRow>;
  effects?: readonly Query[];
  answer?: Query<Row>;
}

/**
 * A plan with parameters of these names; it may use those of the request as well. It throws a TypeError at its first use if
 * a parameter is not used, or if an effect does not depend on the verdict.
 */
export const plan = <const Name extends string = never, Row = never>(
  names: readonly Exclude<Name, RequestParam>[],
  write: (params: Params<Name>) => Steps<Row> & { verdict: Query<VerdictRow> },
): (() => Plan<Row, Name>) =>
  atFirstUse(() => {
    const { verdict, each, effects = [], answer } = write(params<Name>(names));
    const steps = [verdict, ...(each ? [each] : []), ...effects, ...(answer ? [answer] : [])].map((step) =>
      compile(step),
    );
    const careless = steps.slice(each ? 2 : 1).find((effect) => !isGuarded(effect));
    if (careless) throw new TypeError(`An effect must carry the condition "granted": ${careless.text}`);
    const used = steps.flatMap((each) => each.params).filter((name) => !isRequestParam(name));
    checkParams(steps.map(({ text }) => text).join('; '), names, used);
    return { steps, hasEach: each !== undefined, hasAnswer: answer !== undefined };
  });

/** Only `granted` depends on the id of the request, and each part of a union needs it. */
const isGuarded = ({ text, params }: Statement) => {
  const index = params.indexOf('request.id');
  const uses = index < 0 ? 0 : text.split(new RegExp(`\\${paramText(index)}\\b`)).length - 1;
  return uses >= text.split(' union all ').length;
};
