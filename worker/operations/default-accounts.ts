/**
 * Accounts that a new vault, or v0.6, made with a password that everybody knows, and that nobody ever used. Where other
 * machines can reach the vault, anybody could take them over, so they are switched off once an admin has a password of their own.
 */
import { and, eq, isNull, ne, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import { actorId, granted, verdict, verdictId } from '../store/granted.ts';
import { request } from '../store/request.ts';
import { auditEvents, users } from '../store/schema.ts';
import { query, rowFor } from '../store/statement.ts';

const actor = alias(users, 'actor');

const isAdminWithOwnPassword = sql`exists ${query
  .select({ id: actor.id })
  .from(actor)
  .where(and(eq(actor.id, actorId), eq(actor.role, 'admin'), eq(actor.has_default_password, 0)))}`;

const isUnused = and(
  eq(users.has_default_password, 1),
  eq(users.is_active, 1),
  isNull(users.last_login_at),
  ne(users.id, actorId),
  sql`not ${request.is_local}`,
  isAdminWithOwnPassword,
  granted,
);

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
