import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type { Role } from '../../core/policy/policy.ts';

/**
 * The tables as drizzle sees them. `migrations/` is what creates them, with their constraints, indexes and triggers; a test
 * holds the two against each other. A column has one name everywhere, so that a row needs no mapping. Times are
 * milliseconds since 1970, UTC.
 */

/** The newest migration this code is written for: /health compares it with what the database says. */
export const currentMigration = '0001_vault.sql';

export const instance = sqliteTable('instance', {
  id: integer().primaryKey(),
  created_at: integer().notNull(),
  key_id: text().notNull(),
  canary: text().notNull(),
});

export const users = sqliteTable('users', {
  id: integer().primaryKey({ autoIncrement: true }),
  name: text().notNull(),
  likeness: text().notNull(),
  verifier: text().notNull(),
  role: text().$type<Role>().notNull(),
  is_active: integer().notNull(),
  must_change_password: integer().notNull(),
  created_at: integer().notNull(),
  last_login_at: integer(),
  failures_forgiven_at: integer().notNull(),
});

export const sessions = sqliteTable('sessions', {
  id: text().primaryKey(),
  user_id: integer().notNull(),
  created_at: integer().notNull(),
  expires_at: integer().notNull(),
  revoked_at: integer(),
  address: text().notNull(),
  user_agent: text().notNull(),
});

export const secrets = sqliteTable('secrets', {
  id: integer().primaryKey({ autoIncrement: true }),
  name: text().notNull(),
  description: text().notNull(),
  owner_id: integer().notNull(),
  created_by: text().notNull(),
  created_at: integer().notNull(),
  updated_at: integer().notNull(),
  current_version: integer().notNull(),
});

export const secretVersions = sqliteTable('secret_versions', {
  secret_id: integer().notNull(),
  number: integer().notNull(),
  token: text().notNull(),
  binding: text().notNull(),
  key_id: text().notNull(),
  created_at: integer().notNull(),
  created_by: text().notNull(),
});

export const auditEvents = sqliteTable('audit_events', {
  id: integer().primaryKey(),
  at: integer().notNull(),
  request_id: text().notNull(),
  actor_id: integer(),
  actor_name: text(),
  actor_role: text(),
  action: text().notNull(),
  target: text(),
  outcome: text().notNull(),
  reason: text(),
  address: text().notNull(),
  user_agent: text().notNull(),
});

export type UserRow = typeof users.$inferSelect;
export type SessionRow = typeof sessions.$inferSelect;
export type SecretRow = typeof secrets.$inferSelect;
export type SecretVersionRow = typeof secretVersions.$inferSelect;
export type AuditEventRow = typeof auditEvents.$inferSelect;
