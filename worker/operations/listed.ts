/** The rows of the long lists as clients read them. It is the database that writes their JSON: see `worker/store/json.ts`. */
import { getTableName, type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import { wireActions } from '../../core/vocabulary.ts';
import { byForm } from '../store/form.ts';
import { flag, isoTime, jsonObject } from '../store/json.ts';
import { auditEvents, secrets } from '../store/schema.ts';

/** The rows that were chosen for a list. */
export const listedSecrets = alias(secrets, 'listed');
export const listedEvents = alias(auditEvents, 'listed');

/** A secret without its value. The rows have a `role` beside the columns of the table: what the principal is to the secret. */
export const secretJson: SQL = jsonObject({
  key_name: listedSecrets.name,
  description: listedSecrets.description,
  created_at: isoTime(listedSecrets.created_at),
  updated_at: isoTime(listedSecrets.updated_at),
  created_by: listedSecrets.created_by,
  // The name of its project is what the name of a secret begins with.
  project: sql`iif(${listedSecrets.project_id} is null, null, substr(${listedSecrets.name}, 1, instr(${listedSecrets.name}, '/') - 1))`,
  role: sql`${sql.identifier(getTableName(listedSecrets))}.role`,
  version: listedSecrets.current_version,
  revision: listedSecrets.revision,
  expires_at: sql`iif(${listedSecrets.expires_at} is null, null, ${isoTime(listedSecrets.expires_at)})`,
  rotate_every_days: listedSecrets.rotate_every_days,
  rotation_due_at: sql`iif(${listedSecrets.rotate_every_days} is null, null,
    ${isoTime(sql`(${listedSecrets.value_changed_at} + ${listedSecrets.rotate_every_days} * 86400000)`)})`,
  labels: sql`json(coalesce(${listedSecrets.labels}, '{}'))`,
});

const { id, at, actor_name, actor_role, action, target, outcome, reason, address, user_agent, requests } = listedEvents;
const { token_id, token, project } = listedEvents;
const isAllowed = sql`${outcome} = 'allowed'`;

/** An action without a dot was moved in from v0.6, where the target was always a key. */
const isAboutKey = sql`(instr(${action}, 'secret.') = 1 or instr(${action}, 'version.') = 1 or instr(${action}, '.') = 0)`;

/** An unknown action, moved in from v0.6, keeps its name. */
const wireAction = sql`case ${action} ${sql.join(
  Object.entries(wireActions).map(([action, [allowed, refused]]) =>
    refused === undefined
      ? sql`when ${action} then ${allowed}`
      : sql`when ${action} then iif(${isAllowed}, ${allowed}, ${refused})`,
  ),
  sql` `,
)} else ${action} end`;

const event = jsonObject({
  id,
  timestamp: isoTime(at),
  user_name: actor_name,
  key_name: sql`iif(${isAboutKey}, ${target}, null)`,
  action: wireAction,
  ip_address: address,
  success: flag(isAllowed),
  target,
  outcome,
  reason,
  role: actor_role,
  project,
  token,
  token_id,
  user_agent,
});

/** An entry of the log. It has a `count` only if it stands for several requests; before its last brace is a quotation mark. */
export const eventJson: SQL = sql`rtrim(${event}, '}') || iif(${requests} is null, '}', ',"count":' || ${requests} || '}')`;

/** To a token, what is outside its scopes is as if it were missing, also in its own log. */
const hidden = byForm(sql`'not_owner'`, () => sql`'not_owner', 'token_scope'`);

/** One's own log does not tell somebody else's secret from a missing one either. These take the place of the columns. */
export const asSeenByOwner = {
  outcome: sql`iif(${auditEvents.reason} in (${hidden}), 'not_found', ${auditEvents.outcome})`.as('outcome'),
  reason: sql`case when ${auditEvents.reason} in (${hidden}) then null
    when ${auditEvents.reason} = 'name_held' then iif(${auditEvents.outcome} = 'conflict', 'name_taken', null) else ${auditEvents.reason} end`.as(
    'reason',
  ),
};
