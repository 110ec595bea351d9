/**
 * What effects use of the verdict that precedes them in the batch. A batch is one transaction, so the newest audit event is
 * the one that this verdict wrote.
 */
import { and, eq, exists, max, type Placeholder, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { alias, type SQLiteTable } from 'drizzle-orm/sqlite-core';
import type { GovernedAction } from '../../core/policy/policy.ts';
import { byPlace } from './form.ts';
import { reach } from './reach.ts';
import { request } from './request.ts';
import { auditEvents, serviceTokens } from './schema.ts';
import { type Fields, insertFrom, query } from './statement.ts';

/** The verdict's audit event. */
export const verdict = alias(auditEvents, 'verdict');

/** The id of the verdict's audit event. */
export const verdictId = sql`${query.select({ id: max(auditEvents.id) }).from(auditEvents)}`;

/** True of the newest event if it is this request's. */
export const isOwn = and(eq(verdict.id, verdictId), eq(verdict.request_id, request.id));

/** True if this request has an event, which is then the newest. */
export const isJudged = exists(query.select({ id: verdict.id }).from(verdict).where(isOwn));

/** True if the verdict is this request's own and says `allowed`. */
const isAllowed = and(isOwn, eq(verdict.outcome, 'allowed'));

/** Whether the event that is being inserted allows the request, for what a verdict returns. */
export const isAllowedHere = sql`audit_events.outcome = 'allowed'`;

/** Every effect carries this condition: it takes effect only if the verdict allowed the request. */
export const granted = byPlace(
  exists(query.select({ id: verdict.id }).from(verdict).where(isAllowed)),
  () => isAllowedHere,
);

/** Inserts one row if the verdict allows it. Its fields may be those of `verdict`. */
export const insertIfAllowed = <Table extends SQLiteTable>(table: Table, fields: Fields<Table>) =>
  insertFrom(table, fields, verdict, isAllowed);

const ofVerdict = (
  column: 'actor_id' | 'actor_name' | 'actor_role' | 'token_id' | 'token' | 'project' | 'child' | 'secret_id',
): SQL =>
  byPlace(
    sql`${query
      .select({ [column]: verdict[column] })
      .from(verdict)
      .where(eq(verdict.id, verdictId))}`,
    () => sql.raw(`audit_events.${column}`),
  );

/** The id of the principal that the verdict resolved. Only meaningful beside `granted`. */
export const actorId = ofVerdict('actor_id');

/** The number of the event that a verdict is writing, for what it returns. */
export const eventIdHere = sql`audit_events.id`;

/** The id of the secret that the verdict found as its target. Only meaningful beside `granted`. */
export const foundSecretId = ofVerdict('secret_id');

export const actorName = ofVerdict('actor_name');

export const actorRole = ofVerdict('actor_role');

/** The id of the service token that the request came with. */
export const actorTokenId = ofVerdict('token_id');

/** The access of that token. Of its children none has another one, where it is `audit`. */
const actorAccess = sql`${query.select({ access: serviceTokens.access }).from(serviceTokens).where(eq(serviceTokens.id, actorTokenId))}`;

/** The fields of another event of the same actor. */
export const actorFields = {
  actor_id: actorId,
  actor_name: actorName,
  actor_role: actorRole,
  token_id: actorTokenId,
  token: ofVerdict('token'),
  project: ofVerdict('project'),
  child: ofVerdict('child'),
};

/**
 * For LIMIT: so many rows, and none at all unless the condition holds. In WHERE, SQLite would look at the condition again for
 * each row, and at all the rows where it does not hold.
 */
export const limitIf = (condition: SQL | undefined, most: SQLWrapper | number): Placeholder =>
  sql`iif(${condition}, ${most}, 0)` as unknown as Placeholder;

/** True if the principal's role reaches everything under this action. */
export const reachesAny = (action: GovernedAction): SQL => sql`${reach(action, actorRole, actorAccess)} = 'any'`;
