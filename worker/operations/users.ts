import { type SQL, sql } from 'drizzle-orm';
import { likeness } from '../../core/accounts/likeness.ts';
import { passwordProblem } from '../../core/accounts/password-policy.ts';
import { makeVerifier } from '../../core/crypto/password.ts';
import type { Role } from '../../core/policy/policy.ts';
import { secrets, sessions, type UserRow, users } from '../store/schema.ts';
import { statement, value } from '../store/statement.ts';
import { granted, type Rule, userNumbered } from '../store/verdict.ts';
import { inTurn } from './hashing.ts';
import { operation } from './operation.ts';

/** User accounts, for admins. */

/** The most users that one list answers; the rest follows from the id it ended with. */
export const usersPerList = 1_000;

export type ListedUser = Omit<UserRow, 'likeness' | 'verifier' | 'failures_forgiven_at'> & { secrets: number };

export const listUsers = operation({
  intent: { action: 'user.list' },
  answer: statement<ListedUser>(sql`
    SELECT ${users.id}, ${users.name}, ${users.role}, ${users.created_at}, ${users.last_login_at}, ${users.is_active},
      ${users.must_change_password},
      (SELECT count(*) FROM ${secrets} WHERE ${secrets.owner_id} = ${users.id}) AS secrets
    FROM ${users} WHERE ${granted} AND ${users.id} > ${value('after')} ORDER BY ${users.id} LIMIT ${value('limit')}`),
  values: ({ after }: { after: number }) => ({ after, limit: usersPerList + 1 }),
  result: (rows) => ({
    users: rows.slice(0, usersPerList),
    next: rows.length > usersPerList ? (rows[usersPerList - 1]?.id ?? null) : null,
  }),
});

export interface NewUser {
  name: string;
  password: string;
  role: Role;
  mustChangePassword: boolean;
}

export const createUser = operation({
  intent: {
    action: 'user.create',
    label: sql`${value('target')}`,
    refusals: [
      {
        when: sql`EXISTS (SELECT 1 FROM ${users} WHERE name = ${value('target')} OR likeness = ${value('likeness')})`,
        outcome: 'conflict',
        reason: 'name_taken',
      },
    ],
  },
  answer: statement<Pick<UserRow, 'id'>>(sql`
    INSERT INTO ${users} (name, likeness, verifier, role, must_change_password, created_at)
    SELECT ${value('target')}, ${value('likeness')}, ${value('verifier')}, ${value('role')}, ${value('must_change')},
      ${value('now')}
    WHERE ${granted} RETURNING id`),
  objection: ({ name, password }: NewUser) => passwordProblem(password, name),
  values: async ({ name, password, role, mustChangePassword }: NewUser, { vault }) => ({
    target: name,
    likeness: likeness(name),
    verifier: await inTurn(() => makeVerifier(password, vault.passwordCost)),
    role,
    must_change: Number(mustChangePassword),
  }),
  result: ([created]) => created?.id ?? null,
});

/** Holds if the target is the only active admin and would no longer be one. */
const leavesNoAdmin = (ceases: SQL): Rule => ({
  when: sql`target.role = 'admin' AND target.is_active AND ${ceases} AND NOT EXISTS (
    SELECT 1 FROM ${users} AS other WHERE other.role = 'admin' AND other.is_active AND other.id <> target.id)`,
  outcome: 'invalid',
  reason: 'last_admin',
});

export interface UserChange {
  id: number;
  password: string | null;
  role: Role | null;
  isActive: boolean | null;
  mustChangePassword: boolean | null;
}

export const updateUser = operation({
  intent: {
    action: 'user.update',
    target: userNumbered,
    refusals: [
      leavesNoAdmin(sql`(coalesce(${value('role')}, 'admin') <> 'admin' OR coalesce(${value('is_active')}, 1) = 0)`),
      {
        // Compared as likenesses, since the name is only known here and a password never goes into SQL.
        when: sql`target.likeness = ${value('password_likeness')}`,
        outcome: 'invalid',
        reason: 'password_is_name',
      },
    ],
  },
  effects: [
    statement(sql`
      UPDATE ${users} SET verifier = coalesce(${value('verifier')}, verifier), role = coalesce(${value('role')}, role),
        is_active = coalesce(${value('is_active')}, is_active),
        must_change_password =
          coalesce(${value('must_change')}, CASE WHEN ${value('verifier')} IS NULL THEN must_change_password ELSE 0 END),
        failures_forgiven_at = CASE WHEN ${value('verifier')} IS NULL THEN failures_forgiven_at ELSE ${value('now')} END
      WHERE id = ${value('target_id')} AND ${granted}`),
    // A new password or a closed account ends every session, and opening it again brings none back.
    statement(sql`
      UPDATE ${sessions} SET revoked_at = ${value('now')}
      WHERE user_id = ${value('target_id')} AND revoked_at IS NULL
        AND (${value('verifier')} IS NOT NULL OR ${value('is_active')} = 0) AND ${granted}`),
  ],
  objection: ({ password }: UserChange) => (password === null ? null : passwordProblem(password, '')),
  values: async ({ id, password, role, isActive, mustChangePassword }: UserChange, { vault }) => ({
    target: `user ${id}`,
    target_id: id,
    verifier: password === null ? null : await inTurn(() => makeVerifier(password, vault.passwordCost)),
    password_likeness: password === null ? null : likeness(password),
    role,
    is_active: isActive === null ? null : Number(isActive),
    must_change: mustChangePassword === null ? null : Number(mustChangePassword),
  }),
});

/** Deletes the account, its sessions and its secrets: the foreign keys cascade. The log keeps their names. */
export const deleteUser = operation({
  intent: {
    action: 'user.delete',
    target: userNumbered,
    refusals: [
      { when: sql`target.id = principal.id`, outcome: 'invalid', reason: 'own_account' },
      leavesNoAdmin(sql`true`),
    ],
  },
  effects: [statement(sql`DELETE FROM ${users} WHERE id = ${value('target_id')} AND ${granted}`)],
  values: ({ id }: { id: number }) => ({ target: `user ${id}`, target_id: id }),
});
