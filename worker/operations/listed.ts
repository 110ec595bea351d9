/** The rows of the long lists as clients read them. It is the database that writes their JSON: see `worker/store/json.ts`. */
import { type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import { type Action, projectRoles } from '../../core/policy/policy.ts';
import { wireActions } from '../../core/vocabulary.ts';
import { byForm } from '../store/form.ts';
import { flag, isoTime, jsonMembers, jsonObject, mark, quoted, timeMember } from '../store/json.ts';
import { auditEvents, secrets, users } from '../store/schema.ts';

/** The rows that were chosen for a list. */
export const listedSecrets = alias(secrets, 'listed');
export const listedEvents = alias(auditEvents, 'listed');

/** What a principal is to a secret, as the marks of the chosen rows. */
const secretRoles = ['owner', 'admin', ...projectRoles] as const;
type SecretRole = (typeof secretRoles)[number];

export const markOf = (role: SecretRole): SQL => sql`${secretRoles.indexOf(role)}`;

/** The mark of a role in a project; null if there is none. */
export const markOfMember = (role: SQLWrapper): SQL =>
  sql`case ${role} ${sql.join(
    projectRoles.map((name) => sql`when ${name} then ${markOf(name)}`),
    sql` `,
  )} end`;

const orNull = (value: SQLWrapper, json: SQL) => sql`iif(${value} is null, 'null', ${json})`;
const timeOf = (ms: SQLWrapper) => sql`'"' || ${isoTime(ms)} || '"'`;
const { expires_at, rotate_every_days, labels } = listedSecrets;

/** Most secrets have none of these. */
const extras = {
  expires_at: orNull(expires_at, timeOf(expires_at)),
  rotate_every_days: quoted(rotate_every_days),
  rotation_due_at: orNull(
    rotate_every_days,
    timeOf(sql`(${listedSecrets.value_changed_at} + ${rotate_every_days} * 86400000)`),
  ),
  labels: sql`json(coalesce(${labels}, '{}'))`,
};
const noExtras = JSON.stringify({ expires_at: null, rotate_every_days: null, rotation_due_at: null, labels: {} });

const usual = {
  key_name: quoted(listedSecrets.name),
  description: quoted(listedSecrets.description),
  created_at: timeMember(listedSecrets.created_at),
  updated_at: timeMember(listedSecrets.updated_at),
  created_by: quoted(listedSecrets.created_by),
  value_changed_at: timeMember(listedSecrets.value_changed_at),
  owner: orNull(
    listedSecrets.owner_id,
    quoted(sql`(select ${users.name} from ${users} where ${users.id} = ${listedSecrets.owner_id})`),
  ),
  // The name of its project is what the name of a secret begins with.
  project: orNull(
    listedSecrets.project_id,
    quoted(sql`substr(${listedSecrets.name}, 1, instr(${listedSecrets.name}, '/') - 1)`),
  ),
  role: sql`case ${mark} ${sql.join(
    secretRoles.map((role) => sql`when ${markOf(role)} then ${JSON.stringify(role)}`),
    sql` `,
  )} end`,
  version: listedSecrets.current_version,
  revision: listedSecrets.revision,
};

/** A secret without its value. The chosen rows are marked with the role. */
export const secretJson: SQL = sql`concat('{', ${jsonMembers(usual)}, ',', iif(
  ${expires_at} is null and ${rotate_every_days} is null and ${labels} is null,
  ${noExtras.slice(1, -1)}, concat(${jsonMembers(extras)})), '}')`;

const { id, at, actor_name, actor_role, action, target, outcome, reason, address, user_agent, requests } = listedEvents;
const { token_id, token, project, child, via, request_id } = listedEvents;
/** Why a refusal looks as if the thing were missing. To a token, what is outside its scopes is so, also in its own log. */
export const hiddenReasons = byForm(sql`'not_owner'`, () => sql`'not_owner', 'token_scope'`);
/** One's own log does not tell somebody else's secret from a missing one either. */
const isSeenByUser = mark;
const isHidden = sql`(${isSeenByUser} and coalesce(${reason} in (${hiddenReasons}), 0))`;
const isAllowed = sql`(${outcome} = 'allowed' and not ${isHidden})`;

/** An action without a dot was moved in from v0.6, where the target was always a key. */
const isAboutKey = sql`(instr(${action}, 'secret.') = 1 or instr(${action}, 'version.') = 1 or instr(${action}, '.') = 0)`;

/** What most events of a log are: SQLite compares with one name after the other. */
const frequent: readonly Action[] = ['secret.read', 'secret.list', 'event.list', 'session.create', 'secret.update'];
const inOrder = Object.entries(wireActions).sort(
  ([a], [b]) => Number(frequent.includes(b as Action)) - Number(frequent.includes(a as Action)),
);

/** An unknown action, moved in from v0.6, keeps its name. */
const wireAction = sql`case ${action} ${sql.join(
  inOrder.map(([action, [allowed, refused]]) =>
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
  request_id,
  user_agent,
});

const more = (name: string, value: SQLWrapper) => sql`iif(${value} is null, '', ${`,"${name}":`} || ${quoted(value)})`;

/**
 * An entry of the log. It has a `count` only if it stands for several requests, a `child` only if one was sent, and `via` only on reads;
 * before its last brace is a quotation mark.
 */
export const eventJson: SQL = sql`concat(rtrim(${event}, '}'), ${more('child', child)}, ${more('via', via)}, ${more('count', requests)}, '}')`;
