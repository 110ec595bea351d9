/**
 * What one account or address may ask for in a minute, decided before the database is asked: the requests over a limit must
 * cost nothing, and the log gets two rows a minute about them, not one for each. The counts are in memory, and each isolate
 * has its own: there is one on a machine, and there may be several on Cloudflare.
 */

import { eq } from 'drizzle-orm';
import type { Caller, Principal } from '../../core/caller.ts';
import {
  adminRequestsPercent,
  maxCountsPerTransaction,
  maxEndedSessionMs,
  maxFullMs,
  maxKnownSessions,
  maxRequestCounts,
  maxUnprovenRequestsPerMinute,
} from '../../core/limits.ts';
import { networkRange } from '../../core/network/address.ts';
import type { Action, Role } from '../../core/policy/policy.ts';
import { auditEvents, instance } from '../store/schema.ts';
import { type Filled, fill, insertFrom, statement } from '../store/statement.ts';
import { transact } from '../store/transact.ts';
import type { Refusal } from './refusal.ts';
import type { Context, Vault } from './vault.ts';

const minuteMs = 60_000;

/** How the log describes refusals that are counted. */
interface Kind {
  action: Action;
  outcome: Refusal['outcome'];
  reason: string;
}

const tooMany: Kind = { action: 'request.send', outcome: 'denied', reason: 'too_many_requests' };
const ended: Kind = { action: 'session.use', outcome: 'unauthenticated', reason: 'session_ended' };

/** The requests of one minute that count together. */
interface Count {
  minute: number;
  requests: number;
  /** The refusals that the log does not have yet. */
  refused: number;
  /** The last refusal: how the log describes them all. */
  refusal?: { kind: Kind; context: Context; actorId: number | null };
}

/** What is known of a credential that has worked. */
type Live = Pick<Principal, 'role' | 'token'> & Partial<Pick<Principal, 'id' | 'name'>>;

interface State {
  counts: Map<string, Count>;
  /**
   * What the database said of sessions and service tokens, by session id and by hash and address: whose a live one is, or until when an ended
   * session is not asked about again.
   */
  credentials: Map<string, Live | { endedUntil: number }>;
  /** The minute in which the counts were last searched for those that are over. */
  sweptAt: number;
  /** Refusals that stay for a while, by account and action: until then the database is not asked again. */
  full: Map<string, { reason: string; until: number }>;
}

const states = new WeakMap<Vault, State>();

const stateOf = (vault: Vault): State => {
  const known = states.get(vault);
  if (known) return known;
  const state: State = { counts: new Map(), credentials: new Map(), sweptAt: 0, full: new Map() };
  states.set(vault, state);
  return state;
};

/** Sets an entry as the newest, and drops the oldest beyond `max`. */
const keep = <Key, Value>(map: Map<Key, Value>, key: Key, value: Value, max: number) => {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.size > max ? map.keys() : [];
  if (oldest !== undefined) map.delete(oldest);
};

const countOf = ({ counts }: State, key: string, now: number): Count => {
  const minute = Math.floor(now / minuteMs);
  const known = counts.get(key);
  // A count of an earlier minute whose refusals are not in the log yet stays until they are.
  if (known?.minute === minute) return known;
  if (known && known.refused > 0) keep(counts, `${key} ${known.minute}`, known, maxRequestCounts);
  const fresh = { minute, requests: 0, refused: 0 };
  keep(counts, key, fresh, maxRequestCounts);
  return fresh;
};

/** How the maps name the credential; empty without one. That a token works is known of one address only. */
const credentialOf = ({ sessionId, tokenHash, address }: Caller): string =>
  tokenHash === undefined ? (sessionId ?? '') : `${tokenHash} ${address}`;

/** What is known of the credential, if it has worked. */
const liveOf = ({ vault, caller }: Context): Live | undefined => {
  const known = stateOf(vault).credentials.get(credentialOf(caller));
  return known && 'role' in known ? known : undefined;
};

/**
 * The account of the token, which this vault signed; 0 without one. Whose a service token is the database has to say first; that of a
 * project has the project's id, negative.
 */
export const accountOf = (context: Context): number => context.caller.claimedId ?? liveOf(context)?.id ?? 0;

/** These have a count of their own, so that they stay possible when something else sends too many requests. */
const waysOut: ReadonlySet<Action> = new Set<Action>([
  'session.end',
  'session.revoke',
  'password.change',
  'secret.delete',
  'secret.destroy',
  'version.destroy',
  'member.remove',
  'token.revoke',
  'token.end',
  'user.update',
  'user.delete',
  'user.sign_out',
]);

/** Which of the two counts of an account an action is in. */
const accountKey = (context: Context, action: Action): string =>
  `account ${accountOf(context)}${waysOut.has(action) ? ' out' : ''}`;

/** Counts a request, and refuses it if its session has ended or its account has sent too many in this minute. */
export const admit = async (context: Context, action: Action): Promise<Refusal | null> => {
  const { vault, caller } = context;
  const state = stateOf(vault);
  const known = state.credentials.get(credentialOf(caller));
  if (known && 'endedUntil' in known) {
    // A clock that was set back must not keep it here.
    if (caller.now < known.endedUntil && caller.now >= known.endedUntil - maxEndedSessionMs) {
      return countedRefusal(context, `ended ${caller.sessionId}`, ended, null);
    }
    state.credentials.delete(credentialOf(caller));
  }
  const live = liveOf(context);
  // A token that may have been revoked must not use up what its owner may send.
  const key = live ? accountKey(context, action) : `network ${networkRange(caller.address).from}`;
  const count = countOf(state, key, caller.now);
  count.requests += 1;
  if (count.requests <= limitOf(vault, live?.role ?? null)) return null;
  return countedRefusal(context, key, tooMany, live ? accountOf(context) : null);
};

/** Counts a request that asks for many things as so many requests. What it asked for is done: the next one is refused. */
export const charge = (context: Context, requests: number): void => {
  if (!liveOf(context)) return;
  countOf(stateOf(context.vault), `account ${accountOf(context)}`, context.caller.now).requests += requests;
};

/**
 * The same for an action on all that is in a folder, by the events that it has written, also where it was refused: so it fills the log no
 * faster than one by one.
 */
export const chargeEvents = (context: Context, action: Action, { events = 0 }: { events?: number }): void => {
  if (events < 2 || !liveOf(context)) return;
  countOf(stateOf(context.vault), accountKey(context, action), context.caller.now).requests += events - 1;
};

const limitOf = ({ limits: { requestsPerMinute } }: Vault, role: Role | null): number => {
  if (role === null) return Math.min(maxUnprovenRequestsPerMinute, requestsPerMinute);
  return role === 'admin' ? (requestsPerMinute * adminRequestsPercent) / 100 : requestsPerMinute;
};

/** Remembers what the database said of the caller's session or token. */
export const learn = (context: Context, outcome: string, principal: Principal | null): void => {
  const { vault, caller } = context;
  const { credentials } = stateOf(vault);
  if (caller.tokenHash !== undefined) {
    // The database is asked about a token each time, since one that was refused may work from another address.
    if (outcome === 'unauthenticated') credentials.delete(credentialOf(caller));
    else if (principal && liveOf(context)?.role !== principal.role)
      keep(credentials, credentialOf(caller), principal, maxKnownSessions);
    return;
  }
  if (caller.sessionId === null) return;
  if (outcome === 'unauthenticated') {
    keep(credentials, caller.sessionId, { endedUntil: caller.now + maxEndedSessionMs }, maxKnownSessions);
    return;
  }
  const known = credentials.get(caller.sessionId);
  if (principal === null ? known : known && 'role' in known && known.role === principal.role) return;
  keep(credentials, caller.sessionId, { role: principal?.role ?? 'user' }, maxKnownSessions);
};

/**
 * Refuses a request and counts it. The first of its kind in a minute is in the log at once; how many followed is written with
 * a later request (`takeCounts`).
 */
const countedRefusal = async (context: Context, key: string, kind: Kind, actorId: number | null): Promise<Refusal> => {
  const { vault, caller } = context;
  const count = countOf(stateOf(vault), key, caller.now);
  // The database itself has refused an ended session before, which the log says.
  const isLogged = count.refusal !== undefined || kind === ended;
  count.refusal = { kind, context, actorId };
  if (isLogged) count.refused += 1;
  else await transact(vault.db, [rowOf(count, null)]);
  const retryAfterSeconds = Math.ceil(((count.minute + 1) * minuteMs - caller.now) / 1000);
  return { ...kind, retryAfterSeconds: Math.max(1, retryAfterSeconds) };
};

const counted = statement(
  [
    'at',
    'request_id',
    'actor_id',
    'actor_name',
    'action',
    'outcome',
    'reason',
    'address',
    'user_agent',
    'requests',
    'key_id',
    'token_id',
    'token',
    'project',
  ],
  ({ key_id, ...fields }) => insertFrom(auditEvents, fields, instance, eq(instance.key_id, key_id)),
);

const rowOf = ({ refusal }: Count, requests: number | null): Filled => {
  if (!refusal) throw new TypeError('A count without a refusal');
  const { kind, context, actorId } = refusal;
  const { vault, caller } = context;
  const live = liveOf(context);
  return fill(counted(), {
    ...kind,
    at: caller.now,
    request_id: caller.requestId,
    actor_id: actorId,
    actor_name: caller.claimedName ?? live?.name ?? null,
    token_id: live?.token?.id ?? null,
    token: live?.token?.name ?? null,
    project: live?.token?.project ?? null,
    address: caller.address,
    user_agent: caller.userAgent,
    requests,
    key_id: vault.keyring.primary.id,
  });
};

/** Refuses a search because too many wait. */
export const refuseTurn = (
  context: Context,
  action: Action,
  reason: 'too_many_searches' | 'too_many_lists',
): Promise<Refusal> => {
  const kind: Kind = { action, outcome: 'denied', reason };
  return countedRefusal(context, `${reason} ${accountOf(context)}`, kind, accountOf(context));
};

/** Refuses to store a value if the disk is nearly full, or if the account was full a moment ago and nothing was deleted since. */
export const refuseForRoom = async (context: Context, action: Action): Promise<Refusal | null> => {
  const { vault, caller } = context;
  const account = accountOf(context);
  if (caller.isSpaceLow) {
    return countedRefusal(
      context,
      `space ${account} ${action}`,
      { action, outcome: 'failed', reason: 'no_space' },
      account,
    );
  }
  const full = stateOf(vault).full.get(`${account} ${action}`);
  if (!full || caller.now >= full.until || caller.now < full.until - maxFullMs) return null;
  return countedRefusal(
    context,
    `full ${account} ${action}`,
    { action, outcome: 'denied', reason: full.reason },
    account,
  );
};

/** Also by what is moved elsewhere. */
const makesRoom: ReadonlySet<Action> = new Set<Action>([
  'secret.delete',
  'secret.destroy',
  'secret.rename',
  'secret.transfer',
  'secret.restore',
  'version.destroy',
  'user.delete',
]);

const lasting = new Set(['too_many_keys', 'too_many_bytes', 'too_many_trashed', 'too_many_conflicts']);

/** Remembers that an account has no room, or that something was deleted. */
export const learnOfRoom = (context: Context, action: Action, decided: Room): void => {
  const { vault, caller } = context;
  const account = accountOf(context);
  const { full } = stateOf(vault);
  if (decided.outcome === 'allowed') {
    if (makesRoom.has(action)) full.clear();
  } else if (account !== 0 && lasting.has(decided.reason ?? '')) {
    keep(
      full,
      `${account} ${action}`,
      { reason: decided.reason ?? '', until: caller.now + maxFullMs },
      maxKnownSessions,
    );
  }
};

type Room = { outcome: 'allowed' } | Pick<Refusal, 'outcome' | 'reason'>;

/**
 * The rows about refusals of minutes that are over: a transaction that is made anyway writes them, before its verdict. If it
 * fails, `restore` keeps them for the next one.
 */
export const takeCounts = (vault: Vault, now: number): { rows: Filled[]; restore: () => void } => {
  const state = stateOf(vault);
  const minute = Math.floor(now / minuteMs);
  const taken: [string, Count][] = [];
  if (state.sweptAt !== minute) {
    for (const [key, count] of state.counts) {
      if (count.minute === minute) continue;
      if (taken.length === maxCountsPerTransaction) break;
      state.counts.delete(key);
      if (count.refused > 0) taken.push([key, count]);
    }
    if (taken.length < maxCountsPerTransaction) state.sweptAt = minute;
  }
  return {
    rows: taken.map(([, count]) => rowOf(count, count.refused)),
    restore: () => {
      for (const [key, count] of taken) state.counts.set(`${key} ${count.minute}`, count);
      state.sweptAt = 0;
    },
  };
};
