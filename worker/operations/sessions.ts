/** Signing in and out, a user's own sessions, and a user's own password. */
import { and, count, desc, eq, getTableColumns, gt, isNull, lt, ne, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import { isDefaultPassword } from '../../core/accounts/default-passwords.ts';
import { likeness } from '../../core/accounts/likeness.ts';
import { passwordProblem } from '../../core/accounts/password-policy.ts';
import { pseudonym, readDevices, withDevice, writeDevices } from '../../core/crypto/device-token.ts';
import { comparePassword, makeVerifier, needsUpgrade, verifyPassword } from '../../core/crypto/password.ts';
import { sliced } from '../../core/crypto/scrypt.ts';
import { issueSessionToken, newSessionId } from '../../core/crypto/session-token.ts';
import { maxExaminedFailures, maxSessionsPerList, minFailedAccounts, proxySearchMs } from '../../core/limits.ts';
import { networkRange } from '../../core/network/address.ts';
import { isPrivate } from '../../core/network/ranges.ts';
import type { Action, Role } from '../../core/policy/policy.ts';
import { read } from '../store/commit.ts';
import { actorId, granted, insertIfAllowed, verdict } from '../store/granted.ts';
import { plan } from '../store/plan.ts';
import { preview } from '../store/preview.ts';
import { isClaimed, principal, principalByName, principalBySession } from '../store/principal.ts';
import { request, requestValues } from '../store/request.ts';
import { auditEvents, instance, sessions, users } from '../store/schema.ts';
import { fill, integer, type Params, query, statement, type Value, type Values } from '../store/statement.ts';
import { judge, sessionNumbered, verdictOn } from '../store/verdict.ts';
import { learn } from './admission.ts';
import { switchOffUnused } from './default-accounts.ts';
import { inTurn } from './hashing.ts';
import { openInstance } from './instance.ts';
import { askOpen, commitOpen, type Operation, type Outcome, operation } from './operation.ts';
import {
  changeBudgetAt,
  changeCounts,
  changeRetryAt,
  forgiving,
  knowAddress,
  newPassword,
  signInBudgetAt,
  signInCounts,
  signInRetryAt,
  throttleParams,
  throttleValues,
} from './throttle.ts';
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
  /** The cookie by which this account, and others, know the browser from now on. */
  deviceCookie: string;
}

/** The facts that a password check needs. It is a round trip of its own, because the hash lies between it and the verdict. */
const claimParams = ['request.claimed_name', 'request.claimed_likeness'] as const;
const facts = statement([...throttleParams, ...claimParams, 'request.now', 'request.key_id'], (given) =>
  query
    .select({
      verifier: principal.verifier,
      must_change_password: principal.must_change_password,
      password_number: principal.password_number,
      retry_at: integer('retry_at', signInRetryAt(given)),
      budget_at: integer('budget_at', signInBudgetAt(given)),
    })
    .from(instance)
    .leftJoin(principal, isClaimed)
    .where(eq(instance.key_id, given['request.key_id'])),
);

/** The facts about the account of the claimed name, whether it exists or not. A new vault is set up first. */
const factsOf = async ({ vault, caller }: Context, throttle: Values<(typeof throttleParams)[number]>) => {
  const filled = fill(facts(), { ...throttle, ...requestValues(caller, vault.keyring.primary.id) });
  const [found] = await read(vault.db, filled);
  if (found) return found;
  await openInstance(vault, caller.now);
  const [again] = await read(vault.db, filled);
  if (!again) throw new TypeError('The vault is open, but has no instance');
  return again;
};

const passwordParams = ['password_matches', 'verifier'] as const;
type PasswordParam = (typeof passwordParams)[number];

/** The password was compared with a verifier; the account may have got another one since. */
const passwordIsWrong = ({ password_matches, verifier }: Params<PasswordParam>) =>
  sql`(not ${password_matches} or ${principal.verifier} is not ${verifier})`;

/** What the log says of a name that no account has: enough to tell whether it is the same again, but not the name. */
const unknownName = ({ unknown_name }: Params<'unknown_name'>) =>
  sql`case when ${isNull(principal.id)} then 'unknown name ' || substr(${unknown_name}, 1, 4) end`;

const signInPlan = plan(
  [...throttleParams, ...passwordParams, 'has_default_password', 'better_verifier', 'new_session', 'expires_at'],
  (given) => ({
    verdict: judge({
      action: 'session.create',
      principal: principalByName,
      actorName: principal.name,
      target: { name: unknownName(given) },
      rules: [
        { when: sql`${signInRetryAt(given)} > ${request.now}`, outcome: 'denied', reason: 'throttled' },
        { when: isNull(principal.id), outcome: 'unauthenticated', reason: 'unknown_name' },
        { when: passwordIsWrong(given), outcome: 'unauthenticated', reason: 'wrong_password' },
        { when: sql`not ${principal.is_active}`, outcome: 'unauthenticated', reason: 'inactive_account' },
      ],
    }),
    effects: [
      ...signInCounts(given),
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
          failures_forgiven_at: forgiving(given),
          has_default_password: given.has_default_password,
          verifier: sql`coalesce(${given.better_verifier}, ${users.verifier})`,
        })
        .where(and(eq(users.id, actorId), granted)),
      ...knowAddress(given),
      ...switchOffUnused,
    ],
  }),
);

/**
 * Signs in. The throttle is asked before anything is hashed, and again by the verdict, so that concurrent attempts get no
 * more answers than it allows (OWASP Authentication Cheat Sheet). An unknown or inactive account takes the same time and
 * gets the same answer as a wrong password.
 */
export const signIn = (
  { vault, caller: stranger }: Context,
  { name, password }: { name: string; password: string },
): Promise<Outcome<SignedIn>> => {
  const caller = { ...stranger, claimedName: name, claimedLikeness: likeness(name) };
  return inTurn(caller, async (pause): Promise<Outcome<SignedIn>> => {
    const context = { vault, caller };
    const scrypt = sliced(pause);
    const devices = await readDevices(vault.sessionKey, caller.deviceCookie);
    const throttle = throttleValues(caller, devices, await pseudonym(vault.sessionKey, caller.claimedLikeness));
    const known = await factsOf(context, throttle);
    if (known.retry_at) return tooMany('session.create', 'throttled', known.retry_at, caller.now);
    if (known.budget_at) return tooMany('session.create', 'too_many_sign_ins', known.budget_at, caller.now);
    const { matches, isOldForm } = await comparePassword(password, known.verifier, vault.passwordCost, scrypt);
    const hasDefaultPassword = isDefaultPassword(password);
    const issuedAt = Math.floor(caller.now / 1000);
    const expiresAt = issuedAt + vault.sessionTtlSeconds;
    const sessionId = newSessionId();
    const committed = await commitOpen(context, signInPlan, {
      ...throttle,
      password_matches: Number(matches),
      verifier: known.verifier,
      better_verifier:
        matches && known.verifier && (isOldForm || needsUpgrade(known.verifier, vault.passwordCost))
          ? await makeVerifier(password, vault.passwordCost, scrypt)
          : null,
      has_default_password: Number(hasDefaultPassword),
      new_session: sessionId,
      expires_at: expiresAt * 1000,
    });
    if (committed.outcome !== 'allowed') return { ...committed, action: 'session.create' };
    const { id: userId, name: username, role } = committed.principal;
    learn({ vault, caller: { ...caller, sessionId } }, 'allowed', role);
    const claims = { userId, username, role, sessionId, issuedAt, expiresAt };
    const token = await issueSessionToken(vault.sessionKey, claims);
    const cookie = await issueSessionToken(vault.cookieKey, claims);
    const must_change_password = known.must_change_password === 1 || (hasDefaultPassword && !caller.isLocal);
    const deviceCookie = await writeDevices(vault.sessionKey, withDevice(devices, userId, known.password_number ?? 0));
    const result = { token, cookie, name: username, role, must_change_password, deviceCookie };
    return { outcome: 'allowed', result: { ...result, ttlSeconds: vault.sessionTtlSeconds } };
  });
};

/** Not logged, because the log would grow with every attempt; what led here is in it. */
const tooMany = (
  action: Action,
  reason: 'throttled' | 'too_many_sign_ins' | 'too_many_changes',
  retryAt: number,
  now: number,
): Outcome<never> => ({
  action,
  outcome: 'denied',
  reason,
  retryAfterSeconds: Math.max(1, Math.ceil((retryAt - now) / 1000)),
});

const { id, name, role } = users;

/** An account with a default password can do nothing else where other machines can reach the vault. */
const mustChangePassword = integer(
  'must_change_password',
  sql`${users.must_change_password} or (${users.has_default_password} and not ${request.is_local})`,
);

/** Failures, one from each address from which many accounts have failed (core/data-folder/likely-proxies.ts). */
const failure = alias(auditEvents, 'failure');
const isOfLikelyProxy = sql`failure.id in (select max(id) from (
    select id, address, coalesce(actor_id, target, actor_name) as account from audit_events
    where reason in ('wrong_password', 'inactive_account', 'unknown_name') and at > ${request.now} - ${proxySearchMs}
    order by at desc limit ${maxExaminedFailures})
  group by address having count(distinct account) >= ${minFailedAccounts})`;

/** Who the caller is, and until when; for an admin, also which addresses are probably proxies that nobody named. */
export const readSession = operation({
  action: 'session.read',
  sql: () => ({
    answer: query
      .select({
        ...{ id, name, role, must_change_password: mustChangePassword, expires_at: sessions.expires_at },
        address: failure.address,
      })
      .from(sessions)
      .innerJoin(users, eq(users.id, sessions.user_id))
      .leftJoin(failure, and(eq(users.role, 'admin'), isOfLikelyProxy))
      .where(and(eq(sessions.id, request.session_id), granted)),
  }),
  result: (rows) => {
    const [session] = rows;
    if (!session) return null;
    const addresses = rows.flatMap(({ address }) => (address !== null && isPrivate(address) ? [address] : []));
    return { ...session, likelyProxies: session.must_change_password ? [] : addresses };
  },
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
  params: ['network', ...passwordParams, 'new_verifier'],
  sql: (given) => ({
    rules: [
      { when: sql`${changeRetryAt(given)} > ${request.now}`, outcome: 'denied', reason: 'throttled' },
      { when: passwordIsWrong(given), outcome: 'denied', reason: 'wrong_password' },
    ],
    detail: sql`nullif(substr(${sessionsEnded(sql`${principal.id}`, ne(sessions.id, request.session_id))}, 3), '')`,
    effects: [
      ...changeCounts(given),
      query
        .update(users)
        .set({ verifier: given.new_verifier, must_change_password: 0, ...newPassword })
        .where(and(eq(users.id, actorId), granted)),
      endSessions(eq(sessions.user_id, actorId), ne(sessions.id, request.session_id)),
      ...knowAddress(given),
      ...switchOffUnused,
    ],
  }),
  values: (given: Record<'network' | PasswordParam | 'new_verifier', Value>) => given,
});

/** Whether the caller may change the password, and what the check of the current one needs. */
const beforeChange = preview(['network'], (given) => {
  const facts = query
    .select({
      id: principal.id,
      verifier: principal.verifier,
      password_number: principal.password_number,
      retry_at: integer('retry_at', changeRetryAt(given)),
      budget_at: integer('budget_at', changeBudgetAt),
    })
    .from(instance)
    .where(eq(instance.key_id, request.key_id))
    .$dynamic();
  // Drizzle's builder changes in place.
  for (const { table, on } of principalBySession) void facts.leftJoin(table, on);
  return { refusal: verdictOn({ action: 'password.change' }, true), facts };
});

/**
 * Changes the caller's password and ends the other sessions of the account. Wrong current passwords are counted for the
 * session, so that strangers who fail to sign in cannot keep a user from changing the password. The result is the device
 * cookie: the account knows this browser under the new password, and no other.
 */
export const changePassword: Operation<
  Record<'current_password' | 'new_password', string>,
  { deviceCookie: string }
> = {
  action: 'password.change',
  recordInvalid: storePassword.recordInvalid,
  perform: async (context, { current_password, new_password }) => {
    const { caller, vault } = context;
    const problem = passwordProblem(new_password, caller.claimedName ?? '');
    if (problem) return storePassword.recordInvalid(context, problem, null);
    return inTurn(caller, async (pause) => {
      const network = networkRange(caller.address).from;
      const considered = await askOpen(context, beforeChange, { network });
      if (considered.outcome !== 'allowed') return { ...considered, action: 'password.change' };
      const { id, verifier, password_number, retry_at, budget_at } = considered.facts;
      if (retry_at) return tooMany('password.change', 'throttled', retry_at, caller.now);
      if (budget_at) return tooMany('password.change', 'too_many_changes', budget_at, caller.now);
      const matches = await verifyPassword(current_password, verifier, vault.passwordCost, sliced(pause));
      const changed = await storePassword.perform(context, {
        network,
        password_matches: Number(matches),
        verifier,
        new_verifier: matches ? await makeVerifier(new_password, vault.passwordCost, sliced(pause)) : null,
      });
      if (changed.outcome !== 'allowed') return changed;
      const devices = await readDevices(vault.sessionKey, caller.deviceCookie);
      const deviceCookie = await writeDevices(vault.sessionKey, withDevice(devices, id, password_number + 1));
      return { outcome: 'allowed', result: { deviceCookie } };
    });
  },
};
