/** Runs statements: one transaction, which is one round trip, for each request. */
import type { Caller, Principal } from '../../core/caller.ts';
import { maxBusyWaitMs } from '../../core/limits.ts';
import type { Outcome } from '../../core/policy/policy.ts';
import { StoreFailure } from '../../core/store-failure.ts';
import type { Plan } from './plan.ts';
import { requestValues } from './request.ts';
import { type Filled, fill, type Value, type Values } from './statement.ts';
import type { VerdictRow } from './verdict.ts';

/**
 * `judged` has a verdict for each target, if the plan has several. `told` has the rows that an answer gives under a refusal: only one does
 * that is written to depend on its reason.
 */
export type Committed<Row> =
  | { outcome: 'allowed'; principal: Principal; rows: Row[]; judged?: readonly VerdictRow[] }
  | {
      outcome: Exclude<Outcome, 'allowed'>;
      reason: string | null;
      principal?: Principal;
      told?: readonly unknown[];
      /** The request was sent again: what was answered to the first one. */
      kept?: Kept;
    };

/** Of a request that was carried out before: the rows that made its answer, as JSON. */
export interface Kept {
  principal: Principal;
  rows: string;
}

/** The database is not set up yet, or another key seals it. */
export class VaultNotOpen extends Error {
  override name = 'VaultNotOpen';
}

/** The pause before the next attempt doubles from the one to the other. */
const minPauseMs = 20;
const maxPauseMs = 400;

/**
 * Runs statements as one transaction in one round trip; in more, if another process, such as a backup or an admin's SQLite
 * shell, writes to the database at that moment. SQLite refuses a transaction then before it has done anything, and neither
 * D1 nor plain workerd waits.
 *
 * @param busyWaitMs how long to wait for the other process.
 * @throws StoreFailure if the transaction failed; nothing was written then.
 */
export const transact = async (
  db: D1Database,
  statements: readonly Filled[],
  busyWaitMs = maxBusyWaitMs,
): Promise<Record<string, Value>[][]> => {
  const prepared = statements.map(({ text, values }) => db.prepare(text).bind(...values));
  let waitedMs = 0;
  for (let pauseMs = minPauseMs; ; pauseMs = Math.min(pauseMs * 2, maxPauseMs)) {
    try {
      const results = await db.batch<Record<string, Value>>(prepared);
      return results.map(({ results: rows }) => rows);
    } catch (cause) {
      const kind = kindOf(String(cause), statements);
      if (kind !== 'busy' || waitedMs >= busyWaitMs) throw new StoreFailure(kind, cause);
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    waitedMs += pauseMs;
  }
};

const kindOf = (message: string, statements: readonly Filled[]): StoreFailure['kind'] => {
  if (/SQLITE_BUSY|database is locked/i.test(message)) return 'busy';
  // After statements that only read, miniflare's D1 writes a bookmark, and does not say why that failed.
  if (/session commit token/.test(message) && statements.every(({ text }) => /^select\b/i.test(text))) return 'busy';
  if (/SQLITE_FULL|disk is full|SQLITE_IOERR_WRITE/i.test(message)) return 'full';
  return /no such (table|column)/i.test(message) ? 'schema' : 'unreadable';
};

/** Runs one statement that only reads, outside any verdict: for questions that come before a sign-in. */
export const read = async <Row>(db: D1Database, statement: Filled<Row>): Promise<Row[]> => {
  const [rows] = await transact(db, [statement]);
  return rows as Row[];
};

/**
 * Commits a plan: decides, records and carries out, in one transaction and one round trip. Statements that have nothing to do
 * with the request may come before it.
 *
 * @throws VaultNotOpen if the database returns no verdict; nothing was written then.
 * @throws StoreFailure if the transaction failed; nothing was written then either.
 */
export const commit = async <Row, Name extends string>(
  db: D1Database,
  keyId: string,
  caller: Caller,
  { steps, hasEach, tells, answerAt, keptAt, probeAt }: Plan<Row, Name>,
  values: Values<NoInfer<Name>>,
  before: readonly Filled[] = [],
): Promise<Committed<Row>> => {
  const given: Values = { ...values, ...requestValues(caller, keyId) };
  const results = await transact(db, [...before, ...steps.map((step) => fill(step, given))]);
  const decided = results[before.length]?.[0] as VerdictRow | undefined;
  const judged = ((hasEach ? results[before.length + 1] : undefined) ?? []) as VerdictRow[];
  const first = decided ?? judged[0];
  if (!first) {
    // Of a token that the vault does not know, or that was refused often enough, there is no event.
    if (probeAt !== null && results[before.length + probeAt]?.length)
      return { outcome: 'unauthenticated', reason: null };
    throw new VaultNotOpen();
  }
  const rows = answerAt === null ? [] : (results[before.length + answerAt] as Row[]);
  if (decided && decided.outcome !== 'allowed') {
    const kept = keptAt === null ? undefined : results[before.length + keptAt];
    return { ...refusalOf(decided, kept), ...(tells && { told: rows }) };
  }
  return { outcome: 'allowed', principal: principalOf(first), rows, ...(hasEach && { judged }) };
};

/**
 * The refusal that a verdict has written. Only a token needs the principal, to learn whose it is.
 *
 * @param found what was kept for a request that is sent again.
 */
export const refusalOf = (
  row: VerdictRow,
  found: readonly Record<string, Value>[] = [],
): Exclude<Committed<never>, { outcome: 'allowed' }> => {
  const { outcome, reason } = row;
  const [kept] = found as { result: string }[];
  if (outcome === 'allowed') throw new TypeError('An allowed event is no refusal');
  const isKnown = outcome !== 'unauthenticated' && typeof row.token_id === 'number';
  return {
    outcome,
    reason,
    ...(isKnown && { principal: principalOf(row) }),
    ...(kept && { kept: { principal: principalOf(row), rows: kept.result } }),
  };
};

export const principalOf = (row: VerdictRow): Principal => {
  const { actor_id: id, actor_name: name, actor_role: role, token_id, token = '', project = null } = row;
  if (id === null || name === null || (role === null && project === null))
    throw new TypeError('A verdict without an actor');
  const principal = { id, name, role: role ?? 'user' };
  return typeof token_id === 'number'
    ? { ...principal, token: { id: token_id, name: token ?? '', project } }
    : principal;
};
