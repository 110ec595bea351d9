/**
 * Searching the log in bounded steps, however long it is. A search of the whole log skips the blocks that cannot contain a
 * match (`log_blocks`), and reads some of the others; a search of one's own events reads the newest of them. Where a search
 * ends early, the next one continues.
 */
import { and, eq, exists, gt, gte, isNull, lt, lte, min, ne, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { maxBlocksPerLook, maxEventsPerBlock } from '../../core/limits.ts';
import { isForToken } from '../store/form.ts';
import { actorId, actorTokenId, verdictId } from '../store/granted.ts';
import { auditEvents, logBlocks } from '../store/schema.ts';
import { type Param, query } from '../store/statement.ts';
import { type Filter, matches, mayMatch } from './event-filter.ts';

/** What one search covers. */
export interface Span {
  /** One row, to read the events from beside their table, with what the condition needs: SQLite works that out once. */
  bound: SQL;
  /** The condition on the events (and blocks) that it reads. */
  within: SQL | undefined;
  /** The id of the oldest event that it covers; 0 if there is none before it. */
  coveredTo: SQL;
}

interface Bounds {
  /** Only events before the one with this id. */
  edge: SQL;
  /** Only events after the one with this id; null for all. */
  after?: SQLWrapper;
  /** How many blocks of events are read at most. */
  maxBlocks: number;
}

/** Events before `top`, from `bottom` on; of these, a search reads those from `lowest` on. */
const [top, bottom, lowest] = ['top', 'bottom', 'lowest'].map((name) => sql.raw(`bound.${name}`)) as [SQL, SQL, SQL];

const boundBy = (filter: Filter, { edge, after = sql`0` }: Bounds, lowestOf: SQL) =>
  sql`(select top, bottom, max(bottom, ${lowestOf}) as lowest
    from (select ${edgeBefore(filter, edge)} as top, ${lowestFrom(filter, after)} as bottom) bound) bound`;

/**
 * The newest or oldest block that meets a condition on its times. With the `+`, SQLite goes through the index of times, and not through
 * the blocks from one end on.
 */
const blockOf = (block: 'max' | 'min', condition: SQL | undefined) =>
  sql`${query
    .select({ block: sql`${sql.raw(block)}(+${logBlocks.block})`.as('block') })
    .from(logBlocks)
    .where(condition)}`;

const firstBlock = query.select({ block: min(logBlocks.block) }).from(logBlocks);

/** An event before `to` in a block whose oldest time is not known: in the newest one, as a rule. */
const earlyOne = (to: Param) =>
  query
    .select({ id: auditEvents.id })
    .from(auditEvents)
    .where(
      and(
        gte(auditEvents.id, sql`${logBlocks.block} * ${maxEventsPerBlock}`),
        lt(auditEvents.id, sql`${logBlocks.block} * ${maxEventsPerBlock} + ${maxEventsPerBlock}`),
        lt(auditEvents.at, to),
      ),
    );

/** The id before which all events are that happened before `to`: found by the oldest times of the blocks. */
export const edgeBefore = ({ to }: Pick<Filter, 'to'>, edge: SQL) => {
  const known = blockOf('max', lt(logBlocks.oldest_at, to));
  const open = blockOf('max', and(isNull(logBlocks.oldest_at), exists(earlyOne(to))));
  return sql`iif(${to} is null, ${edge},
    min(${edge}, (max(coalesce(${known}, -1), coalesce(${open}, -1)) + 1) * ${maxEventsPerBlock}))`;
};

/** The id from which all events are that happened from `from` on, and after `after`. */
export const lowestFrom = ({ from }: Pick<Filter, 'from'>, after: SQLWrapper) => {
  const recent = blockOf('min', gte(logBlocks.newest_at, from));
  const open = blockOf('min', isNull(logBlocks.newest_at));
  const first = sql`iif(${from} is null, ${firstBlock},
    coalesce(min(coalesce(${recent}, ${open}), coalesce(${open}, ${recent})), 0))`;
  return sql`max(cast(coalesce(${after}, 0) as integer) + 1, coalesce(${first}, 0) * ${maxEventsPerBlock})`;
};

/** What one search of the whole log covers. For a join of blocks with events. */
export const spanOfAll = (filter: Filter, bounds: Bounds): Span => {
  const newest = sql`(${top} - 1) / ${maxEventsPerBlock}`;
  const worthReading = and(lte(logBlocks.block, newest), mayMatch(filter));
  const bound = boundBy(
    filter,
    bounds,
    sql`coalesce(${query
      .select({ block: logBlocks.block })
      .from(logBlocks)
      .where(
        and(
          worthReading,
          gt(logBlocks.block, sql`${newest} - ${maxBlocksPerLook}`),
          gte(logBlocks.block, sql`${bottom} / ${maxEventsPerBlock}`),
        ),
      )
      .orderBy(sql`block desc`)
      .limit(1)
      .offset(bounds.maxBlocks - 1)}, ${newest} - ${maxBlocksPerLook} + 1) * ${maxEventsPerBlock}`,
  );
  return {
    bound,
    within: and(
      worthReading,
      gte(logBlocks.block, sql`${lowest} / ${maxEventsPerBlock}`),
      gte(auditEvents.id, sql`max(${logBlocks.block} * ${maxEventsPerBlock}, ${lowest})`),
      lt(auditEvents.id, sql`min(${logBlocks.block} * ${maxEventsPerBlock} + ${maxEventsPerBlock}, ${top})`),
      matches(filter, false),
    ),
    coveredTo: sql`(select iif(lowest > bottom, lowest, 0) from ${bound})`,
  };
};

/** What one search of the caller's own events covers. */
export const spanOfOwn = (filter: Filter, bounds: Bounds): Span => {
  const bound = boundBy(
    filter,
    bounds,
    sql`coalesce(${query
      .select({ id: auditEvents.id })
      .from(auditEvents)
      .where(and(isOwnEvent(), lt(auditEvents.id, top), gte(auditEvents.id, bottom)))
      .orderBy(sql`id desc`)
      .limit(1)
      .offset(bounds.maxBlocks * maxEventsPerBlock - 1)}, 0)`,
  );
  const older = query
    .select({ id: auditEvents.id })
    .from(auditEvents)
    .where(and(isOwnEvent(), lt(auditEvents.id, lowest), gte(auditEvents.id, bottom)));
  return {
    bound,
    within: and(isOwnEvent(), gte(auditEvents.id, lowest), lt(auditEvents.id, top), matches(filter, true)),
    coveredTo: sql`(select iif(exists ${older}, lowest, 0) from ${bound})`,
  };
};

/** What somebody reads as their own: a user, with what their tokens did; a token only what it did itself. */
export const isOwnEvent = (): SQL | undefined =>
  isForToken()
    ? and(eq(auditEvents.token_id, actorTokenId), ne(auditEvents.outcome, 'unauthenticated'))
    : eq(auditEvents.actor_id, actorId);

/** The id before which a list ends: that of the caller's own event, or the one that is asked for. */
export const edgeOf = (before: Param) => sql`min(coalesce(cast(${before} as integer), ${verdictId}), ${verdictId})`;
