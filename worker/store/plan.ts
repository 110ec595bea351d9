/** A plan: the statements that one action sends to the database in one batch. */
import { not, type SQL, sql } from 'drizzle-orm';
import type { SealedRow, SealedTable } from '../../core/sealed-rows.ts';
import { type Form, isForToken, isWithKey, writtenAnswering, writtenGuarded } from './form.ts';
import { isJudged } from './granted.ts';
import { keepRows, keptRows } from './kept-answers.ts';
import { openProbe } from './open.ts';
import { type Foresight, type Grounds, reliedOf } from './relied.ts';
import { isRequestParam, type RequestParam } from './request.ts';
import { storeSeals } from './sealed.ts';
import {
  atFirstUse,
  checkParams,
  columnsOf,
  compile,
  isReading,
  type Params,
  params,
  paramText,
  type Query,
  type Statement,
  type Values,
} from './statement.ts';
import type { VerdictRow } from './verdict.ts';

/** The verdict, then the effects that it allows, then the answer, if there is one: its rows make the result. Then housekeeping. */
export interface Plan<Row = unknown, Name extends string = string> {
  readonly steps: readonly Statement[];
  /**
   * What reads the sealed rows that the plan relies on. One that writes asks them for the case that they are not what was checked:
   * its verdict holds only as long as they stay.
   */
  readonly surveys: readonly Statement<{ sealed: string }>[];
  readonly writes: boolean;
  /** What is decided, and by which rows. */
  readonly grounds: Grounds;
  /** What is needed to say beforehand what the first survey returns; null if that cannot be said, or need not. */
  readonly foresight: Foresight | null;
  /** Whether the verdict itself returns the sealed rows that the principal hangs on. */
  readonly isTold: boolean;
  /** Whether each row of the answer has the column `sealed`, and leaves only if that holds. */
  readonly isAnswerSealed: boolean;
  /** Takes the place of the verdict where a seal does not hold. */
  readonly broken: (form?: Form) => Statement<VerdictRow>;
  /** When a step has nothing to do, and is not sent. */
  readonly idle: ReadonlyMap<Statement, IsIdle>;
  /** Whether the verdict is on the request as a whole and only written if it refuses; then events for each target follow it. */
  readonly hasEach: boolean;
  /** Whether the answer also has rows under a refusal, which depend on its reason. */
  readonly tells: boolean;
  /** Which of the steps is the answer; null if none is. */
  readonly answerAt: number | null;
  /** The columns of the answer where the verdict itself returns it; else null. */
  readonly answerColumns: readonly string[] | null;
  /** Which of the steps returns the kept answer to a request that is sent again; null for requests without an Idempotency-Key. */
  readonly keptAt: number | null;
  /** Which of the steps tells an unknown service token from a vault that is not open; null for sessions. */
  readonly probeAt: number | null;
  /** Carry the type of the answer's rows and the names of the values that the plan takes; never set. */
  readonly row?: Row;
  readonly name?: Name;
}

/** Whether an effect can have nothing to do. @param made the sealed rows as they will be: the verdict allows nothing if that is not so. */
export type IsIdle = (made: readonly SealedRow[], given: Values) => boolean;

/** An effect that is only sent if it may have something to do. */
interface Occasional {
  effect: Query;
  isIdle: IsIdle;
}

export interface Steps<Row> {
  /** The verdicts on each of many targets: see `verdictsOn`. */
  each?: Query<VerdictRow>;
  effects?: readonly (Query | Occasional)[];
  answer?: Query<Row>;
  /** Reads what the answer has returned, where that is an UPDATE: to keep it for requests with the same Idempotency-Key. */
  answerAgain?: Query<Row>;
  /** Set where the answer also says something under a refusal. */
  tells?: true;
  /** The tables of which rows get seals: those that `touched` or `sealing` says. */
  seals?: readonly SealedTable[];
  /** The sealed rows of a bulk. Each has `[[row as it is], [row as it will be]]` as `sealed`. */
  sealing?: readonly Query<{ sealed: string }>[];
  /** Set where the event itself is what the action changes. */
  isRecord?: true;
  /** Set where the verdict always refuses: then nothing needs a check. */
  refusesAlways?: true;
  /** Set where the answer has the column `sealed` of what it tells (`sealedAnswer`): then the target needs no second look. */
  isAnswerSealed?: true;
  /**
   * Set where the verdict itself returns the answer, as JSON: a statement less. It is for plans that only read, and for an answer of at most
   * one row. What it says of the verdict must be `granted` and the like; with `each`, it is the answer to one event.
   */
  isAnsweredAtOnce?: true;
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
): ((form?: Form) => Plan<Row, Name>) => {
  const broken = atFirstUse(() => compile(reliedOf(write(params<Name>(names)).verdict).broken()), forms);
  return atFirstUse(() => {
    const asked = write(params<Name>(names));
    const { verdict, each, effects = [], answer, answerAgain = answer, tells = false, housekeeping = [] } = asked;
    const verdicts = each ? [verdict, each] : [verdict];
    const atOnce = asked.isAnsweredAtOnce ? answer : undefined;
    const idle = new Map<Statement, IsIdle>();
    const acts = [...effects, ...(answer && !atOnce ? [answer] : [])].map((step) => {
      if (!('isIdle' in step)) return compile(step);
      const compiled = compile(step.effect);
      idle.set(compiled, step.isIdle);
      return compiled;
    });
    const sealing = storeSeals(asked.seals ?? []);
    const keeping = isWithKey() ? keepRows(answerAgain) : [];
    const after = [...sealing, ...keeping, ...(isWithKey() ? [keptRows()] : []), ...housekeeping];
    const writes = asked.isRecord === true || acts.some(({ text }) => !isReading(text));
    const isTold = !writes && !asked.refusesAlways && !each && isShort(asked);
    if (atOnce && (writes || asked.tells))
      throw new TypeError('Only the verdict of a plan that reads can return the answer');
    const told = verdicts.map((step, index) => {
      const isLast = index === verdicts.length - 1;
      return reliedOf(step).telling({ isTelling: isTold, answer: isLast && atOnce ? rowAsJson(atOnce) : undefined });
    });
    const judged = told.map((step) => (writes ? writtenGuarded : writtenAnswering)(() => compile(step)));
    // Within what a verdict returns, this name is that of the row that is being inserted.
    if (atOnce && / returning .* (from|join) audit_events\b/.test(judged.at(-1)?.text ?? ''))
      throw new TypeError('An answer that the verdict returns cannot read the log by its own name');
    const steps = [...judged, ...acts, ...after.map((step) => compile(step))];
    const careless = steps.slice(verdicts.length).find((effect) => !isGuarded(effect));
    if (careless) throw new TypeError(`An effect must carry the condition "granted": ${careless.text}`);
    const relied = asked.refusesAlways || isTold ? [] : surveysOf(asked, writes);
    const surveys = [...relied, ...(asked.sealing ?? [])].map((survey) => compile(survey));
    const used = [...steps, ...surveys].flatMap((each) => each.params).filter((name) => !isRequestParam(name));
    checkParams(steps.map(({ text }) => text).join('; '), names, used);
    const probe = isForToken() ? [compile(openProbe())] : [];
    const answered = verdicts.length + acts.length + sealing.length;
    return {
      steps: [...steps, ...probe],
      surveys,
      writes,
      grounds:
        isTold || (!writes && isShort(asked)) ? { ...reliedOf(verdict).grounds, slots: [] } : reliedOf(verdict).grounds,
      foresight: writes && surveys.length === 1 ? reliedOf(verdict).foresight : null,
      isTold,
      isAnswerSealed: answer !== undefined && columnsOf(answer).includes('sealed'),
      broken,
      idle,
      hasEach: each !== undefined,
      tells,
      answerAt: answer && !atOnce ? verdicts.length + effects.length : null,
      answerColumns: atOnce ? columnsOf(atOnce) : null,
      keptAt: isWithKey() ? answered + keeping.length : null,
      probeAt: isForToken() ? steps.length : null,
    };
  }, forms);
};

/** The one row of a query as a JSON list, in the order of its columns; null if it has none. */
const rowAsJson = (answer: Query): SQL => {
  const columns = columnsOf(answer).map((name) => sql.raw(name));
  return sql`(select json_array(${sql.join(columns, sql`, `)}) from (${answer}) told)`;
};

type Asked = Steps<unknown> & { verdict: Query<VerdictRow> };

/** Whether the principal is all that is to be looked at: what else a read relies on is in its answer, or not looked for at length again. */
const isShort = ({ verdict, isAnswerSealed }: Asked) => isAnswerSealed || reliedOf(verdict).isPrincipalAll;

/** Whatever writes relies on all that the verdict found. */
const surveysOf = (asked: Asked, writes: boolean) => {
  const { verdict, each } = asked;
  if (!writes && isShort(asked)) return [reliedOf(verdict).surveyOfPrincipal()];
  // Once a verdict is written, nobody looks at it any more.
  if (!each) return [reliedOf(verdict).survey(writes ? not(isJudged) : undefined)];
  return [reliedOf(verdict).survey(), reliedOf(each).survey()];
};

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
