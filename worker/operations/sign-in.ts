/** Signing in with a name and a password. */
import { and, eq, isNotNull, isNull, lt, sql } from 'drizzle-orm';
import { isDefaultPassword } from '../../core/accounts/default-passwords.ts';
import { likeness } from '../../core/accounts/likeness.ts';
import { pseudonym, readDevices, withDevice, writeDevices } from '../../core/crypto/device-token.ts';
import { comparePassword, makeVerifier, needsUpgrade } from '../../core/crypto/password.ts';
import { issueSessionToken, newSessionId } from '../../core/crypto/session-token.ts';
import { childIdCharacters, maxChildSeconds } from '../../core/limits.ts';
import type { Role } from '../../core/policy/policy.ts';
import { actorId, granted, insertIfAllowed, verdict } from '../store/granted.ts';
import { plan } from '../store/plan.ts';
import { isClaimed, principal, principalByName } from '../store/principal.ts';
import { request, requestValues } from '../store/request.ts';
import { instance, sessions, users } from '../store/schema.ts';
import { fill, integer, type Params, query, statement, type Values } from '../store/statement.ts';
import { read } from '../store/transact.ts';
import { judge } from '../store/verdict.ts';
import { learn } from './admission.ts';
import { sealSwitchedOff, switchedOff, switchOffUnused } from './default-accounts.ts';
import { scryptBy } from './hasher.ts';
import { inTurn } from './hashing.ts';
import { openInstance } from './instance.ts';
import { commitOpen, type Outcome } from './operation.ts';
import { passwordIsWrong, passwordParams, tooMany } from './password-check.ts';
import { dropOfAccount } from './session-child.ts';
import {
  forgiving,
  knowAddress,
  signInBudgetAt,
  signInCounts,
  signInRetryAt,
  throttleParams,
  throttleValues,
} from './throttle.ts';
import { futureAccount } from './users.ts';
import type { Context } from './vault.ts';

export interface SignedIn {
  /** Of the session. */
  id: string;
  token: string;
  /** The same session as a value for the session cookie. */
  cookie: string;
  name: string;
  role: Role;
  must_change_password: boolean;
  /** Seconds until the session ends. */
  ttlSeconds: number;
  /** The same in milliseconds since 1970, and beyond what no renewal goes. */
  endsAt: number;
  latestEnd: number;
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

/** What the log says of a name that no account has: enough to tell whether it is the same again, but not the name. */
const unknownName = ({ unknown_name }: Params<'unknown_name'>) =>
  sql`case when ${isNull(principal.id)} then 'unknown name ' || substr(${unknown_name}, 1, 4) end`;

const ofSession = ['new_session', 'expires_at', 'generation', 'lifetime', 'latest_end', 'access'] as const;

const signInPlan = plan(
  [...throttleParams, ...passwordParams, 'has_default_password', 'better_verifier', ...ofSession],
  (given) => ({
    verdict: judge({
      action: 'session.create',
      principal: principalByName,
      touched: sql`json_array(${futureAccount(sql`${principal.id}`, {
        ...principal,
        verifier: sql`coalesce(${given.better_verifier}, ${principal.verifier})`,
        has_default_password: sql`cast(${given.has_default_password} as integer)`,
      })})`,
      foresee: ({ rows: { principal: account } }, { better_verifier = null, has_default_password = null }) => {
        if (!account) return null;
        const [id = null, name = null, role = null, active = null, must = null, , verifier = null] = account[2];
        return [
          ['users', [id], [id, name, role, active, must, has_default_password, better_verifier ?? verifier], null],
        ];
      },
      actorName: principal.name,
      target: { name: unknownName(given) },
      detail: sql`iif(${given.access} is null, null, 'child ' || substr(${given.new_session}, 1, ${childIdCharacters}))`,
      rules: [
        { when: sql`${signInRetryAt(given)} > ${request.now}`, outcome: 'denied', reason: 'throttled' },
        { when: isNull(principal.id), outcome: 'unauthenticated', reason: 'unknown_name' },
        { when: passwordIsWrong(given), outcome: 'unauthenticated', reason: 'wrong_password' },
        { when: sql`not ${principal.is_active}`, outcome: 'unauthenticated', reason: 'inactive_account' },
      ],
    }),
    seals: ['users'],
    effects: [
      ...signInCounts(given),
      query.delete(sessions).where(and(eq(sessions.user_id, actorId), lt(sessions.expires_at, request.now), granted)),
      dropOfAccount(isNotNull(given.access)),
      insertIfAllowed(sessions, {
        id: given.new_session,
        user_id: verdict.actor_id,
        created_at: request.now,
        expires_at: given.expires_at,
        address: request.address,
        user_agent: request.user_agent,
        generation: given.generation,
        lifetime: given.lifetime,
        latest_end: given.latest_end,
        access: given.access,
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
    answer: switchedOff,
  }),
  ['session'],
);

interface Attempt {
  name: string;
  password: string;
  /** A program gets what a child of a session is: it may do less, and lives for at most a day without a renewal. */
  isForProgram?: boolean;
  /** For how long a program wants to be signed in; null for as long as it may. */
  lifetimeMs?: number | null;
}

/**
 * Signs in. The throttle is asked before anything is hashed, and again by the verdict, so that concurrent attempts get no
 * more answers than it allows (OWASP Authentication Cheat Sheet). An unknown or inactive account takes the same time and
 * gets the same answer as a wrong password.
 */
export const signIn = async (context: Context, attempt: Attempt): Promise<Outcome<SignedIn>> => {
  const outcome = await trySignIn(context, attempt);
  if (outcome.outcome !== 'allowed') context.vault.metrics?.noteFailedSignIn(outcome.outcome);
  return outcome;
};

const trySignIn = (
  { vault, caller: stranger }: Context,
  { name, password, isForProgram = false, lifetimeMs = null }: Attempt,
): Promise<Outcome<SignedIn>> => {
  const caller = { ...stranger, claimedName: name, claimedLikeness: likeness(name) };
  return inTurn(caller, async (pause): Promise<Outcome<SignedIn>> => {
    const context = { vault, caller };
    const scrypt = scryptBy(vault.hasher, pause);
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
    const mostSeconds = isForProgram ? Math.min(vault.sessionTtlSeconds, maxChildSeconds) : vault.sessionTtlSeconds;
    const ttlSeconds = lifetimeMs === null ? mostSeconds : Math.min(mostSeconds, Math.ceil(lifetimeMs / 1000));
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
      expires_at: (issuedAt + ttlSeconds) * 1000,
      generation: Number(isForProgram),
      lifetime: isForProgram ? ttlSeconds * 1000 : null,
      latest_end: isForProgram ? expiresAt * 1000 : null,
      access: isForProgram ? 'manage' : null,
    });
    if (committed.outcome !== 'allowed') return { ...committed, action: 'session.create' };
    await sealSwitchedOff(vault, committed.rows);
    const { id: userId, name: username, role } = committed.principal;
    learn({ vault, caller: { ...caller, sessionId } }, 'allowed', committed.principal);
    const access = isForProgram ? 'manage' : null;
    const claims = { userId, username, role, sessionId, access, issuedAt, expiresAt };
    const token = await issueSessionToken(vault.sessionKey, claims);
    const cookie = await issueSessionToken(vault.cookieKey, claims);
    const must_change_password = known.must_change_password === 1 || (hasDefaultPassword && !caller.isLocal);
    const deviceCookie = await writeDevices(vault.sessionKey, withDevice(devices, userId, known.password_number ?? 0));
    const ends = { ttlSeconds, endsAt: (issuedAt + ttlSeconds) * 1000, latestEnd: expiresAt * 1000 };
    const result = { id: sessionId, token, cookie, name: username, role, must_change_password, deviceCookie };
    return { outcome: 'allowed', result: { ...result, ...ends } };
  });
};
