/** Events for what was allowed and then failed, as when a value does not open. */
import { and, desc, eq, getTableColumns, sql } from 'drizzle-orm';
import { auditEvents } from './schema.ts';
import { query, rowFor, statement } from './statement.ts';

const { id: _, ...recorded } = getTableColumns(auditEvents);

/** A second event, for an action that was allowed and then failed; `reason` says why. */
export const failure = statement(['reason', 'actor_id', 'request.id'], (given) =>
  query.insert(auditEvents).select(
    query
      .select(rowFor(auditEvents, { ...recorded, outcome: 'failed', reason: given.reason }))
      .from(auditEvents)
      .where(and(eq(auditEvents.actor_id, given.actor_id), eq(auditEvents.request_id, given['request.id'])))
      .orderBy(desc(auditEvents.id))
      .limit(1),
  ),
);

/** The same for many events of a request: `faults` is a JSON list of `[id of the event, reason]`. */
export const failures = statement(['faults'], ({ faults }) =>
  query.insert(auditEvents).select(
    query
      .select(rowFor(auditEvents, { ...recorded, outcome: 'failed', reason: sql`json_each.value ->> 1` }))
      .from(sql`json_each(${faults})`)
      .innerJoin(auditEvents, eq(auditEvents.id, sql`json_each.value ->> 0`))
      .orderBy(sql`json_each.key`),
  ),
);
