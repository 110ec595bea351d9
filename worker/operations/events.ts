/** Reading the audit log, and the counts of its events. Reading it is an event as well; a list ends before its own event. */
import { and, desc, eq, gt, gte, lt, not, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { unionAll } from 'drizzle-orm/sqlite-core';
import type { Caller, Principal } from '../../core/caller.ts';
import {
  defaultAdminEventsPerList,
  defaultUserEventsPerList,
  eventsPerListPart,
  maxBlocksPerChart,
  maxBlocksPerSearch,
} from '../../core/limits.ts';
import { policy } from '../../core/policy/policy.ts';
import { actorId, granted, reachesAny, verdict, verdictId } from '../store/granted.ts';
import { type JsonRows, jsonRows, type Rows } from '../store/json.ts';
import { activity, auditEvents, logBlocks } from '../store/schema.ts';
import { integer, type Param, type Params, query, textColumn } from '../store/statement.ts';
import { type EventFilter, filterParams, filterValues, hasFilter, isNarrowed } from './event-filter.ts';
import { edgeOf, isOwnEvent, spanOfAll, spanOfOwn } from './event-search.ts';
import { eventJson, listedEvents } from './listed.ts';
import { eitherOf, operation } from './operation.ts';
import type { Context } from './vault.ts';

export interface EventQuery extends EventFilter {
  /** Events before the one with this id. */
  before: number | null;
  /** Events after the one with this id. */
  after: number | null;
  limit: number | null;
}

/** Whether an event is one of the principal's own log, or of everybody's. */
const ofAll = { id: auditEvents.id, mark: sql`0`.as('mark') };
const ofOwn = { id: auditEvents.id, mark: sql`1`.as('mark') };

const reachesAll = reachesAny('event.list');
const limitParams = ['before', 'after', 'admin_limit', 'user_limit'] as const;
type LimitParam = (typeof limitParams)[number];

/** The answer: events as JSON, the newest first. The caller's role decides whether they are those of all. */
const listed = (given: Params<LimitParam>, all: Rows, own: Rows, isOnePart?: true) =>
  jsonRows({
    sources: [
      { rows: all, when: and(granted, reachesAll), most: given.admin_limit },
      { rows: own, when: and(granted, not(reachesAll)), most: given.user_limit },
    ],
    table: listedEvents,
    json: eventJson,
    perPart: eventsPerListPart,
    ...(isOnePart && { isOnePart }),
  });

/** Tokens have the smaller limit, also those that read the log of all. */
const limitValues = ({ before, after, limit }: EventQuery, { caller: { tokenHash } }: Context) => ({
  before,
  after,
  admin_limit: limit ?? (tokenHash === undefined ? defaultAdminEventsPerList : defaultUserEventsPerList),
  user_limit: limit ?? defaultUserEventsPerList,
});

/** What a list ends with. `coveredTo` is the id of the oldest event that was looked at; 0 if there is none before it. */
const listOf = (parts: JsonRows[], limit: number | null, principal: Principal, coveredTo = 0) => {
  const most = limit ?? (seesAll(principal) ? defaultAdminEventsPerList : defaultUserEventsPerList);
  const found = parts.reduce((sum, { rows }) => sum + rows, 0);
  const next = found === most ? (parts.at(-1)?.last ?? 0) : coveredTo;
  return { events: parts.map(({ json }) => json), next: next > 0 ? next : null };
};

const seesAll = ({ role, token }: Principal) => token === undefined && policy['event.list'][role] === 'any';

/** Lists the newest events, whatever they are. */
const newestEvents = (isOnePart?: true) =>
  operation({
    action: 'event.list',
    params: limitParams,
    sql: (given) => {
      const between = and(
        lt(auditEvents.id, edgeOf(given.before)),
        gt(auditEvents.id, sql`coalesce(${given.after}, 0)`),
      );
      return {
        answer: listed(
          given,
          query.select(ofAll).from(auditEvents).where(between).orderBy(desc(auditEvents.id)),
          query.select(ofOwn).from(auditEvents).where(and(isOwnEvent(), between)).orderBy(desc(auditEvents.id)),
          isOnePart,
        ),
      };
    },
    values: limitValues,
    result: (parts, { limit }, _context, principal) => listOf(parts, limit, principal),
  });

/** Searches the log, as far as one search goes. */
const foundEvents = operation({
  action: 'event.list',
  params: [...filterParams, ...limitParams],
  isSearch: () => true,
  sql: (given) => {
    const bounds = { edge: edgeOf(given.before), after: given.after, maxBlocks: maxBlocksPerSearch };
    const all = spanOfAll(given, bounds);
    const own = spanOfOwn(given, bounds);
    const found = listed(
      given,
      query
        .select(ofAll)
        .from(all.bound)
        .crossJoin(logBlocks)
        .crossJoin(auditEvents)
        .where(all.within)
        .orderBy(desc(logBlocks.block), desc(auditEvents.id)),
      query.select(ofOwn).from(own.bound).crossJoin(auditEvents).where(own.within).orderBy(desc(auditEvents.id)),
    );
    const end = query
      .select({
        json: textColumn('json', sql`''`),
        rows: integer('rows', sql`-1`),
        last: integer('last', sql`iif(${reachesAll}, ${all.coveredTo}, ${own.coveredTo})`),
      })
      .from(verdict)
      .where(and(eq(verdict.id, verdictId), granted));
    return { answer: unionAll(found, end) };
  },
  values: (given: EventQuery, context) => ({ ...filterValues(given), ...limitValues(given, context) }),
  // The last row is no part of the list. It says how far the search came.
  result: (rows, { limit }, _context, principal) => listOf(rows.slice(0, -1), limit, principal, rows.at(-1)?.last),
});

const isPage = ({ limit }: EventQuery) => limit !== null && limit <= eventsPerListPart;

/** Lists events, the newest first. */
export const listEvents = eitherOf(isNarrowed, foundEvents, eitherOf(isPage, newestEvents(true), newestEvents()));

/** How a span of time is divided, and what is counted in it. */
export interface CountQuery extends EventFilter {
  stepMs: number;
  /** How many steps there are if no beginning is asked for, and at most. */
  steps: number;
  maxSteps: number;
}

/** Whole steps, up to the one that `to` is in, or now. */
const countedSpan = ({ from, to, stepMs, steps, maxSteps }: CountQuery, now: number) => {
  const end = Math.ceil((to ?? now + 1) / stepMs) * stepMs;
  const start = from === null ? end - steps * stepMs : Math.floor(from / stepMs) * stepMs;
  return { start: Math.max(start, end - maxSteps * stepMs), end, isCut: start < end - maxSteps * stepMs };
};

/** The columns of a count; `covered_from` is set in one last row that is no count: the time from which all is counted. */
const countOf = (at: SQLWrapper, allowed: SQL, refused: SQL, step: Param) => ({
  at: integer('at', sql`${at} - ${at} % ${step}`),
  allowed: integer('allowed', allowed),
  refused: integer('refused', refused),
  covered_from: integer('covered_from', sql`-1`),
});

/** What triggers count is of accounts, by the hour. For a filter, for less than an hour, and for one token, events are counted. */
const isCounted = (asked: CountQuery, { tokenHash }: Caller) =>
  hasFilter(asked) || tokenHash !== undefined || asked.stepMs < hourMs;

const hourMs = 3_600_000;
const countsAll = reachesAny('event.count');
const requests = sql`coalesce(${auditEvents.requests}, 1)`;

const countedEvents = (step: Param) =>
  countOf(
    auditEvents.at,
    sql`sum(iif(${auditEvents.outcome} = 'allowed', ${requests}, 0))`,
    sql`sum(iif(${auditEvents.outcome} = 'allowed', 0, ${requests}))`,
    step,
  );

/** When the oldest event from this id on happened. */
export const timeOf = (id: SQL) =>
  query
    .select({ at: auditEvents.at })
    .from(auditEvents)
    .where(gte(auditEvents.id, id))
    .orderBy(auditEvents.id)
    .limit(1);

/**
 * Counts the events in each minute, hour or day of a span of time. `at` is the start of each. Without a filter the counts are those that
 * triggers keep of each hour. Else events are counted, as many as a search may read.
 */
export const countEvents = operation({
  action: 'event.count',
  params: [...filterParams, 'step', 'has_filter'],
  isSearch: (asked: CountQuery, { caller }) => isCounted(asked, caller),
  sql: (given) => {
    const { step, from, to, has_filter } = given;
    const isKept = sql`not ${has_filter}`;
    const bounds = { edge: verdictId, maxBlocks: maxBlocksPerChart };
    const all = spanOfAll(given, bounds);
    const own = spanOfOwn(given, bounds);
    const kept = query
      .select(countOf(activity.hour, sql`sum(${activity.allowed})`, sql`sum(${activity.refused})`, step))
      .from(activity)
      .where(
        and(
          granted,
          isKept,
          eq(activity.actor_id, sql`iif(${countsAll}, 0, ${actorId})`),
          gte(activity.hour, from),
          lt(activity.hour, to),
        ),
      )
      .groupBy(sql`1`);
    const countOfAll = query
      .select(countedEvents(step))
      .from(all.bound)
      .crossJoin(logBlocks)
      .crossJoin(auditEvents)
      .where(and(granted, has_filter, countsAll, all.within))
      .groupBy(sql`1`);
    const countOfOwn = query
      .select(countedEvents(step))
      .from(own.bound)
      .crossJoin(auditEvents)
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
    return { answer: unionAll(kept, countOfAll, countOfOwn, end).orderBy(sql`1`) };
  },
  values: (asked: CountQuery, { caller }) => {
    const { start, end } = countedSpan(asked, caller.now);
    return {
      ...filterValues({ ...asked, from: start, to: end }),
      step: asked.stepMs,
      has_filter: Number(isCounted(asked, caller)),
    };
  },
  result: (rows, asked, { caller }) => {
    const coveredFrom = rows.find(({ covered_from }) => covered_from >= 0)?.covered_from ?? 0;
    const { start, isCut } = countedSpan(asked, caller.now);
    return {
      counts: rows.filter(({ covered_from }) => covered_from < 0).map(({ covered_from: _, ...count }) => count),
      stepMs: asked.stepMs,
      coveredFrom: coveredFrom > start ? coveredFrom : isCut ? start : null,
    };
  },
});
