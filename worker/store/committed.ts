/** What a transaction means that a verdict has decided: the answer, or the refusal. */
import type { Principal } from '../../core/caller.ts';
import type { Outcome } from '../../core/policy/policy.ts';
import type { Plan } from './plan.ts';
import type { Value } from './statement.ts';
import type { VerdictRow } from './verdict.ts';

/**
 * `events` says how many the verdict has written, where one verdict is on many things. `judged` has a verdict for each target, if the plan
 * has several. `told` has the rows that an answer gives under a refusal: only one does that is written to depend on its reason.
 */
export type Committed<Row> =
  | { outcome: 'allowed'; events: number; principal: Principal; rows: Row[]; judged?: readonly VerdictRow[] }
  | {
      outcome: Exclude<Outcome, 'allowed'>;
      reason: string | null;
      events?: number;
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

/**
 * Reads what the statements of a plan have returned.
 *
 * @throws VaultNotOpen if there is no verdict; nothing was written then.
 */
export const committedOf = <Row, Name extends string>(
  { hasEach, tells, answerAt, answerColumns, keptAt, probeAt }: Plan<Row, Name>,
  results: readonly Record<string, Value>[][],
): Committed<Row> => {
  const verdicts = (results[0] ?? []) as unknown as VerdictRow[];
  const [decided] = verdicts;
  const events = verdicts.length;
  const judged = ((hasEach ? results[1] : undefined) ?? []) as unknown as VerdictRow[];
  const first = decided ?? judged[0];
  if (!first) {
    // Of a token that the vault does not know, or that was refused often enough, there is no event.
    if (probeAt !== null && results[probeAt]?.length) return { outcome: 'unauthenticated', reason: null };
    throw new VaultNotOpen();
  }
  const rows = answerAt === null ? [] : (results[answerAt] as Row[]);
  if (answerColumns)
    for (const { answer } of hasEach ? judged : [first]) if (answer) rows.push(answeredIn<Row>(answer, answerColumns));
  if (decided && decided.outcome !== 'allowed') {
    const kept = keptAt === null ? undefined : results[keptAt];
    return { ...refusalOf(decided, kept), events, ...(tells && { told: rows }) };
  }
  return { outcome: 'allowed', events, principal: principalOf(first), rows, ...(hasEach && { judged }) };
};

/** The row of an answer that a verdict has returned. */
const answeredIn = <Row>(answer: string, columns: readonly string[]): Row => {
  const cells = JSON.parse(answer) as Value[];
  const row: Record<string, Value> = {};
  for (const [index, name] of columns.entries()) row[name] = cells[index] ?? null;
  return row as Row;
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

/** Whether a request was refused because the seal of a row that it relies on does not hold. */
export const isBroken = (committed: Committed<unknown>) =>
  committed.outcome === 'denied' && committed.reason === 'seal_broken';
