/**
 * Accounts that a new vault, or v0.6, made with a password that everybody knows, and that nobody ever used. Where other
 * machines can reach the vault, anybody could take them over, so they are switched off once an admin has a password of their own.
 */
import { and, eq, isNull, ne, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import { maxRowsPerSealingStep } from '../../core/limits.ts';
import { asActive, rowOf, sealHolds } from '../../core/sealed-rows.ts';
import { actorId, granted, verdict, verdictId } from '../store/granted.ts';
import { request } from '../store/request.ts';
import { auditEvents, users } from '../store/schema.ts';
import { sealedRow, sealsParam, storeSeals } from '../store/sealed.ts';
import { fill, type Query, query, rowFor, statement, textColumn } from '../store/statement.ts';
import { transact } from '../store/transact.ts';
import { sealed } from './foresight.ts';
import type { Vault } from './vault.ts';

const actor = alias(users, 'actor');

const isAdminWithOwnPassword = sql`exists ${query
  .select({ id: actor.id })
  .from(actor)
  .where(and(eq(actor.id, actorId), eq(actor.role, 'admin'), eq(actor.has_default_password, 0)))}`;

const isNeverUsed = and(
  eq(users.has_default_password, 1),
  isNull(users.last_login_at),
  ne(users.id, actorId),
  sql`not ${request.is_local}`,
  isAdminWithOwnPassword,
  granted,
);
const isUnused = and(eq(users.is_active, 1), isNeverUsed);

/** Effects of an admin's sign-in or new password: each unused account is switched off, with an event of its own. */
export const switchOffUnused = [
  query.insert(auditEvents).select(
    query
      .select(
        rowFor(auditEvents, {
          at: request.now,
          request_id: request.id,
          actor_id: verdict.actor_id,
          actor_name: verdict.actor_name,
          actor_role: verdict.actor_role,
          action: 'user.update',
          target: users.name,
          outcome: 'allowed',
          reason: 'unused_default_account',
          address: request.address,
          user_agent: request.user_agent,
        }),
      )
      .from(verdict)
      .innerJoin(users, isUnused)
      .where(and(eq(verdict.id, verdictId), eq(verdict.request_id, request.id))),
  ),
  query.update(users).set({ is_active: 0 }).where(isUnused),
];

/** Those that are switched off, as the answer of the same transaction. */
export const switchedOff = query
  .select({ account: textColumn('account', sealedRow('users', 'users')) })
  .from(users)
  .where(and(eq(users.is_active, 0), isNeverUsed))
  .limit(maxRowsPerSealingStep);

const storeSeal = statement(['request.seals'], () => storeSeals(['users'], sql`true`)[0] as Query);

/**
 * Gives them the seals of accounts that are switched off, once for each: the transaction that has switched them off knew no row of theirs. If this
 * is cut off, they are good for nothing, and the next sign-in of an admin makes up for it.
 */
export const sealSwitchedOff = async (
  { db, keyring }: Pick<Vault, 'db' | 'keyring'>,
  found: readonly { account: string }[],
): Promise<void> => {
  const due = found
    .map(({ account }) => rowOf(JSON.parse(account)))
    .filter((row) => !sealHolds(keyring, row) && sealHolds(keyring, asActive(row)));
  if (due.length === 0) return;
  await transact(db, [fill(storeSeal(), { 'request.seals': sealsParam(due.map((row) => sealed(keyring, row))) })]);
};
