import type { Role } from '../../core/policy/policy.ts';
import type { Statement, Value, Values } from './statement.ts';
import type { Outcome, VerdictRow } from './verdict.ts';

/** Who asks, from where, and when: what every event of the request records. */
export interface Caller {
  /** Ties a request's effects to its own event. Random, unique. */
  requestId: string;
  /** The session that the credential names; null if the caller shows none. */
  sessionId: string | null;
  /** The name that the credential claims: for the log only. */
  claimedName: string | null;
  address: string;
  userAgent: string;
  /** Milliseconds since 1970. */
  now: number;
}

export interface Principal {
  id: number;
  name: string;
  role: Role;
}

export type Committed<Row> =
  | { outcome: 'allowed'; principal: Principal; rows: Row[] }
  | { outcome: Exclude<Outcome, 'allowed'>; reason: string | null };

/** A plan: the verdict, then what it allows. The last effect's rows are the answer. */
export interface Plan<Row> {
  verdict: Statement<VerdictRow>;
  effects: readonly [...Statement[], Statement<Row>] | readonly [];
}

/** The database is not one that this key may write: not set up yet, or sealed by another key. */
export class VaultNotOpen extends Error {
  override name = 'VaultNotOpen';
}

/** The database did not do what it was asked. `cause` is for the operator's log; `kind` is all that a caller may learn. */
export class StoreFailure extends Error {
  override name = 'StoreFailure';
  readonly kind: 'full' | 'schema' | 'unreadable';
  constructor(cause: unknown) {
    super('The database refused a transaction', { cause });
    this.kind = kindOf(String(cause));
  }
}

const kindOf = (message: string): StoreFailure['kind'] => {
  if (/SQLITE_FULL|disk is full|SQLITE_IOERR_WRITE/i.test(message)) return 'full';
  return /no such (table|column)/i.test(message) ? 'schema' : 'unreadable';
};

/** Runs statements as one transaction in one round trip: all of them, or none. */
export const transact = async (
  db: D1Database,
  statements: readonly Statement[],
  values: Values,
): Promise<Record<string, Value>[][]> => {
  try {
    const results = await db.batch<Record<string, Value>>(
      statements.map(({ text, bind }) => db.prepare(text).bind(...bind(values))),
    );
    return results.map(({ results: rows }) => rows);
  } catch (cause) {
    throw new StoreFailure(cause);
  }
};

/** One statement that only reads, outside any verdict: for what is asked before anybody has signed in. */
export const read = async <Row>(db: D1Database, question: Statement<Row>, values: Values): Promise<Row[]> => {
  const [rows] = await transact(db, [question], values);
  return rows as Row[];
};

/**
 * Commits a plan: decided, recorded and done in one transaction and one round trip.
 *
 * @throws VaultNotOpen where the database answers no verdict at all; nothing was written then.
 * @throws StoreFailure where the transaction failed; nothing was written then either.
 */
export const commit = async <Row>(
  db: D1Database,
  keyId: string,
  caller: Caller,
  plan: Plan<Row>,
  values: Values,
): Promise<Committed<Row>> => {
  const results = await transact(db, [plan.verdict, ...plan.effects], { ...values, ...recorded(caller, keyId) });
  const verdict = results[0]?.[0] as unknown as VerdictRow | undefined;
  if (!verdict) throw new VaultNotOpen();
  if (verdict.outcome !== 'allowed') return { outcome: verdict.outcome, reason: verdict.reason };
  const rows = plan.effects.length > 0 ? (results.at(-1) as Row[]) : [];
  return { outcome: 'allowed', principal: principalOf(verdict), rows };
};

const recorded = (caller: Caller, keyId: string): Values => ({
  now: caller.now,
  request_id: caller.requestId,
  session_id: caller.sessionId,
  claimed_name: caller.claimedName,
  address: caller.address,
  user_agent: caller.userAgent,
  key_id: keyId,
});

const principalOf = ({ actor_id, actor_name, actor_role }: VerdictRow): Principal => {
  if (actor_id === null || actor_name === null || actor_role === null)
    throw new TypeError('A verdict without an actor');
  return { id: actor_id, name: actor_name, role: actor_role as Role };
};
