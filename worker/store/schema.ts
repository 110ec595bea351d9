/**
 * The tables as drizzle sees them. `migrations/` creates them, with their constraints, indexes and triggers; a test compares
 * the two. A column has the same name in TypeScript and in SQL, so rows need no mapping. Times are milliseconds since 1970.
 */
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type { Via } from '../../core/caller.ts';
import type { Access, Outcome, ProjectRole, Role } from '../../core/policy/policy.ts';

/** The newest migration that this code is written for. /health compares it with the database. */
export const currentMigration = '0017_state_of_keys.sql';

/** Wrangler's list of the migrations that were applied. */
export const migrations = sqliteTable('d1_migrations', {
  id: integer().primaryKey(),
  name: text(),
});

export const instance = sqliteTable('instance', {
  id: integer().primaryKey(),
  created_at: integer().notNull(),
  key_id: text().notNull(),
  canary: text().notNull(),
  /** When the rows were sealed; null until then. The canary says whether they are. */
  sealed_at: integer(),
  /** Another text after each change of the keys, or of who reaches which of them. */
  keys_state: text(),
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
  password_number: integer().notNull(),
  has_default_password: integer().notNull(),
  /** See core/sealed-rows.ts. */
  seal: text(),
});

export const sessions = sqliteTable('sessions', {
  id: text().primaryKey(),
  user_id: integer().notNull(),
  created_at: integer().notNull(),
  expires_at: integer().notNull(),
  revoked_at: integer(),
  address: text().notNull(),
  user_agent: text().notNull(),
  /** Of a child, as in `tokenSecrets`. */
  parent_id: text(),
  generation: integer().notNull(),
  lifetime: integer(),
  latest_end: integer(),
  /** What a child may do; null for a person's own session. */
  access: text().$type<Access>(),
});

export const projects = sqliteTable('projects', {
  id: integer().primaryKey({ autoIncrement: true }),
  name: text().notNull(),
  likeness: text().notNull(),
  /** The likeness of the name at the beginning of a key's name. */
  key_likeness: text().notNull(),
  description: text().notNull(),
  creator_id: integer(),
  created_by: text().notNull(),
  created_at: integer().notNull(),
  /** Kept by triggers, as `usage` is for accounts. */
  secrets: integer().notNull(),
  trashed: integer().notNull(),
  bytes: integer().notNull(),
  seal: text(),
});

export const members = sqliteTable('members', {
  project_id: integer().notNull(),
  user_id: integer().notNull(),
  role: text().$type<ProjectRole>().notNull(),
  added_at: integer().notNull(),
  added_by: text().notNull(),
  seal: text(),
});

/** In use if `deleted_at` is null, else in the trash. In use, a secret has an owner or a project, never both. */
export const secrets = sqliteTable('secrets', {
  id: integer().primaryKey({ autoIncrement: true }),
  name: text().notNull(),
  description: text().notNull(),
  owner_id: integer(),
  project_id: integer(),
  created_by: text().notNull(),
  created_at: integer().notNull(),
  updated_at: integer().notNull(),
  current_version: integer().notNull(),
  likeness: text(),
  /** Counts the changes of the secret, of whatever kind. */
  revision: integer().notNull(),
  /** When the current version was appended. */
  value_changed_at: integer().notNull(),
  expires_at: integer(),
  rotate_every_days: integer(),
  /** A JSON object of texts by their names; null for none. */
  labels: text(),
  deleted_at: integer(),
  deleted_by: text(),
  /** Kept by a trigger: when it was last read, to within a day. */
  last_used_at: integer(),
  /** Of the current value; null if it was stored by an earlier version, or restored from one. */
  value_imprint: text(),
  seal: text(),
});

/** What is said of a path that is no secret: of a folder, or of a secret that is yet to be written. Of a person, or of a project. */
export const pathEntries = sqliteTable('path_entries', {
  id: integer().primaryKey({ autoIncrement: true }),
  name: text().notNull(),
  owner_id: integer(),
  project_id: integer(),
  description: text().notNull(),
  labels: text(),
  created_at: integer().notNull(),
  updated_at: integer().notNull(),
});

/** Kept by triggers: the labels of each secret as `name:value`. */
export const secretLabels = sqliteTable('secret_labels', {
  secret_id: integer().notNull(),
  label: text().notNull(),
});

/** An erased version has neither token nor binding nor key. */
export const secretVersions = sqliteTable('secret_versions', {
  secret_id: integer().notNull(),
  number: integer().notNull(),
  token: text(),
  binding: text(),
  key_id: text(),
  created_at: integer().notNull(),
  created_by: text().notNull(),
  destroyed_at: integer(),
  seal: text(),
});

export const auditEvents = sqliteTable('audit_events', {
  id: integer().primaryKey(),
  at: integer().notNull(),
  request_id: text().notNull(),
  actor_id: integer(),
  actor_name: text(),
  actor_role: text().$type<Role>(),
  action: text().notNull(),
  target: text(),
  outcome: text().$type<Outcome>().notNull(),
  reason: text(),
  address: text().notNull(),
  user_agent: text().notNull(),
  /** How many requests the row stands for; null means one. */
  requests: integer(),
  /** The service token that the request came with; null for a session. */
  token_id: integer(),
  /** Its name at the time. */
  token: text(),
  /** The project that it belongs to. Then `actor_id` is the id of the project, negative. */
  project: text(),
  /** The beginning of the id of the child that was sent; null if the session or the token itself was. */
  child: text(),
  /** Of a read: how the value was asked for. Null on reads before there was this column. */
  via: text().$type<Via>(),
  /** The secret that the event is about, whatever its name is by now; null for a new one, and before there was this column. */
  secret_id: integer(),
});

/** Kept by a trigger, of all events but those in the newest block: who has read each secret, or stored a value of it. */
export const keyReaders = sqliteTable('key_readers', {
  secret_id: integer().notNull(),
  actor_id: integer().notNull(),
  actor_name: text().notNull(),
  token_id: integer().notNull(),
  via: text().$type<Via | '' | 'stored'>().notNull(),
  token: text(),
  name: text().notNull(),
  first_at: integer().notNull(),
  last_at: integer().notNull(),
  times: integer().notNull(),
});

/** The Merkle tree over the log: one row, from when the log was first sealed. */
export const logTree = sqliteTable('log_tree', {
  id: integer().primaryKey(),
  origin: text().notNull(),
  public_key: text().notNull(),
  private_key: text().notNull(),
  binding: text().notNull(),
  key_id: text().notNull(),
  size: integer().notNull(),
  checkpoint: text().notNull(),
  sealed_at: integer().notNull(),
  archived: integer().notNull(),
});

export const logTiles = sqliteTable('log_tiles', {
  level: integer().notNull(),
  number: integer().notNull(),
  hashes: text().notNull(),
});

/** Kept by triggers. Account 0 stands for all. */
export const activity = sqliteTable('activity', {
  actor_id: integer().notNull(),
  hour: integer().notNull(),
  allowed: integer().notNull(),
  refused: integer().notNull(),
});

/** Kept by triggers: which texts occur in 1,000 rows of the log. Null means that the block must be read. */
export const logBlocks = sqliteTable('log_blocks', {
  block: integer().primaryKey(),
  newest_at: integer(),
  kinds: text(),
  actors: text(),
  addresses: text(),
  targets: text(),
  oldest_at: integer(),
  /** `#ID NAME`. */
  tokens: text(),
  projects: text(),
});

/** Kept by triggers: what each account has stored; `bytes` includes the trash. */
export const usage = sqliteTable('usage', {
  owner_id: integer().primaryKey(),
  secrets: integer().notNull(),
  bytes: integer().notNull(),
  trashed: integer().notNull(),
});

export const knownAddresses = sqliteTable('known_addresses', {
  user_id: integer().notNull(),
  network: text().notNull(),
  password_number: integer().notNull(),
  seen_at: integer().notNull(),
  forgiven_at: integer().notNull(),
});

export const throttles = sqliteTable('throttles', {
  subject: text().primaryKey(),
  clear_at: integer().notNull(),
  retry_at: integer().notNull(),
  counted_at: integer().notNull(),
});

/** Of a person or of a project, never of both. */
export const serviceTokens = sqliteTable('service_tokens', {
  id: integer().primaryKey({ autoIncrement: true }),
  name: text().notNull(),
  user_id: integer(),
  project_id: integer(),
  access: text().$type<Access>().notNull(),
  /** A JSON list, as it was sent. */
  scopes: text().notNull(),
  /** A JSON list of `[range, first address, last address]`; null for anywhere. */
  allowed_addresses: text(),
  created_at: integer().notNull(),
  created_by: text().notNull(),
  expires_at: integer(),
  revoked_at: integer(),
  seal: text(),
});

/**
 * The hashes of what programs send. One of a token has no end; the one before it may still work until its end. Those of a generation
 * above 0 are children.
 */
export const tokenSecrets = sqliteTable('token_secrets', {
  hash: text().primaryKey(),
  token_id: integer().notNull(),
  created_at: integer().notNull(),
  ends_at: integer(),
  /** The hash of what made it. */
  parent: text(),
  generation: integer().notNull(),
  /** What it was made for, in milliseconds: a renewal gives as much again. */
  lifetime: integer(),
  /** No renewal goes beyond it. */
  latest_end: integer(),
  /** Of a child; `read` where the token's own access is `audit`, which all its children have. */
  access: text().$type<Access>(),
  seal: text(),
});

/** The names that a token reaches, as ranges that do not overlap: from `low` on, and before `high`. */
export const tokenScopes = sqliteTable('token_scopes', {
  token_id: integer().notNull(),
  low: text().notNull(),
  high: text().notNull(),
});

/** The rows whose seal did not hold when a request relied on them. `locator` is a JSON list. */
export const brokenSeals = sqliteTable('broken_seals', {
  kind: text().notNull(),
  locator: text().notNull(),
  /** What the log calls it. */
  name: text().notNull(),
  first_at: integer().notNull(),
  last_at: integer().notNull(),
});

/** What was answered to requests with an Idempotency-Key. */
export const keptAnswers = sqliteTable('kept_answers', {
  /** As in the audit event. */
  actor_id: integer().notNull(),
  /** 0 for a session. */
  token_id: integer().notNull(),
  key: text().notNull(),
  fingerprint: text().notNull(),
  at: integer().notNull(),
  /** The rows that the answer was made of, as JSON. */
  result: text().notNull(),
});

export type SecretVersionRow = typeof secretVersions.$inferSelect;
