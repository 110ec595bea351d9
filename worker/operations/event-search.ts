/**
 * Searching the log in bounded steps, however long it is. A search of the whole log skips the blocks that cannot contain a
 * match (`log_blocks`), and reads some of the others; a search of one's own events reads the newest of them. Where a search
 * ends early, the next one continues.
 */
import { and, eq, gt, gte, isNull, lt, lte, ne, or, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { maxBlocksPerLook, maxEventsPerBlock } from '../../core/limits.ts';
import { isForToken } from '../store/form.ts';
import { actorId, actorTokenId, verdictId } from '../store/granted.ts';
import { auditEvents, logBlocks } from '../store/schema.ts';
import { type Param, type Params, query, type Values } from '../store/statement.ts';

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
}

/** Whether anything is filtered. */
export const hasFilter = (filter: EventFilter): boolean => filterParams.some((name) => filter[name] !== null);

export const filterParams = ['actor', 'target', 'address', 'allowed', 'kinds', 'action_part'] as const;
type FilterParam = (typeof filterParams)[number];
type Filter = Params<FilterParam>;

export const filterValues = ({
  actor,
  target,
  address,
  allowed,
  kinds,
  action_part,
}: EventFilter): Values<FilterParam> => ({
  actor,
  target,
  address,
  allowed: allowed === null ? null : Number(allowed),
  kinds: kinds === null ? null : JSON.stringify(kinds),
  action_part,
});

const contains = (text: SQLWrapper, part: Param) => or(isNull(part), sql`instr(lower(${text}), lower(${part})) > 0`);

/** The condition on an event. */
const matches = (filter: Filter) =>
  and(
    contains(auditEvents.actor_name, filter.actor),
    contains(auditEvents.target, filter.target),
    contains(auditEvents.address, filter.address),
    or(isNull(filter.allowed), sql`(${auditEvents.outcome} = 'allowed') = ${filter.allowed}`),
    or(
      isNull(filter.kinds),
      sql`${auditEvents.action} || iif(${auditEvents.outcome} = 'allowed', ':1', ':0')
        in (select value from json_each(${filter.kinds}))`,
      sql`(instr(${auditEvents.action}, '.') = 0 and instr(lower(${auditEvents.action}), lower(${filter.action_part})) > 0)`,
    ),
  );

const mayContain = (texts: SQLWrapper, part: Param) =>
  or(isNull(part), isNull(texts), sql`instr(${texts}, lower(${part})) > 0`);

/** The condition on a block: whether it may contain an event that matches. */
const mayMatch = (filter: Filter) =>
  and(
    mayContain(logBlocks.actors, filter.actor),
    mayContain(logBlocks.addresses, filter.address),
    mayContain(logBlocks.targets, filter.target),
    or(
      isNull(filter.allowed),
      isNull(logBlocks.kinds),
      sql`instr(${logBlocks.kinds}, iif(${filter.allowed}, ':1', ':0')) > 0`,
    ),
    or(
      isNull(filter.kinds),
      isNull(logBlocks.kinds),
      sql`exists (select 1 from json_each(${filter.kinds}) where instr(${logBlocks.kinds}, value) > 0)`,
      sql`instr(lower(${logBlocks.kinds}), lower(${filter.action_part})) > 0`,
    ),
  );

/** What one search covers. */
export interface Span {
  /** The condition on the events (and blocks) that it reads. */
  within: SQL | undefined;
  /** The id of the oldest event that it covers; 0 if there is none before it. */
  coveredTo: SQL;
}

interface Bounds {
  /** Only events before the one with this id. */
  edge: SQL;
  /** Only events from this time on. */
  from?: SQLWrapper;
  /** How many blocks of events are read at most. */
  maxBlocks: number;
}

/** What one search of the whole log covers. For a join of blocks with events. */
export const spanOfAll = (filter: Filter, { edge, from = sql`0`, maxBlocks }: Bounds): Span => {
  const newest = sql`(${edge} - 1) / ${maxEventsPerBlock}`;
  const isRecent = or(isNull(logBlocks.newest_at), gte(logBlocks.newest_at, from));
  const worthReading = and(lte(logBlocks.block, newest), isRecent, mayMatch(filter));
  const lowest = sql`coalesce(${query
    .select({ block: logBlocks.block })
    .from(logBlocks)
    .where(and(worthReading, gt(logBlocks.block, sql`${newest} - ${maxBlocksPerLook}`)))
    .orderBy(sql`block desc`)
    .limit(1)
    .offset(maxBlocks - 1)}, ${newest} - ${maxBlocksPerLook} + 1)`;
  const older = query
    .select({ block: logBlocks.block })
    .from(logBlocks)
    .where(and(lt(logBlocks.block, lowest), isRecent));
  return {
    within: and(
      worthReading,
      gte(logBlocks.block, lowest),
      gte(auditEvents.id, sql`${logBlocks.block} * ${maxEventsPerBlock}`),
      lt(auditEvents.id, sql`${logBlocks.block} * ${maxEventsPerBlock} + ${maxEventsPerBlock}`),
      lt(auditEvents.id, edge),
      gte(auditEvents.at, from),
      matches(filter),
    ),
    coveredTo: sql`iif(exists ${older}, ${lowest} * ${maxEventsPerBlock}, 0)`,
  };
};

/** What one search of the caller's own events covers. */
export const spanOfOwn = (filter: Filter, { edge, from = sql`0`, maxBlocks }: Bounds): Span => {
  const isOwn = isOwnEvent();
  const lowest = sql`coalesce(${query
    .select({ id: auditEvents.id })
    .from(auditEvents)
    .where(and(isOwn, lt(auditEvents.id, edge)))
    .orderBy(sql`id desc`)
    .limit(1)
    .offset(maxBlocks * maxEventsPerBlock - 1)}, 0)`;
  const older = query
    .select({ id: auditEvents.id })
    .from(auditEvents)
    .where(and(isOwn, lt(auditEvents.id, lowest)));
  return {
    within: and(
      isOwn,
      gte(auditEvents.id, lowest),
      lt(auditEvents.id, edge),
      gte(auditEvents.at, from),
      matches(filter),
    ),
    coveredTo: sql`iif(exists ${older}, ${lowest}, 0)`,
  };
};

/** What somebody reads as their own: a user, with what their tokens did; a token only what it did itself. */
export const isOwnEvent = (): SQL | undefined =>
  isForToken()
    ? and(eq(auditEvents.token_id, actorTokenId), ne(auditEvents.outcome, 'unauthenticated'))
    : eq(auditEvents.actor_id, actorId);

/** The id before which a list ends: that of the caller's own event, or the one that is asked for. */
export const edgeOf = (before: Param) => sql`min(coalesce(${before}, ${verdictId}), ${verdictId})`;
