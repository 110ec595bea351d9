/**
 * Searching the log in bounded steps, however long it is. A search of the whole log skips the blocks that cannot contain a
 * match (`log_blocks`), and reads some of the others; a search of one's own events reads the newest of them. Where a search
 * ends early, the next one continues.
 */
import { and, eq, exists, gt, gte, isNull, lt, lte, min, ne, or, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { maxBlocksPerLook, maxEventsPerBlock } from '../../core/limits.ts';
import type { Outcome } from '../../core/policy/policy.ts';
import type { TextMatch } from '../../core/vocabulary.ts';
import { isForToken } from '../store/form.ts';
import { actorId, actorTokenId, verdictId } from '../store/granted.ts';
import { auditEvents, logBlocks } from '../store/schema.ts';
import { type Param, type Params, query, type Values } from '../store/statement.ts';
import { hiddenReasons } from './listed.ts';

/** Null does not filter. */
export interface EventFilter {
  /** Texts, compared as `match` says. */
  actor: string | null;
  target: string | null;
  address: string | null;
  token: string | null;
  /** What was done with a token of the project, to the project, or to a key whose name begins with it. */
  project: string | null;
  token_id: number | null;
  allowed: boolean | null;
  outcomes: Outcome[] | null;
  /** Pairs of action and whether it was allowed, as `action:1` or `action:0`. */
  kinds: string[] | null;
  /** For actions without a dot, which are those of an older product: this version does not know their names. */
  action_parts: string[] | null;
  /** Events from this time on, and before that one. */
  from: number | null;
  to: number | null;
  match: TextMatch;
}

/** Lets everything through. */
export const noFilter: EventFilter = {
  ...{ actor: null, target: null, address: null, token: null, project: null, token_id: null },
  ...{ allowed: null, outcomes: null, kinds: null, action_parts: null },
  ...{ from: null, to: null, match: 'contains' },
};

const texts = ['actor', 'target', 'address', 'token', 'project'] as const;
const lists = ['outcomes', 'kinds', 'action_parts'] as const;
const filters = [...texts, ...lists, 'token_id', 'allowed'] as const;

/** Whether anything but the time is filtered. */
export const hasFilter = (filter: EventFilter): boolean => filters.some((name) => filter[name] !== null);

/** Whether anything is filtered. */
export const isNarrowed = (filter: EventFilter): boolean =>
  hasFilter(filter) || filter.from !== null || filter.to !== null;

export const filterParams = [...filters, 'from', 'to', 'match'] as const;
type FilterParam = (typeof filterParams)[number];
type Filter = Params<FilterParam>;

const jsonOrNull = (list: readonly string[] | null) => (list === null ? null : JSON.stringify(list));

export const filterValues = ({
  outcomes,
  kinds,
  action_parts,
  allowed,
  ...given
}: EventFilter): Values<FilterParam> => ({
  actor: given.actor,
  target: given.target,
  address: given.address,
  token: given.token,
  project: given.project,
  token_id: given.token_id,
  allowed: allowed === null ? null : Number(allowed),
  outcomes: jsonOrNull(outcomes),
  kinds: jsonOrNull(kinds),
  action_parts: jsonOrNull(action_parts),
  from: given.from,
  to: given.to,
  match: given.match,
});

const isLike = (text: SQLWrapper, part: SQLWrapper, match: Param) =>
  sql`case ${match} when 'exact' then ${text} = ${part} when 'prefix' then substr(${text}, 1, length(${part})) = ${part}
    else instr(lower(${text}), lower(${part})) > 0 end`;

const matchesText = (text: SQLWrapper, part: Param, match: Param) => or(isNull(part), isLike(text, part, match));

const { action, target, outcome, reason } = auditEvents;

/** The project that an event is about, by the name of its target. */
const projectOfTarget = sql`case when instr(${action}, 'secret.') = 1 or instr(${action}, 'version.') = 1
  then substr(${target}, 1, instr(${target}, '/') - 1)
  when instr(${action}, 'project.') = 1 or instr(${action}, 'member.') = 1 then ${target} end`;

/** As the list shows it: one's own log does not tell somebody else's key from a missing one. */
const shownOutcome = (isOwn: boolean) =>
  isOwn ? sql`iif(coalesce(${reason} in (${hiddenReasons}), 0), 'not_found', ${outcome})` : sql`${outcome}`;

/** The condition on an event. @param isOwn whether it is of the caller's own log. */
const matches = (filter: Filter, isOwn: boolean) =>
  and(
    or(isNull(filter.from), gte(auditEvents.at, filter.from)),
    or(isNull(filter.to), lt(auditEvents.at, filter.to)),
    matchesText(auditEvents.actor_name, filter.actor, filter.match),
    matchesText(target, filter.target, filter.match),
    matchesText(auditEvents.address, filter.address, filter.match),
    matchesText(auditEvents.token, filter.token, filter.match),
    or(
      isNull(filter.project),
      isLike(auditEvents.project, filter.project, filter.match),
      isLike(projectOfTarget, filter.project, filter.match),
    ),
    or(isNull(filter.token_id), eq(auditEvents.token_id, filter.token_id)),
    or(isNull(filter.allowed), sql`(${outcome} = 'allowed') = ${filter.allowed}`),
    or(isNull(filter.outcomes), sql`${shownOutcome(isOwn)} in (select value from json_each(${filter.outcomes}))`),
    or(
      isNull(filter.kinds),
      sql`${action} || iif(${outcome} = 'allowed', ':1', ':0') in (select value from json_each(${filter.kinds}))`,
      sql`(instr(${action}, '.') = 0 and exists (select 1 from json_each(${filter.action_parts})
        where ${isLike(action, sql`json_each.value`, filter.match)}))`,
    ),
  );

const mayContain = (found: SQLWrapper, part: Param) =>
  or(isNull(part), isNull(found), sql`instr(${found}, lower(${part})) > 0`);

/** The condition on a block: whether it may contain an event that matches. */
const mayMatch = (filter: Filter) =>
  and(
    or(isNull(filter.from), isNull(logBlocks.newest_at), gte(logBlocks.newest_at, filter.from)),
    or(isNull(filter.to), isNull(logBlocks.oldest_at), lt(logBlocks.oldest_at, filter.to)),
    or(
      isNull(filter.allowed),
      isNull(logBlocks.kinds),
      sql`instr(${logBlocks.kinds}, iif(${filter.allowed}, ':1', ':0')) > 0`,
    ),
    or(
      isNull(filter.kinds),
      isNull(logBlocks.kinds),
      sql`exists (select 1 from json_each(${filter.kinds}) where instr(${logBlocks.kinds}, value) > 0)`,
      sql`exists (select 1 from json_each(${filter.action_parts}) where instr(lower(${logBlocks.kinds}), lower(value)) > 0)`,
    ),
    mayContain(logBlocks.actors, filter.actor),
    mayContain(logBlocks.addresses, filter.address),
    mayContain(logBlocks.targets, filter.target),
    mayContain(logBlocks.tokens, filter.token),
    or(
      isNull(filter.token_id),
      isNull(logBlocks.tokens),
      sql`instr(${logBlocks.tokens}, '#' || cast(${filter.token_id} as integer) || ' ') > 0`,
    ),
    or(
      isNull(filter.project),
      isNull(logBlocks.projects),
      mayContain(logBlocks.projects, filter.project),
      mayContain(logBlocks.targets, filter.project),
    ),
  );

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
const edgeBefore = ({ to }: Pick<Filter, 'to'>, edge: SQL) => {
  const known = blockOf('max', lt(logBlocks.oldest_at, to));
  const open = blockOf('max', and(isNull(logBlocks.oldest_at), exists(earlyOne(to))));
  return sql`iif(${to} is null, ${edge},
    min(${edge}, (max(coalesce(${known}, -1), coalesce(${open}, -1)) + 1) * ${maxEventsPerBlock}))`;
};

/** The id from which all events are that happened from `from` on, and after `after`. */
const lowestFrom = ({ from }: Pick<Filter, 'from'>, after: SQLWrapper) => {
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
