/**
 * Who has read each key, or stored a value of it: what the database keeps of the complete blocks of the log (`key_readers`), and the events
 * of the newest block. So it takes no longer however long the log is.
 */
import { type SQL, sql } from 'drizzle-orm';

/** The first event of the newest block. */
const newestBlock = sql`(select max(block) from log_blocks) * 1000`;

/** Events from before they had the column are about the key that has the name. */
const secretOfEvent = sql`coalesce(audit_events.secret_id, (select secrets.id from secrets
  where secrets.name = audit_events.target and secrets.deleted_at is null and secrets.created_at <= audit_events.at))`;

/** Uses as rows, those of one actor or of one secret. */
const usesWhere = (kept: SQL, isEvent: SQL): SQL => sql`
  select secret_id, actor_id, actor_name, token_id, via, token, name, first_at, last_at, times from key_readers where ${kept}
  union all
  select ${secretOfEvent}, coalesce(actor_id, 0), coalesce(actor_name, ''), coalesce(token_id, 0),
    iif(action = 'secret.read', coalesce(via, ''), 'stored'), token, target, at, at, coalesce(requests, 1)
  from audit_events where id >= ${newestBlock} and action in ('secret.read', 'secret.create', 'secret.update') and outcome = 'allowed'
    and ${isEvent}`;

export const usesOfSecret = (secretId: SQL): SQL =>
  usesWhere(sql`key_readers.secret_id = ${secretId}`, sql`${secretOfEvent} = ${secretId}`);

/** With what their service tokens did. */
export const usesByActor = (actorId: SQL): SQL =>
  usesWhere(sql`key_readers.actor_id = ${actorId}`, sql`+audit_events.actor_id = ${actorId}`);

/** How often, by the way in which it was asked for. */
export const timesBy = (via: string): SQL => sql`sum(iif(via = ${via}, times, 0))`;
export const isRead = sql`via <> 'stored'`;
