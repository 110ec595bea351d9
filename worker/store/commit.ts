/** Commits the plan of a request: decides, records and carries out, and checks the seals of the rows that the decision relies on. */
import type { Caller } from '../../core/caller.ts';
import type { SealedRow } from '../../core/sealed-rows.ts';
import { type Committed, committedOf, isBroken } from './committed.ts';
import type { Form } from './form.ts';
import type { Plan } from './plan.ts';
import { requestValues } from './request.ts';
import { turnOnRows } from './row-turns.ts';
import { type Fault, noteBroken, type SealedAnswer, type Seals, sealBroken, sealsParam } from './sealed.ts';
import { type Filled, fill, isReading, type Statement, type Value, type Values } from './statement.ts';
import { transact } from './transact.ts';

/** How often a plan looks again because a row that it relies on has changed meanwhile. */
const maxAttempts = 50;

/**
 * Commits a plan: decides, records and carries out, in one transaction and one round trip. What writes takes another one if a row that it
 * relies on is not known, or has changed: then the first one carries nothing out and returns the rows, whose seals are checked. Statements
 * that have nothing to do with the request may come before it.
 *
 * @throws VaultNotOpen if the database returns no verdict; nothing was written then.
 * @throws StoreFailure if a transaction failed; nothing was written then either.
 */
export const commit = async <Row, Name extends string>(
  db: D1Database,
  seals: Seals,
  caller: Caller,
  wanted: Plan<Row, Name>,
  values: Values<NoInfer<Name>>,
  before: readonly Filled[] = [],
  form?: Form,
): Promise<Committed<Row>> => {
  const given: Values = { ...values, ...requestValues(caller, seals.keyId) };
  if (!wanted.writes) return commitReading(db, seals, caller, wanted, given, before);
  let checked = foreseen(seals, wanted, given);
  using turn = turnOnRows();
  for (let attempt = 1; ; attempt++) {
    const { surveys, steps } = wanted;
    const [verdict, ...others] = steps;
    const first = checked.fault ? wanted.broken(form) : verdict;
    const acts = [...(first ? [first] : []), ...others];
    // Verdicts on each of many things need it in any case, of the rows as they were.
    const asked = wanted.hasEach ? [...surveys, ...acts] : [...acts, ...surveys];
    const sealed = {
      'request.relied': checked.relied,
      'request.seals': sealsParam(checked.made),
      'request.version_seal': seals.sealOfVersion(checked.made),
    };
    const all = { ...given, ...sealed, 'request.fault': checked.fault?.name ?? null };
    const also = attempt === 1 ? before : [];
    const isSent = (step: Statement) => {
      // A trigger in the file may write the event that allows what was refused: then there is nothing that it could carry out.
      if (checked.fault && step !== first && !isReading(step.text)) return false;
      return !wanted.idle.get(step)?.(checked.made, given);
    };
    const sent = asked.filter(isSent);
    const returned = (await transact(db, [...also, ...sent.map((step) => fill(step, all))])).slice(also.length);
    const results = asked.map((step) => returned[sent.indexOf(step)] ?? []);
    const at = wanted.hasEach ? surveys.length : 0;
    const found = results.slice(at, at + acts.length);
    const surveyed = results.filter((_, index) => index < at || index >= at + acts.length);
    const next = found[0]?.length ? null : await check(seals, wanted, given, surveyed);
    // Without a verdict nothing was done: what is relied on was not checked yet, or has changed since.
    if (next && !next.isNobody && next.relied !== checked.relied && attempt < maxAttempts) {
      const hasWaited = await turn.take(next.made);
      // Whoever had the turn before has left the rows as they are known now.
      const expected = hasWaited ? foreseen(seals, wanted, given) : nothingChecked;
      checked = expected === nothingChecked ? next : expected;
      continue;
    }
    const committed = committedOf(wanted, found);
    if (checked.fault && isBroken(committed)) await noted(db, caller, checked.fault);
    if (committed.outcome !== 'allowed') return committed;
    if (checked.fault) return refuseBroken(db, caller, checked.fault, committed);
    const [text = ''] = JSON.parse(checked.relied) as string[];
    const fault = seals.faultInActor(text, wanted.grounds, committed.principal);
    if (!fault) seals.remember(checked.made);
    return fault ? refuseBroken(db, caller, fault, committed) : committed;
  }
};

interface Checked {
  /** A JSON list of the texts that hold. */
  relied: string;
  /** The rows that will be, with their seals. */
  made: readonly SealedRow[];
  fault: Fault | null;
  /** Whether the request comes with a token that the vault does not know. */
  isNobody: boolean;
}

const nothingChecked: Checked = { relied: '[]', made: [], fault: null, isNobody: false };

/** What the survey will probably return, if the rows that it will find held before. The verdict holds only if they are still the same. */
const foreseen = (seals: Seals, { foresight }: Pick<Plan, 'foresight'>, given: Values): Checked => {
  const expected = foresight && seals.foresee(foresight, given);
  if (!expected) return nothingChecked;
  return { ...nothingChecked, relied: JSON.stringify([expected.text]), made: expected.made };
};

/** How a text begins where the secret of a token was not found. */
const unknownToken = '[[null';

const check = async (
  seals: Seals,
  { grounds }: Pick<Plan, 'grounds'>,
  given: Values,
  surveyed: readonly Record<string, Value>[][],
): Promise<Checked> => {
  const [texts = [], ...bulks] = surveyed.map((rows) => rows.map(({ sealed }) => String(sealed)));
  const isNobody = texts[0]?.startsWith(unknownToken) ?? false;
  const broken = isNobody
    ? null
    : ((await seals.faultIn(texts, grounds, given)) ?? (await seals.faultIn(bulks.flat())));
  const { made, fault } = await seals.sealsFor([...texts, ...bulks.flat()], grounds, given);
  const whole = broken ?? fault;
  return { relied: JSON.stringify(texts), made: whole ? [] : made, fault: whole, isNobody };
};

const commitReading = async <Row, Name extends string>(
  db: D1Database,
  seals: Seals,
  caller: Caller,
  wanted: Plan<Row, Name>,
  given: Values,
  before: readonly Filled[],
): Promise<Committed<Row>> => {
  const { steps, surveys, isTold } = wanted;
  const results = await transact(db, [...before, ...[...steps, ...surveys].map((step) => fill(step, given))]);
  const found = results.slice(before.length);
  const committed = committedOf(wanted, found);
  if (committed.outcome !== 'allowed') return committed;
  const told = (isTold ? found.slice(0, 1) : found.slice(steps.length)).flat() as { sealed?: string }[];
  const texts = told.flatMap(({ sealed }) => sealed ?? []);
  const [text] = texts;
  const fault =
    (await faultOfRead(seals, wanted, texts, committed.rows as Partial<SealedAnswer>[])) ??
    (text === undefined ? null : seals.faultInActor(text, wanted.grounds, committed.principal));
  return fault ? refuseBroken(db, caller, fault, committed) : committed;
};

/** What was allowed is not told. The log says so in an event of its own. */
const refuseBroken = async (
  db: D1Database,
  caller: Caller,
  fault: Fault,
  { events, principal }: Extract<Committed<unknown>, { outcome: 'allowed' }>,
): Promise<Committed<never>> => {
  await noted(db, caller, fault, [fill(sealBroken(), { fault: fault.name, 'request.id': caller.requestId })]);
  return { outcome: 'denied', reason: 'seal_broken', events: events + 1, principal };
};

/** A plan that always refuses tells nothing. */
const faultOfRead = async (
  seals: Seals,
  { grounds, isAnswerSealed }: Pick<Plan, 'grounds' | 'isAnswerSealed'>,
  texts: readonly string[],
  rows: readonly Partial<SealedAnswer>[],
): Promise<Fault | null> => {
  const fault = await seals.faultIn(texts, grounds);
  if (fault || !isAnswerSealed || rows.length === 0) return fault;
  // A row that has come without the rows that it hangs on has none that hold.
  const sealed = rows.map((row) => ({ ...row, sealed: typeof row.sealed === 'string' ? row.sealed : '[]' }));
  return seals.faultInAnswer(texts[0] ?? '', sealed);
};

const noted = (db: D1Database, { now }: Caller, fault: Fault, also: readonly Filled[] = []) =>
  transact(db, [...also, fill(noteBroken(), { ...fault, 'request.now': now })]);
