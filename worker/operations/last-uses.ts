/**
 * When each secret was last read, and by whom: from the log, so only as far as the caller may read that, and only from its newest
 * part. Whether the secret is still there, or is the same, is not asked.
 */
import { and, eq, not, type SQL, sql } from 'drizzle-orm';
import { unionAll } from 'drizzle-orm/sqlite-core';
import { maxBlocksPerChart } from '../../core/limits.ts';
import { granted, reachesAny, verdict, verdictId } from '../store/granted.ts';
import { auditEvents, logBlocks } from '../store/schema.ts';
import { integer, query, textColumn } from '../store/statement.ts';
import { filterParams, filterValues, noFilter } from './event-filter.ts';
import { spanOfAll, spanOfOwn } from './event-search.ts';
import { timeOf } from './events.ts';
import { operation } from './operation.ts';

const reachesAll = reachesAny('event.list');

/** Reads that were allowed. */
const reads = { ...noFilter, allowed: true, kinds: ['secret.read:1'] };

/** With `max(id)`, SQLite takes the other columns from the row of that id. The last row is about no secret. */
const newest = {
  id: integer('id', sql`max(${auditEvents.id})`),
  at: integer('at', auditEvents.at),
  name: textColumn('name', auditEvents.target),
  by: textColumn('by', auditEvents.actor_name),
};

/** The last read of each secret. `coveredFrom` is the time that the search reached back to; null if it was the whole log. */
export const listLastUses = operation({
  action: 'event.list',
  params: filterParams,
  isSearch: () => true,
  sql: (given) => {
    const bounds = { edge: verdictId, maxBlocks: maxBlocksPerChart };
    const all = spanOfAll(given, bounds);
    const own = spanOfOwn(given, bounds);
    const ofAll = query
      .select(newest)
      .from(all.bound)
      .crossJoin(logBlocks)
      .crossJoin(auditEvents)
      .where(and(granted, reachesAll, all.within))
      .groupBy(auditEvents.target);
    const ofOwn = query
      .select(newest)
      .from(own.bound)
      .crossJoin(auditEvents)
      .where(and(granted, not(reachesAll), own.within))
      .groupBy(auditEvents.target);
    const coveredTo: SQL = sql`iif(${reachesAll}, ${all.coveredTo}, ${own.coveredTo})`;
    const end = query
      .select({
        id: integer('id', sql`0`),
        at: integer('at', sql`iif(${coveredTo} = 0, 0, ${timeOf(coveredTo)})`),
        name: textColumn('name', sql`''`),
        by: textColumn('by', sql`''`),
      })
      .from(verdict)
      .where(and(eq(verdict.id, verdictId), granted));
    return { answer: unionAll(ofAll, ofOwn, end).orderBy(sql`1 desc`) };
  },
  values: (_: Record<never, never>) => filterValues(reads),
  result: (rows) => ({ uses: rows.slice(0, -1), coveredFrom: rows.at(-1)?.at || null }),
});
