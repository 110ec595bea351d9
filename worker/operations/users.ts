/** User accounts, for admins. */
import { and, asc, count, eq, gt, ne, or, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import { likeness } from '../../core/accounts/likeness.ts';
import { passwordProblem } from '../../core/accounts/password-policy.ts';
import { maxEventsPerLastSeen, maxUsersPerList } from '../../core/limits.ts';
import { newNumber } from '../../core/new-number.ts';
import type { Role } from '../../core/policy/policy.ts';
import { trimmed } from '../../core/text.ts';
import { granted, insertIfAllowed } from '../store/granted.ts';
import { isTwinOf } from '../store/principal.ts';
import { request } from '../store/request.ts';
import { nameTaken, type Rule } from '../store/rules.ts';
import { secrets, sessions, users } from '../store/schema.ts';
import { futureRow } from '../store/sealed.ts';
import { integer, type Param, type Params, query } from '../store/statement.ts';
import { inUse, targetUser, userNumbered } from '../store/targets.ts';
import { operation } from './operation.ts';
import { endSessions, sessionsEnded } from './sessions.ts';
import { newPassword } from './throttle.ts';

const { id, name, role, created_at, last_login_at, is_active, must_change_password } = users;
const listed = { id, name, role, created_at, last_login_at, is_active, must_change_password };

const secretsOfUser = query
  .select({ secrets: count() })
  .from(secrets)
  .where(and(eq(secrets.owner_id, id), inUse));

/**
 * When the account last did something itself. Failed sign-ins are of anybody, and service tokens act by themselves. If these are
 * all of its newest events, its last sign-in counts. 0 for never.
 */
const lastSeen = sql`max(coalesce(${users.last_login_at}, 0), coalesce((
  select at from (
    select at, outcome, token_id from audit_events where actor_id = ${users.id} order by id desc limit ${maxEventsPerLastSeen}
  ) as newest
  where token_id is null and outcome <> 'unauthenticated' limit 1
), 0))`;

/** Lists users in the order of their ids, from the one after `after`. */
export const listUsers = operation({
  action: 'user.list',
  params: ['after'],
  sql: ({ after }) => ({
    answer: query
      .select({
        ...listed,
        secrets: integer('secrets', secretsOfUser),
        last_seen_at: integer('last_seen_at', lastSeen),
      })
      .from(users)
      .where(and(granted, gt(id, after)))
      .orderBy(asc(id))
      .limit(maxUsersPerList + 1),
  }),
  values: ({ after }: { after: number }) => ({ after }),
  result: (rows) => ({
    users: rows.slice(0, maxUsersPerList),
    next: rows.length > maxUsersPerList ? (rows[maxUsersPerList - 1]?.id ?? null) : null,
  }),
});

export interface NewUser {
  name: string;
  password: string;
  role: Role;
  must_change_password: boolean;
}

/** An account as it will be, for its seal. */
export const futureAccount = (
  id: SQL,
  account: Record<
    'name' | 'role' | 'is_active' | 'must_change_password' | 'has_default_password' | 'verifier',
    SQLWrapper
  >,
): SQL => {
  const { name, role, is_active, must_change_password, has_default_password, verifier } = account;
  const contents = [id, name, role, is_active, must_change_password, has_default_password, verifier];
  return futureRow(
    'users',
    [id],
    contents.map((field) => sql`${field}`),
  );
};

export const createUser = operation({
  action: 'user.create',
  needsRoom: () => true,
  params: ['id', 'name', 'likeness', 'verifier', 'role', 'must_change_password'],
  sql: (given) => ({
    target: { name: given.name },
    rules: [
      nameTaken(
        query
          .select({ id })
          .from(users)
          .where(or(eq(name, given.name), eq(users.likeness, given.likeness), isTwinOf(given.likeness))),
      ),
    ],
    touched: sql`json_array(${futureAccount(sql`cast(${given.id} as integer)`, {
      ...given,
      must_change_password: sql`cast(${given.must_change_password} as integer)`,
      is_active: sql`1`,
      has_default_password: sql`0`,
    })})`,
    foresee: (_, { id = null, name = null, role = null, must_change_password = null, verifier = null }) => [
      ['users', [id], [id, name, role, 1, must_change_password, 0, verifier], null],
    ],
    seals: ['users'],
    answer: insertIfAllowed(users, {
      ...given,
      is_active: 1,
      created_at: request.now,
      failures_forgiven_at: 0,
      password_number: 0,
      has_default_password: 0,
    }).returning({ id }),
  }),
  objection: ({ name, password }: NewUser) => passwordProblem(password, name),
  newPassword: ({ password }) => password,
  values: ({ name, role, must_change_password }: NewUser, { caller }) => ({
    id: newNumber(caller.now),
    name,
    likeness: likeness(name),
    role,
    must_change_password: Number(must_change_password),
  }),
  result: ([created]) => created?.id ?? null,
});

const otherUser = alias(users, 'other');

/** Holds if the target is the only active admin, and the change ends that. */
export const leavesNoAdmin = (ends: SQL): Rule => ({
  when: sql`${targetUser.role} = 'admin' and ${targetUser.is_active} and ${ends} and not exists ${query
    .select({ id: otherUser.id })
    .from(otherUser)
    .where(and(eq(otherUser.role, 'admin'), eq(otherUser.is_active, 1), ne(otherUser.id, targetUser.id)))}`,
  outcome: 'invalid',
  reason: 'last_admin',
});

/** The fields of `newPassword` where there is one, and otherwise as they are. */
const ifPassword = (verifier: Param) =>
  Object.fromEntries(
    Object.entries(newPassword).map(([field, value]) => [
      field,
      sql`case when ${verifier} is null then ${users[field as keyof typeof newPassword]} else ${value} end`,
    ]),
  );

/** What to change; a field that is left out stays as it is. */
export interface UserChange {
  id: number;
  /** The name that the body repeats, if it does. A user cannot be renamed. */
  repeated?: string | null | undefined;
  password?: string | undefined;
  role?: Role | undefined;
  is_active?: boolean | undefined;
  must_change_password?: boolean | undefined;
}

/** The fields that a seal covers, as the change leaves them. */
const changedAccount = (
  given: Params<'verifier' | 'role' | 'is_active' | 'must_change_password'>,
  of: Record<'verifier' | 'role' | 'is_active' | 'must_change_password' | 'has_default_password', SQLWrapper>,
) => ({
  verifier: sql`coalesce(${given.verifier}, ${of.verifier})`,
  role: sql`coalesce(${given.role}, ${of.role})`,
  is_active: sql`coalesce(${given.is_active}, ${of.is_active})`,
  must_change_password: sql`coalesce(${given.must_change_password},
    case when ${given.verifier} is null then ${of.must_change_password} else 0 end)`,
  has_default_password: sql`iif(${given.verifier} is null, ${of.has_default_password}, 0)`,
});

/** What a change does, for the log. */
const changesOf = (given: Params<'verifier' | 'role' | 'is_active' | 'must_change_password'>) => {
  const { role: to, is_active: active, verifier, must_change_password: must } = given;
  const sessionsGo = sql`(${verifier} is not null or ${active} = 0)`;
  return sql`nullif(substr(
    iif(${to} <> ${targetUser.role}, ', role ' || ${targetUser.role} || ' to ' || ${to}, '')
    || iif(${active} <> ${targetUser.is_active}, iif(${active}, ', activated', ', deactivated'), '')
    || iif(${verifier} is null, '', ', new password')
    || iif(${must} <> ${targetUser.must_change_password}, iif(${must}, ', must change the password', ', need not change the password'), '')
    || iif(${sessionsGo}, ${sessionsEnded(sql`${targetUser.id}`)}, ''), 3), '')`;
};

export const updateUser = operation({
  action: 'user.update',
  params: [
    'id',
    'repeated',
    'trimmed_name',
    'verifier',
    'password_likeness',
    'role',
    'is_active',
    'must_change_password',
  ],
  sql: (given) => ({
    target: userNumbered(given.id, 'user.update'),
    detail: changesOf(given),
    rules: [
      {
        when: sql`${targetUser.name} <> ${given.repeated} and ${targetUser.name} <> ${given.trimmed_name}`,
        outcome: 'invalid',
        reason: 'renaming',
      },
      leavesNoAdmin(sql`(coalesce(${given.role}, 'admin') <> 'admin' or coalesce(${given.is_active}, 1) = 0)`),
      {
        // Likenesses are compared, because only SQL knows the name, and a password never goes into SQL.
        when: eq(targetUser.likeness, given.password_likeness),
        outcome: 'invalid',
        reason: 'password_is_name',
      },
    ],
    touched: sql`json_array(${futureAccount(sql`${targetUser.id}`, { ...targetUser, ...changedAccount(given, targetUser) })})`,
    seals: ['users'],
    effects: [
      query
        .update(users)
        .set({ ...ifPassword(given.verifier), ...changedAccount(given, users) })
        .where(and(eq(id, given.id), granted)),
      // A new password or a deactivation ends every session of the user for good.
      endSessions(eq(sessions.user_id, given.id), sql`(${given.verifier} is not null or ${given.is_active} = 0)`),
    ],
  }),
  objection: ({ password }: UserChange) => (password === undefined ? null : passwordProblem(password, '')),
  newPassword: ({ password }) => password ?? null,
  values: ({ id, repeated = null, password, role, is_active, must_change_password }: UserChange) => ({
    id,
    repeated,
    trimmed_name: repeated === null ? null : trimmed(repeated),
    password_likeness: password === undefined ? null : likeness(password),
    role: role ?? null,
    is_active: is_active === undefined ? null : Number(is_active),
    must_change_password: must_change_password === undefined ? null : Number(must_change_password),
  }),
});
