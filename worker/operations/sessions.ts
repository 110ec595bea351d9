import { sql } from 'drizzle-orm';
import { passwordProblem } from '../../core/accounts/password-policy.ts';
import { makeVerifier, needsUpgrade, verifyPassword } from '../../core/crypto/password.ts';
import { issueSessionToken, newSessionId } from '../../core/crypto/session-token.ts';
import type { Role } from '../../core/policy/policy.ts';
import { read } from '../store/commit.ts';
import { principalByName } from '../store/principal.ts';
import { instance, type SessionRow, sessions, type UserRow, users } from '../store/schema.ts';
import { type Statement, statement, value } from '../store/statement.ts';
import { actorId, granted, judge, sessionNamed } from '../store/verdict.ts';
import { inTurn } from './hashing.ts';
import { openInstance } from './instance.ts';
import { commitOpen, type Operation, type Outcome, operation } from './operation.ts';
import { retryAt, throttled, throttleValues } from './throttle.ts';
import type { Context } from './vault.ts';

/** Signing in and out, one's own sessions, one's own password. */

export const sessionsPerList = 200;

export interface SignedIn {
  token: string;
  name: string;
  role: Role;
  mustChangePassword: boolean;
  /** Seconds until the session ends. */
  ttlSeconds: number;
}

/** What is known before a password is compared: the only other round trip there is, since the hash lies between the two. */
type Known = Pick<UserRow, 'verifier' | 'must_change_password'> & { retry_at: number };

const known = statement<{ [Field in keyof Known]: Known[Field] | null }>(sql`
  SELECT principal.verifier, principal.must_change_password, ${retryAt} AS retry_at
  FROM ${instance} ${principalByName} WHERE ${instance.key_id} = ${value('key_id')}`);

const passwordIsWrong = sql`NOT ${value('password_matches')} OR principal.verifier IS NOT ${value('verifier')}`;

const signInPlan = {
  verdict: judge({
    action: 'session.create',
    principal: principalByName,
    find: sql``,
    label: sql`NULL`,
    rules: [
      { when: throttled, outcome: 'denied', reason: 'throttled' },
      { when: sql`principal.id IS NULL OR ${passwordIsWrong}`, outcome: 'unauthenticated', reason: 'wrong_password' },
      { when: sql`NOT principal.is_active`, outcome: 'unauthenticated', reason: 'inactive_account' },
    ],
  }),
  effects: [
    statement(sql`
      DELETE FROM ${sessions} WHERE user_id = ${actorId} AND expires_at < ${value('now')} AND ${granted}`),
    statement(sql`
      INSERT INTO ${sessions} (id, user_id, created_at, expires_at, address, user_agent)
      SELECT ${value('new_session')}, ${actorId}, ${value('now')}, ${value('expires_at')}, ${value('address')},
        ${value('user_agent')}
      WHERE ${granted}`),
    statement(sql`
      UPDATE ${users} SET last_login_at = ${value('now')}, failures_forgiven_at = ${value('now')},
        verifier = coalesce(${value('better_verifier')}, verifier)
      WHERE id = ${actorId} AND ${granted}`),
  ] as [Statement, Statement, Statement<never>],
};

/**
 * Signs in. The throttle is asked before anything is hashed, and once more by the verdict itself, so that no number of
 * attempts at once is answered more often than it allows (OWASP Authentication Cheat Sheet). An unknown or inactive account
 * costs the same time and gets the same answer as a wrong password.
 */
export const signIn = ({ vault, caller: stranger }: Context, { name, password }: { name: string; password: string }) =>
  inTurn(async (): Promise<Outcome<SignedIn>> => {
    const caller = { ...stranger, claimedName: name };
    const context = { vault, caller };
    const facts = await knownOf(context, name);
    if (facts.retry_at) return tooMany(facts.retry_at, caller.now);
    const matches = await verifyPassword(password, facts.verifier, vault.passwordCost);
    const issuedAt = Math.floor(caller.now / 1000);
    const expiresAt = issuedAt + vault.sessionTtlSeconds;
    const sessionId = newSessionId();
    const committed = await commitOpen(context, signInPlan, {
      ...throttleValues(caller, name),
      password_matches: Number(matches),
      verifier: facts.verifier,
      better_verifier:
        matches && facts.verifier && needsUpgrade(facts.verifier, vault.passwordCost)
          ? await makeVerifier(password, vault.passwordCost)
          : null,
      new_session: sessionId,
      expires_at: expiresAt * 1000,
    });
    if (committed.outcome !== 'allowed') return { ...committed, action: 'session.create' };
    const { id: userId, name: username, role } = committed.principal;
    const claims = { userId, username, role, sessionId, issuedAt, expiresAt };
    const token = await issueSessionToken(vault.sessionKey, claims);
    const mustChangePassword = facts.must_change_password === 1;
    const result = { token, name: username, role, mustChangePassword, ttlSeconds: vault.sessionTtlSeconds };
    return { outcome: 'allowed', result };
  });

/** What is known of an account by this name, whether it exists or not. A new vault is set up first. */
const knownOf = async ({ vault, caller }: Context, name: string) => {
  const values = {
    ...throttleValues(caller, name),
    key_id: vault.keyring.primary.id,
    claimed_name: name,
    now: caller.now,
  };
  const [facts] = await read(vault.db, known, values);
  if (facts) return facts;
  await openInstance(vault, caller.now);
  const [again] = await read(vault.db, known, values);
  if (!again) throw new TypeError('The vault is open, yet has no instance');
  return again;
};

/** Refused without a trace in the log, which would grow with each attempt: the failures that led here are in it. */
const tooMany = (retry: number, now: number): Outcome<never> => ({
  action: 'session.create',
  outcome: 'denied',
  reason: 'throttled',
  retryAfterSeconds: Math.max(1, Math.ceil((retry - now) / 1000)),
});

/** Who am I, and until when. */
export const readSession = operation({
  intent: { action: 'session.read' },
  answer: statement<
    Pick<UserRow, 'id' | 'name' | 'role' | 'must_change_password'> & Pick<SessionRow, 'expires_at'>
  >(sql`
    SELECT ${users.id}, ${users.name}, ${users.role}, ${users.must_change_password}, ${sessions.expires_at}
    FROM ${sessions} JOIN ${users} ON ${users.id} = ${sessions.user_id}
    WHERE ${sessions.id} = ${value('session_id')} AND ${granted}`),
  result: ([session]) => session ?? null,
});

export type ListedSession = Omit<SessionRow, 'user_id' | 'revoked_at'> & { is_current: number };

export const listSessions = operation({
  intent: { action: 'session.list' },
  answer: statement<ListedSession>(sql`
    SELECT ${sessions.id}, ${sessions.created_at}, ${sessions.expires_at}, ${sessions.address}, ${sessions.user_agent},
      ${sessions.id} = ${value('session_id')} AS is_current
    FROM ${sessions} WHERE ${granted} AND ${sessions.user_id} = ${actorId} AND ${sessions.revoked_at} IS NULL
      AND ${sessions.expires_at} > ${value('now')}
    ORDER BY ${sessions.created_at} DESC LIMIT ${value('limit')}`),
  values: () => ({ limit: sessionsPerList }),
  result: (rows) => rows,
});

export const revokeSession = operation({
  intent: { action: 'session.revoke', target: sessionNamed },
  effects: [
    statement(sql`
      UPDATE ${sessions} SET revoked_at = ${value('now')}
      WHERE id = ${value('target')} AND revoked_at IS NULL AND ${granted}`),
  ],
  values: ({ id }: { id: string }) => ({ target: id }),
});

export const signOut = operation({
  intent: { action: 'session.end' },
  effects: [
    statement(
      sql`UPDATE ${sessions} SET revoked_at = ${value('now')} WHERE id = ${value('session_id')} AND ${granted}`,
    ),
  ],
});

export interface PasswordChange {
  currentPassword: string;
  newPassword: string;
}

const storePassword = operation({
  intent: {
    action: 'password.change',
    refusals: [
      { when: throttled, outcome: 'denied', reason: 'throttled' },
      { when: passwordIsWrong, outcome: 'denied', reason: 'wrong_password' },
    ],
  },
  effects: [
    statement(sql`
      UPDATE ${users} SET verifier = ${value('new_verifier')}, must_change_password = 0, failures_forgiven_at = ${value('now')}
      WHERE id = ${actorId} AND ${granted}`),
    statement(sql`
      UPDATE ${sessions} SET revoked_at = ${value('now')}
      WHERE user_id = ${actorId} AND id <> ${value('session_id')} AND revoked_at IS NULL AND ${granted}`),
  ],
  values: (bound: Record<string, string | number | null>) => bound,
});

/** Changes one's own password; every other session of the account ends. Wrong ones count as failed sign-ins do. */
export const changePassword: Operation<PasswordChange, void> = {
  action: 'password.change',
  refuse: storePassword.refuse,
  perform: (context, { currentPassword, newPassword }) =>
    inTurn(async () => {
      const name = context.caller.claimedName ?? '';
      const problem = passwordProblem(newPassword, name);
      if (problem) return storePassword.refuse(context, problem, null);
      const facts = await knownOf(context, name);
      if (facts.retry_at) return tooMany(facts.retry_at, context.caller.now);
      const matches = await verifyPassword(currentPassword, facts.verifier, context.vault.passwordCost);
      return storePassword.perform(context, {
        ...throttleValues(context.caller, name),
        password_matches: Number(matches),
        verifier: facts.verifier,
        new_verifier: matches ? await makeVerifier(newPassword, context.vault.passwordCost) : null,
      });
    }),
};
