/** A plan: the statements that one action sends to the database in one batch. */
import { type Form, isForToken, isWithKey } from './form.ts';
import { keepRows, keptRows } from './kept-answers.ts';
import { openProbe } from './open.ts';
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

/** The verdict, then the effects that it allows, then the answer, if there is one: its rows make the result. Then housekeeping. */
export interface Plan<Row = unknown, Name extends string = string> {
  readonly steps: readonly Statement[];
  /** Whether the verdict is on the request as a whole and only written if it refuses; then events for each target follow it. */
  readonly hasEach: boolean;
  /** Whether the answer also has rows under a refusal, which depend on its reason. */
  readonly tells: boolean;
  /** Which of the steps is the answer; null if none is. */
  readonly answerAt: number | null;
  /** Which of the steps returns the kept answer to a request that is sent again; null for requests without an Idempotency-Key. */
  readonly keptAt: number | null;
  /** Which of the steps tells an unknown service token from a vault that is not open; null for sessions. */
  readonly probeAt: number | null;
  /** Carry the type of the answer's rows and the names of the values that the plan takes; never set. */
  readonly row?: Row;
  readonly name?: Name;
}

export interface Steps<Row> {
  /** The verdicts on each of many targets: see `verdictsOn`. */
  each?: Query<VerdictRow>;
  effects?: readonly Query[];
  answer?: Query<Row>;
  /** Reads what the answer has returned, where that is an UPDATE: to keep it for requests with the same Idempotency-Key. */
  answerAgain?: Query<Row>;
  /** Set where the answer also says something under a refusal. */
  tells?: true;
  /** What else is due. It runs after the answer, because it may write events of its own: then `verdict` is no longer the newest. */
  housekeeping?: readonly Query[];
}

/**
 * A plan with parameters of these names; it may use those of the request as well. It throws a TypeError at its first use if
 * a parameter is not used, or if an effect does not depend on the verdict.
 */
export const plan = <const Name extends string = never, Row = never>(
  names: readonly Exclude<Name, RequestParam>[],
  write: (params: Params<Name>) => Steps<Row> & { verdict: Query<VerdictRow> },
  forms?: readonly Form[],
): ((form?: Form) => Plan<Row, Name>) =>
  atFirstUse(() => {
    const asked = write(params<Name>(names));
    const { verdict, each, effects = [], answer, answerAgain = answer, tells = false, housekeeping = [] } = asked;
    const verdicts = each ? [verdict, each] : [verdict];
    const answered = [...verdicts, ...effects, ...(answer ? [answer] : [])];
    const keeping = isWithKey() ? keepRows(answerAgain) : [];
    const queries = [...answered, ...keeping, ...(isWithKey() ? [keptRows()] : []), ...housekeeping];
    const steps = queries.map((step) => compile(step));
    const careless = steps.slice(verdicts.length).find((effect) => !isGuarded(effect));
    if (careless) throw new TypeError(`An effect must carry the condition "granted": ${careless.text}`);
    const used = steps.flatMap((each) => each.params).filter((name) => !isRequestParam(name));
    checkParams(steps.map(({ text }) => text).join('; '), names, used);
    const probe = isForToken() ? [compile(openProbe())] : [];
    return {
      steps: [...steps, ...probe],
      hasEach: each !== undefined,
      tells,
      answerAt: answer ? verdicts.length + effects.length : null,
      keptAt: isWithKey() ? answered.length + keeping.length : null,
      probeAt: isForToken() ? steps.length : null,
    };
  }, forms);

/**
 * Only `granted` depends on the id of the request. Each part of a union needs it; within parentheses, each or none: what lists the
 * things to be judged is no effect.
 */
const isGuarded = ({ text, params }: Statement) => {
  const index = params.indexOf('request.id');
  const condition = new RegExp(`\\${paramText(index)}\\b`);
  if (index < 0 || !unionsIn(text)[0]?.every((part) => condition.test(part))) return false;
  return unionsIn(text).every((parts) => new Set(parts.map((part) => condition.test(part))).size === 1);
};

/** The parts of the whole text, and then those within each pair of parentheses. Our literals have no parentheses in them. */
const unionsIn = (text: string): string[][] => {
  const whole = [''];
  const unions = [whole];
  const open = [whole];
  for (const piece of text.split(/([()]| union all )/)) {
    if (piece === ')') open.pop();
    if (piece === ' union all ') open.at(-1)?.push('');
    for (const parts of open) parts.push(`${parts.pop()}${piece}`);
    if (piece === '(') unions.push(open[open.push(['']) - 1] as string[]);
  }
  return unions;
};
