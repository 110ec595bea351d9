/** Reading the audit log, and the counts of its events. Reading it is an event as well; a list ends before its own event. */
import { and, desc, eq, getTableColumns, gte, not, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { unionAll } from 'drizzle-orm/sqlite-core';
import {
  defaultAdminEventsPerList,
  defaultUserEventsPerList,
  maxBlocksPerChart,
  maxBlocksPerSearch,
} from '../../core/limits.ts';
import { policy, type Role } from '../../core/policy/policy.ts';
import { actorId, granted, reachesAny, verdict, verdictId } from '../store/granted.ts';
import { activity, auditEvents, logBlocks } from '../store/schema.ts';
import { integer, type Param, query } from '../store/statement.ts';
import {
  type EventFilter,
  edgeOf,
  filterParams,
  filterValues,
  hasFilter,
  spanOfAll,
  spanOfOwn,
} from './event-search.ts';
import { operation } from './operation.ts';

export interface EventQuery extends EventFilter {
  /** Events before the one with this id. */
  before: number | null;
  limit: number | null;
}

const { request_id: _, actor_id: __, ...shown } = getTableColumns(auditEvents);
const { request_id: ___, actor_id: ____, ...ownShown } = getTableColumns(verdict);

/** A row of the answer that is an event. The last row is none: its `covered_to` says how far the search came. */
const listed = { ...shown, covered_to: integer('covered_to', sql`-1`) };

const reachesAll = reachesAny('event.list');

/** Lists events, the newest first. */
export const listEvents = operation({
  action: 'event.list',
  params: [...filterParams, 'before', 'admin_limit', 'user_limit'],
  isSearch: hasFilter,
  sql: (given) => {
    const bounds = { edge: edgeOf(given.before), maxBlocks: maxBlocksPerSearch };
    const all = spanOfAll(given, bounds);
    const own = spanOfOwn(given, bounds);
    const ofAll = query
      .select(listed)
      .from(logBlocks)
      .crossJoin(auditEvents)
      .where(and(granted, reachesAll, all.within))
      .orderBy(desc(logBlocks.block), desc(auditEvents.id))
      .limit(given.admin_limit.placeholder);
    const ofOwn = query
      .select(listed)
      .from(auditEvents)
      .where(and(granted, not(reachesAll), own.within))
      .orderBy(desc(auditEvents.id))
      .limit(given.user_limit.placeholder);
    const end = query
      .select({
        ...ownShown,
        covered_to: integer('covered_to', sql`iif(${reachesAll}, ${all.coveredTo}, ${own.coveredTo})`),
      })
      .from(verdict)
      .where(and(eq(verdict.id, verdictId), granted));
    return { answer: unionAll(query.select().from(ofAll.as('newest')), query.select().from(ofOwn.as('newest')), end) };
  },
  values: ({ before, limit, ...filter }: EventQuery) => ({
    ...filterValues(filter),
    before,
    admin_limit: limit ?? defaultAdminEventsPerList,
    user_limit: limit ?? defaultUserEventsPerList,
  }),
  result: (rows, { limit }, _context, { role }) => {
    const events = rows.filter(({ covered_to }) => covered_to < 0).map(({ covered_to: _, ...event }) => event);
    const coveredTo = rows.find(({ covered_to }) => covered_to >= 0)?.covered_to ?? 0;
    const most = limit ?? (seesAll(role) ? defaultAdminEventsPerList : defaultUserEventsPerList);
    const next = events.length === most ? (events.at(-1)?.id ?? 0) : coveredTo;
    return { events: seesAll(role) ? events : events.map(asSeenByUser), next: next > 0 ? next : null };
  },
});

const seesAll = (role: Role) => policy['event.list'][role] === 'any';

/** A user's own log does not tell somebody else's secret from a missing one either. */
const asSeenByUser = <Event extends Pick<typeof auditEvents.$inferSelect, 'outcome' | 'reason'>>(
  event: Event,
): Event => {
  if (event.reason === 'not_owner') return { ...event, outcome: 'not_found', reason: null };
  if (event.reason !== 'name_held') return event;
  return { ...event, reason: event.outcome === 'conflict' ? 'name_taken' : null };
};

/** How a span of time is divided, and what is counted. */
export interface CountQuery extends EventFilter {
  stepMs: number;
  steps: number;
}

/** The columns of a count; `covered_from` is set in one last row that is no count: the time from which all is counted. */
const countOf = (at: SQLWrapper, allowed: SQL, refused: SQL, step: Param) => ({
  at: integer('at', sql`${at} - ${at} % ${step}`),
  allowed: integer('allowed', allowed),
  refused: integer('refused', refused),
  covered_from: integer('covered_from', sql`-1`),
});

const countsAll = reachesAny('event.count');
const requests = sql`coalesce(${auditEvents.requests}, 1)`;

const countedEvents = (step: Param) =>
  countOf(
    auditEvents.at,
    sql`sum(iif(${auditEvents.outcome} = 'allowed', ${requests}, 0))`,
    sql`sum(iif(${auditEvents.outcome} = 'allowed', 0, ${requests}))`,
    step,
  );

const timeOf = (id: SQL) =>
  query
    .select({ at: auditEvents.at })
    .from(auditEvents)
    .where(gte(auditEvents.id, id))
    .orderBy(auditEvents.id)
    .limit(1);

/**
 * Counts the events in each hour or day of a span that ends now. `at` is the start of the hour or day. Without a filter the
 * counts are those that triggers keep. With one, events are counted, as many as a search may read.
 */
export const countEvents = operation({
  action: 'event.count',
  params: [...filterParams, 'step', 'from', 'has_filter'],
  isSearch: hasFilter,
  sql: (given) => {
    const { step, from, has_filter } = given;
    const isKept = sql`not ${has_filter}`;
    const bounds = { edge: verdictId, from, maxBlocks: maxBlocksPerChart };
    const all = spanOfAll(given, bounds);
    const own = spanOfOwn(given, bounds);
    const kept = query
      .select(countOf(activity.hour, sql`sum(${activity.allowed})`, sql`sum(${activity.refused})`, step))
      .from(activity)
      .where(
        and(granted, isKept, eq(activity.actor_id, sql`iif(${countsAll}, 0, ${actorId})`), gte(activity.hour, from)),
      )
      .groupBy(sql`1`);
    const ofAll = query
      .select(countedEvents(step))
      .from(logBlocks)
      .crossJoin(auditEvents)
      .where(and(granted, has_filter, countsAll, all.within))
      .groupBy(sql`1`);
    const ofOwn = query
      .select(countedEvents(step))
      .from(auditEvents)
      .where(and(granted, has_filter, not(countsAll), own.within))
      .groupBy(sql`1`);
    const coveredTo = sql`iif(${isKept}, 0, iif(${countsAll}, ${all.coveredTo}, ${own.coveredTo}))`;
    const end = query
      .select({
        at: integer('at', sql`0`),
        allowed: integer('allowed', sql`0`),
        refused: integer('refused', sql`0`),
        covered_from: integer('covered_from', sql`iif(${coveredTo} = 0, 0, ${timeOf(coveredTo)})`),
      })
      .from(verdict)
      .where(and(eq(verdict.id, verdictId), granted));
    return { answer: unionAll(kept, ofAll, ofOwn, end).orderBy(sql`1`) };
  },
  values: ({ stepMs, steps, ...filter }: CountQuery, { caller }) => ({
    ...filterValues(filter),
    step: stepMs,
    from: (Math.floor(caller.now / stepMs) - steps + 1) * stepMs,
    has_filter: Number(hasFilter(filter)),
  }),
  result: (rows, { stepMs, steps }, { caller }) => {
    const coveredFrom = rows.find(({ covered_from }) => covered_from >= 0)?.covered_from ?? 0;
    const from = (Math.floor(caller.now / stepMs) - steps + 1) * stepMs;
    return {
      counts: rows.filter(({ covered_from }) => covered_from < 0).map(({ covered_from: _, ...count }) => count),
      coveredFrom: coveredFrom > from ? coveredFrom : null,
    };
  },
});
