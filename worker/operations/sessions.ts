/** Signing in and out, a user's own sessions, and a user's own password. */
import { and, count, desc, eq, getTableColumns, gt, isNull, lt, ne, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { likeness } from '../../core/accounts/likeness.ts';
import { passwordProblem } from '../../core/accounts/password-policy.ts';
import { comparePassword, makeVerifier, needsUpgrade, verifyPassword } from '../../core/crypto/password.ts';
import { issueSessionToken, newSessionId } from '../../core/crypto/session-token.ts';
import { maxSessionsPerList } from '../../core/limits.ts';
import type { Action, Role } from '../../core/policy/policy.ts';
import { read } from '../store/commit.ts';
import { actorId, granted, insertIfAllowed, verdict } from '../store/granted.ts';
import { plan } from '../store/plan.ts';
import { preview } from '../store/preview.ts';
import { isClaimed, principal, principalByName, principalBySession } from '../store/principal.ts';
import { request, requestValues } from '../store/request.ts';
import { instance, sessions, users } from '../store/schema.ts';
import { fill, integer, type Params, query, statement, type Value } from '../store/statement.ts';
import { judge, sessionNumbered, verdictOn } from '../store/verdict.ts';
import { learn } from './admission.ts';
import { inTurn } from './hashing.ts';
import { openInstance } from './instance.ts';
import { askOpen, commitOpen, type Operation, type Outcome, operation } from './operation.ts';
import { retryAt, throttled, throttleParams, throttleValues } from './throttle.ts';
import type { Context } from './vault.ts';

export interface SignedIn {
  token: string;
  /** The same session as a value for the session cookie. */
  cookie: string;
  name: string;
  role: Role;
  must_change_password: boolean;
  /** Seconds until the session ends. */
  ttlSeconds: number;
}

/** The facts that a password check needs. It is a round trip of its own, because the hash lies between it and the verdict. */
const claimParams = ['request.claimed_name', 'request.claimed_likeness', 'request.shown_name'] as const;
const facts = statement([...throttleParams, ...claimParams, 'request.now', 'request.key_id'], (given) =>
  query
    .select({
      verifier: principal.verifier,
      must_change_password: principal.must_change_password,
      retry_at: integer('retry_at', retryAt(given)),
    })
    .from(instance)
    .leftJoin(principal, isClaimed)
    .where(eq(instance.key_id, given['request.key_id'])),
);

/** The facts about the account of the claimed name, whether it exists or not. A new vault is set up first. */
const factsOf = async ({ vault, caller }: Context) => {
  const filled = fill(facts(), { ...throttleValues(caller), ...requestValues(caller, vault.keyring.primary.id) });
  const [found] = await read(vault.db, filled);
  if (found) return found;
  await openInstance(vault, caller.now);
  const [again] = await read(vault.db, filled);
  if (!again) throw new TypeError('The vault is open, but has no instance');
  return again;
};

const passwordParams = [...throttleParams, 'password_matches', 'verifier'] as const;
type PasswordParam = (typeof passwordParams)[number];

/** The password was compared with a verifier; the account may have got another one since. */
const passwordIsWrong = ({ password_matches, verifier }: Params<PasswordParam>) =>
  sql`(not ${password_matches} or ${principal.verifier} is not ${verifier})`;

const signInPlan = plan([...passwordParams, 'better_verifier', 'new_session', 'expires_at'], (given) => ({
  verdict: judge({
    action: 'session.create',
    principal: principalByName,
    rules: [
      { when: throttled(given), outcome: 'denied', reason: 'throttled' },
      {
        when: sql`${isNull(principal.id)} or ${passwordIsWrong(given)}`,
        outcome: 'unauthenticated',
        reason: 'wrong_password',
      },
      { when: sql`not ${principal.is_active}`, outcome: 'unauthenticated', reason: 'inactive_account' },
    ],
  }),
  effects: [
    query.delete(sessions).where(and(eq(sessions.user_id, actorId), lt(sessions.expires_at, request.now), granted)),
    insertIfAllowed(sessions, {
      id: given.new_session,
      user_id: verdict.actor_id,
      created_at: request.now,
      expires_at: given.expires_at,
      address: request.address,
      user_agent: request.user_agent,
    }),
    query
      .update(users)
      .set({
        last_login_at: request.now,
        failures_forgiven_at: request.now,
        verifier: sql`coalesce(${given.better_verifier}, ${users.verifier})`,
      })
      .where(and(eq(users.id, actorId), granted)),
  ],
}));

/**
 * Signs in. The throttle is asked before anything is hashed, and again by the verdict, so that concurrent attempts get no
 * more answers than it allows (OWASP Authentication Cheat Sheet). An unknown or inactive account takes the same time and
 * gets the same answer as a wrong password.
 */
export const signIn = (
  { vault, caller: stranger }: Context,
  { name, password }: { name: string; password: string },
): Promise<Outcome<SignedIn>> =>
  inTurn({ ...stranger, claimedName: name }, async (pause): Promise<Outcome<SignedIn>> => {
    const caller = { ...stranger, claimedName: name, claimedLikeness: likeness(name) };
    const context = { vault, caller };
    const known = await factsOf(context);
    if (known.retry_at) return tooMany('session.create', known.retry_at, caller.now);
    const { matches, isOldForm } = await comparePassword(password, known.verifier, vault.passwordCost, pause);
    const issuedAt = Math.floor(caller.now / 1000);
    const expiresAt = issuedAt + vault.sessionTtlSeconds;
    const sessionId = newSessionId();
    const committed = await commitOpen(context, signInPlan, {
      ...throttleValues(caller),
      password_matches: Number(matches),
      verifier: known.verifier,
      better_verifier:
        matches && known.verifier && (isOldForm || needsUpgrade(known.verifier, vault.passwordCost))
          ? await makeVerifier(password, vault.passwordCost, pause)
          : null,
      new_session: sessionId,
      expires_at: expiresAt * 1000,
    });
    if (committed.outcome !== 'allowed') return { ...committed, action: 'session.create' };
    const { id: userId, name: username, role } = committed.principal;
    learn({ vault, caller: { ...caller, sessionId } }, 'allowed', role);
    const claims = { userId, username, role, sessionId, issuedAt, expiresAt };
    const token = await issueSessionToken(vault.sessionKey, claims);
    const cookie = await issueSessionToken(vault.cookieKey, claims);
    const must_change_password = known.must_change_password === 1;
    const result = { token, cookie, name: username, role, must_change_password, ttlSeconds: vault.sessionTtlSeconds };
    return { outcome: 'allowed', result };
  });

/** Not logged, because the log would grow with every attempt; the failures that led here are in it. */
const tooMany = (action: Action, retryAt: number, now: number): Outcome<never> => ({
  action,
  outcome: 'denied',
  reason: 'throttled',
  retryAfterSeconds: Math.max(1, Math.ceil((retryAt - now) / 1000)),
});

const { id, name, role, must_change_password } = users;

/** Who the caller is, and until when. */
export const readSession = operation({
  action: 'session.read',
  sql: () => ({
    answer: query
      .select({ id, name, role, must_change_password, expires_at: sessions.expires_at })
      .from(sessions)
      .innerJoin(users, eq(users.id, sessions.user_id))
      .where(and(eq(sessions.id, request.session_id), granted)),
  }),
  result: ([session]) => session ?? null,
});

const { user_id: _user, revoked_at: _revoked, ...listed } = getTableColumns(sessions);

/** Lists the caller's live sessions, the newest first. */
export const listSessions = operation({
  action: 'session.list',
  sql: () => ({
    answer: query
      .select({ ...listed, is_current: integer('is_current', eq(sessions.id, request.session_id)) })
      .from(sessions)
      .where(
        and(granted, eq(sessions.user_id, actorId), isNull(sessions.revoked_at), gt(sessions.expires_at, request.now)),
      )
      .orderBy(desc(sessions.created_at))
      .limit(maxSessionsPerList),
  }),
  result: (rows) => rows,
});

/** A part of an event's detail: how many things there are, after a comma; empty for none. */
export const counted = (number: SQLWrapper, one: string, many: string): SQL =>
  sql`coalesce((select ', ' || n || iif(n = 1, ${` ${one}`}, ${` ${many}`}) from (select ${number} as n) where n > 0), '')`;

/** For the detail of an event: how many live sessions of a user end. */
export const sessionsEnded = (user: SQL, ...conditions: SQL[]): SQL =>
  counted(
    query
      .select({ count: count() })
      .from(sessions)
      .where(
        and(
          eq(sessions.user_id, user),
          isNull(sessions.revoked_at),
          gt(sessions.expires_at, request.now),
          ...conditions,
        ),
      ),
    'session ended',
    'sessions ended',
  );

const liveSession = statement(['request.now', 'ids'], ({ ids }) =>
  query
    .select({ id: sessions.id })
    .from(sessions)
    .where(
      and(
        sql`${sessions.id} in (select value from json_each(${ids}))`,
        isNull(sessions.revoked_at),
        gt(sessions.expires_at, request.now),
      ),
    )
    .orderBy(desc(sessions.created_at))
    .limit(1),
);

/**
 * Which of several sessions is live; the newest, if several are. A round trip of its own, for the rare browser that sends
 * several session cookies. This grants nothing: the verdict asks again.
 */
export const findLiveSession = async ({ vault, caller }: Context, ids: readonly string[]): Promise<string | null> => {
  const [found] = await read(vault.db, fill(liveSession(), { 'request.now': caller.now, ids: JSON.stringify(ids) }));
  return found?.id ?? null;
};

/** Revokes the live sessions that meet the conditions. */
export const endSessions = (...conditions: SQL[]) =>
  query
    .update(sessions)
    .set({ revoked_at: request.now })
    .where(and(...conditions, isNull(sessions.revoked_at), granted));

export const revokeSession = operation({
  action: 'session.revoke',
  params: ['id'],
  sql: ({ id }) => ({ target: sessionNumbered(id), effects: [endSessions(eq(sessions.id, id))] }),
  values: ({ id }: { id: string }) => ({ id }),
});

export const signOut = operation({
  action: 'session.end',
  sql: () => ({ effects: [endSessions(eq(sessions.id, request.session_id))] }),
});

const storePassword = operation({
  action: 'password.change',
  params: [...passwordParams, 'new_verifier'],
  sql: (given) => ({
    rules: [
      { when: throttled(given), outcome: 'denied', reason: 'throttled' },
      { when: passwordIsWrong(given), outcome: 'denied', reason: 'wrong_password' },
    ],
    detail: sql`nullif(substr(${sessionsEnded(sql`${principal.id}`, ne(sessions.id, request.session_id))}, 3), '')`,
    effects: [
      query
        .update(users)
        .set({ verifier: given.new_verifier, must_change_password: 0, failures_forgiven_at: request.now })
        .where(and(eq(users.id, actorId), granted)),
      endSessions(eq(sessions.user_id, actorId), ne(sessions.id, request.session_id)),
    ],
  }),
  values: (given: Record<PasswordParam | 'new_verifier', Value>) => given,
});

/** Whether the caller may change the password, and what the check of the current one needs. */
const beforeChange = preview([...throttleParams], (given) => {
  const facts = query
    .select({ verifier: principal.verifier, retry_at: integer('retry_at', retryAt(given)) })
    .from(instance)
    .where(eq(instance.key_id, request.key_id))
    .$dynamic();
  // Drizzle's builder changes in place.
  for (const { table, on } of principalBySession) void facts.leftJoin(table, on);
  return { refusal: verdictOn({ action: 'password.change' }, true), facts };
});

/** Changes the caller's password and ends the other sessions of the account. A wrong one counts as a failed sign-in. */
export const changePassword: Operation<Record<'current_password' | 'new_password', string>, void> = {
  action: 'password.change',
  recordInvalid: storePassword.recordInvalid,
  perform: async (context, { current_password, new_password }) => {
    const { caller, vault } = context;
    const problem = passwordProblem(new_password, caller.claimedName ?? '');
    if (problem) return storePassword.recordInvalid(context, problem, null);
    return inTurn(caller, async (pause) => {
      const considered = await askOpen(context, beforeChange, throttleValues(caller));
      if (considered.outcome !== 'allowed') return { ...considered, action: 'password.change' };
      const { verifier, retry_at } = considered.facts;
      if (retry_at) return tooMany('password.change', retry_at, caller.now);
      const matches = await verifyPassword(current_password, verifier, vault.passwordCost, pause);
      return storePassword.perform(context, {
        ...throttleValues(caller),
        password_matches: Number(matches),
        verifier,
        new_verifier: matches ? await makeVerifier(new_password, vault.passwordCost, pause) : null,
      });
    });
  },
};
