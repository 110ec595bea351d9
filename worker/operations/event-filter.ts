/** What the log can be filtered by: the condition on an event, and the one on a block of events, which tells whether to read it. */
import { and, eq, gte, isNull, lt, or, type SQLWrapper, sql } from 'drizzle-orm';
import type { Outcome } from '../../core/policy/policy.ts';
import type { TextMatch } from '../../core/vocabulary.ts';
import { auditEvents, logBlocks } from '../store/schema.ts';
import type { Param, Params, Values } from '../store/statement.ts';
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
export type FilterParam = (typeof filterParams)[number];
export type Filter = Params<FilterParam>;

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
export const matches = (filter: Filter, isOwn: boolean) =>
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
export const mayMatch = (filter: Filter) =>
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
