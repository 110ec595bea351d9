/**
 * Decides before something costly, such as a password hash: one round trip that records a refusal and otherwise writes
 * nothing. The verdict that follows decides again, on what is true then, and records the outcome. So there is one event for
 * each request, and nobody costs a hash who may not cause one.
 */
import type { Caller } from '../../core/caller.ts';
import { type Committed, refusalOf, VaultNotOpen } from './committed.ts';
import { type Form, isForToken, isWithKey } from './form.ts';
import { keptRows } from './kept-answers.ts';
import { openProbe } from './open.ts';
import { requestValues } from './request.ts';
import {
  atFirstUse,
  compile,
  fill,
  type Params,
  params,
  type Query,
  type Statement,
  type Values,
} from './statement.ts';
import { goodToken } from './token-principal.ts';
import { transact } from './transact.ts';
import type { VerdictRow } from './verdict.ts';

export interface Preview<Row = unknown, Name extends string = string> {
  readonly refusal: Statement<VerdictRow>;
  readonly facts: Statement<Row>;
  /** What was answered before to a request that is sent again; null for requests without an Idempotency-Key. */
  readonly kept: Statement<{ result: string }> | null;
  /** Of a token that the vault does not know, or that was refused often enough, there is no refusal. Null for sessions. */
  readonly tokenProbe: Statement | null;
  /** Carries the names of the values that it takes; never set. */
  readonly name?: Name;
}

/** A preview with parameters of these names, of which it may leave some unused. `facts` returns a row, or several, if the vault is open. */
export const preview = <const Name extends string = never, Row = unknown>(
  names: readonly Name[],
  write: (params: Params<Name>) => { refusal: Query<VerdictRow>; facts?: Query<Row> },
  forms?: readonly Form[],
): ((form?: Form) => Preview<Row, Name>) =>
  atFirstUse(() => {
    const { refusal, facts = openProbe() as unknown as Query<Row> } = write(params(names));
    return {
      refusal: compile(refusal),
      facts: compile(facts),
      kept: isWithKey() ? compile(keptRows()) : null,
      tokenProbe: isForToken() ? compile(goodToken()) : null,
    };
  }, forms);

export type Previewed<Row> =
  | { outcome: 'allowed'; facts: Row; rows: Row[] }
  | Exclude<Committed<never>, { outcome: 'allowed' }>;

/**
 * Asks a preview.
 *
 * @throws VaultNotOpen and StoreFailure as `commit` does.
 */
export const ask = async <Row, Name extends string>(
  db: D1Database,
  keyId: string,
  caller: Caller,
  { refusal, facts, kept, tokenProbe }: Preview<Row, Name>,
  values: Values<NoInfer<Name>>,
): Promise<Previewed<Row>> => {
  const given: Values = { ...values, ...requestValues(caller, keyId) };
  const steps = [refusal, facts, ...(tokenProbe ? [tokenProbe] : []), ...(kept ? [kept] : [])];
  const results = await transact(
    db,
    steps.map((step) => fill(step, given)),
  );
  const [refusals, found] = results;
  const good = tokenProbe ? results[2] : undefined;
  const refused = refusals?.[0] as VerdictRow | undefined;
  if (refused && refused.outcome !== 'allowed') return refusalOf(refused, kept ? results.at(-1) : []);
  const rows = (found ?? []) as Row[];
  const [row] = rows;
  if (row === undefined) throw new VaultNotOpen();
  if (good?.length === 0) return { outcome: 'unauthenticated', reason: null };
  return { outcome: 'allowed', facts: row, rows };
};
