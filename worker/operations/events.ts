/** Reading the audit log. Reading it is an event as well; a list ends before its own event. */
import { and, desc, eq, gte, isNull, lt, not, or, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { unionAll } from 'drizzle-orm/sqlite-core';
import { defaultAdminEventsPerList, defaultUserEventsPerList } from '../../core/limits.ts';
import { actorId, granted, reachesAny, verdictId } from '../store/granted.ts';
import { auditEvents } from '../store/schema.ts';
import { integer, type Param, type Params, query } from '../store/statement.ts';
import { operation } from './operation.ts';

/** Texts match a part, literally, and ASCII letters in either case. Null does not filter. */
export interface EventFilter {
  actor: string | null;
  target: string | null;
  address: string | null;
  allowed: boolean | null;
  /** Pairs of action and whether it was allowed, as `action:1` or `action:0`. */
  kinds: string[] | null;
  /** A part of the name of an action without a dot: one of an older product, which this version does not know. */
  action_part: string | null;
  /** Events before the one with this id. */
  before: number | null;
  limit: number | null;
}

const { id, at, actor_name, actor_role, action, target, outcome, reason, address, user_agent } = auditEvents;

const filters = ['actor', 'target', 'address', 'allowed', 'kinds', 'action_part', 'before'] as const;
type Filters = Params<(typeof filters)[number]>;

const contains = (text: SQLWrapper, part: Param) => or(isNull(part), sql`instr(lower(${text}), lower(${part})) > 0`);

const matches = (filter: Filters) =>
  and(
    lt(id, sql`coalesce(${filter.before}, ${verdictId})`),
    lt(id, verdictId),
    contains(actor_name, filter.actor),
    contains(target, filter.target),
    contains(address, filter.address),
    or(isNull(filter.allowed), sql`(${outcome} = 'allowed') = ${filter.allowed}`),
    or(
      isNull(filter.kinds),
      sql`${action} || case ${outcome} when 'allowed' then ':1' else ':0' end
        in (select value from json_each(${filter.kinds}))`,
      sql`(instr(${action}, '.') = 0 and instr(lower(${action}), lower(${filter.action_part})) > 0)`,
    ),
  );

const newest = (scope: SQL | undefined, filter: Filters, limit: Param) =>
  query.select().from(
    query
      .select({ id, at, actor_name, actor_role, action, target, outcome, reason, address, user_agent })
      .from(auditEvents)
      .where(and(granted, scope, matches(filter)))
      .orderBy(desc(id))
      .limit(limit.placeholder)
      .as('newest'),
  );

/** Lists events, the newest first. */
export const listEvents = operation({
  action: 'event.list',
  params: [...filters, 'admin_limit', 'user_limit'],
  sql: (given) => ({
    answer: unionAll(
      newest(reachesAny('event.list'), given, given.admin_limit),
      newest(and(not(reachesAny('event.list')), eq(auditEvents.actor_id, actorId)), given, given.user_limit),
    ),
  }),
  values: ({ allowed, kinds, limit, ...filter }: EventFilter) => ({
    ...filter,
    allowed: allowed === null ? null : Number(allowed),
    kinds: kinds === null ? null : JSON.stringify(kinds),
    admin_limit: limit ?? defaultAdminEventsPerList,
    user_limit: limit ?? defaultUserEventsPerList,
  }),
  result: (rows) => rows,
});

const counted = (scope: SQL | undefined, { step, from }: Params<'step' | 'from'>) =>
  query
    .select({
      at: integer('at', sql`${at} - ${at} % ${step}`),
      allowed: integer('allowed', sql`sum(${outcome} = 'allowed')`),
      refused: integer('refused', sql`sum(${outcome} <> 'allowed')`),
    })
    .from(auditEvents)
    .where(and(granted, scope, gte(at, from)))
    .groupBy(sql`1`);

/** Counts the events in each hour or day of a span that ends now. `at` is the start of the hour or day. */
export const countEvents = operation({
  action: 'event.count',
  params: ['step', 'from'],
  sql: (given) => ({
    answer: unionAll(
      counted(reachesAny('event.count'), given),
      counted(and(not(reachesAny('event.count')), eq(auditEvents.actor_id, actorId)), given),
    ).orderBy(sql`1`),
  }),
  values: ({ stepMs, steps }: { stepMs: number; steps: number }, { caller }) => ({
    step: stepMs,
    from: (Math.floor(caller.now / stepMs) - steps + 1) * stepMs,
  }),
  result: (rows) => rows,
});
