/** The rows of the long lists as clients read them. It is the database that writes their JSON: see `worker/store/json.ts`. */
import { type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import { wireActions } from '../../core/vocabulary.ts';
import { byForm } from '../store/form.ts';
import { chosen, flag, isoTime, jsonObject } from '../store/json.ts';
import { auditEvents, secrets } from '../store/schema.ts';

/** The rows that were chosen for a list. */
export const listedSecrets = alias(secrets, 'listed');
export const listedEvents = alias(auditEvents, 'listed');

/** Most secrets have none of these. */
const extras = {
  expires_at: sql`iif(${listedSecrets.expires_at} is null, null, ${isoTime(listedSecrets.expires_at)})`,
  rotate_every_days: listedSecrets.rotate_every_days,
  rotation_due_at: sql`iif(${listedSecrets.rotate_every_days} is null, null,
    ${isoTime(sql`(${listedSecrets.value_changed_at} + ${listedSecrets.rotate_every_days} * 86400000)`)})`,
  labels: sql`json(coalesce(${listedSecrets.labels}, '{}'))`,
};
const hasNoExtras = sql`${listedSecrets.expires_at} is null and ${listedSecrets.rotate_every_days} is null and ${listedSecrets.labels} is null`;
const noExtras = JSON.stringify({ expires_at: null, rotate_every_days: null, rotation_due_at: null, labels: {} });

/**
 * A secret without its value, whose role is chosen: what the principal is to the secret. The first part ends with a number before
 * its brace.
 */
export const secretJson: SQL = sql`rtrim(${jsonObject({
  key_name: listedSecrets.name,
  description: listedSecrets.description,
  created_at: isoTime(listedSecrets.created_at),
  updated_at: isoTime(listedSecrets.updated_at),
  created_by: listedSecrets.created_by,
  // The name of its project is what the name of a secret begins with.
  project: sql`iif(${listedSecrets.project_id} is null, null, substr(${listedSecrets.name}, 1, instr(${listedSecrets.name}, '/') - 1))`,
  role: chosen('role'),
  version: listedSecrets.current_version,
  revision: listedSecrets.revision,
})}, '}') || ',' || substr(iif(${hasNoExtras}, ${noExtras}, ${jsonObject(extras)}), 2)`;

const { id, at, actor_name, actor_role, action, target, outcome, reason, address, user_agent, requests } = listedEvents;
const { token_id, token, project } = listedEvents;
/** To a token, what is outside its scopes is as if it were missing, also in its own log. */
const hidden = byForm(sql`'not_owner'`, () => sql`'not_owner', 'token_scope'`);
/** One's own log does not tell somebody else's secret from a missing one either. */
const isSeenByUser = chosen('is_own');
const isHidden = sql`(${isSeenByUser} and coalesce(${reason} in (${hidden}), 0))`;
const isAllowed = sql`(${outcome} = 'allowed' and not ${isHidden})`;

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
  outcome: sql`iif(${isHidden}, 'not_found', ${outcome})`,
  reason: sql`case when ${isHidden} then null
    when ${isSeenByUser} and ${reason} = 'name_held' then iif(${outcome} = 'conflict', 'name_taken', null) else ${reason} end`,
  role: actor_role,
  project,
  token,
  token_id,
  user_agent,
});

/** An entry of the log. It has a `count` only if it stands for several requests; before its last brace is a quotation mark. */
export const eventJson: SQL = sql`rtrim(${event}, '}') || iif(${requests} is null, '}', ',"count":' || ${requests} || '}')`;
