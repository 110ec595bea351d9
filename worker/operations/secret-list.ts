/** Lists secrets, personal ones and those of projects, in the order of their names. */
import { and, asc, eq, gte, lt, ne, not, or, sql } from 'drizzle-orm';
import { alias, unionAll } from 'drizzle-orm/sqlite-core';
import { secretsPerListPart } from '../../core/limits.ts';
import { actorId, granted, reachesAny } from '../store/granted.ts';
import { jsonRows } from '../store/json.ts';
import { members, secrets } from '../store/schema.ts';
import { type Params, query } from '../store/statement.ts';
import { inUse } from '../store/targets.ts';
import { listedSecrets, secretJson } from './listed.ts';
import { operation } from './operation.ts';

/** What a list is about. Null does not filter. */
export interface SecretQuery {
  /** Names after this one. */
  after: string;
  limit: number;
  project: string | null;
  /** What the names begin with. */
  prefix: string | null;
  /** A part of the name or the description, ASCII letters in either case. */
  part: string | null;
}

const { name, description, created_at, updated_at, created_by, project_id, current_version, expires_at } = secrets;
const columns = { name, description, created_at, updated_at, created_by, project_id, current_version, expires_at };

type Given = Params<'after' | 'from' | 'to' | 'is_project' | 'part'>;

/** A range of the index, whatever filters there are. */
const matches = ({ after, from, to, is_project, part }: Given) =>
  and(
    inUse,
    gte(name, from),
    lt(name, to),
    ne(name, after),
    or(not(is_project), sql`${project_id} is not null`),
    sql`(${part} is null or instr(lower(${name}), lower(${part})) > 0 or instr(lower(${description}), lower(${part})) > 0)`,
  );

const mine = alias(members, 'mine');

/** Everybody's, for admins. */
const all = (given: Given) => () =>
  query
    .select({
      ...columns,
      role: sql`iif(${secrets.owner_id} is ${actorId}, 'owner', coalesce(${mine.role}, 'admin'))`.as('role'),
    })
    .from(secrets)
    .leftJoin(mine, and(eq(mine.project_id, project_id), eq(mine.user_id, actorId)))
    .where(matches(given))
    .orderBy(asc(name));

/** What is personal, and what belongs to projects in which one is a member. */
const own = (given: Given) => () =>
  unionAll(
    query
      .select({ ...columns, role: sql`'owner'`.as('role') })
      .from(secrets)
      .where(and(granted, eq(secrets.owner_id, actorId), matches(given))),
    query
      .select({ ...columns, role: sql`${mine.role}`.as('role') })
      .from(mine)
      .innerJoin(secrets, eq(project_id, mine.project_id))
      .where(and(granted, eq(mine.user_id, actorId), matches(given))),
  ).orderBy(asc(name));

const reachesAll = reachesAny('secret.list');

export const listSecrets = operation({
  action: 'secret.list',
  params: ['after', 'from', 'to', 'is_project', 'part', 'one_more', 'in_first'],
  isSearch: ({ part }) => part !== null,
  sql: (given) => ({
    answer: jsonRows({
      sources: [
        { rows: all(given), when: and(granted, reachesAll), most: given.one_more },
        { rows: own(given), when: and(granted, not(reachesAll)), most: given.one_more },
      ],
      table: listedSecrets,
      json: secretJson,
      inFirst: given.in_first,
    }),
  }),
  values: ({ after, limit, project, prefix, part }: SecretQuery) => ({
    after,
    ...rangeOf(after, prefix ?? '', project),
    is_project: Number(project !== null),
    part,
    one_more: limit + 1,
    in_first: Math.min(secretsPerListPart, limit),
  }),
  result: (parts, { limit }) => {
    const found = parts.reduce((sum, { rows }) => sum + rows, 0);
    const json = parts.map((part) => part.json);
    // Beyond the first part, which is within the limit, each has one row.
    return { secrets: found > limit ? json.slice(0, -1) : json, hasMore: found > limit };
  },
});

/** Greater than every name of at most 255 bytes. */
const lastName = '\u{10ffff}'.repeat(64);

/** The range of names that all conditions leave: from the first one on, and before the second. SQLite compares UTF-8. */
const rangeOf = (after: string, prefix: string, project: string | null): { from: string; to: string } => {
  const [first, end] = project === null ? ['', lastName] : [`${project}/`, `${project}0`];
  return {
    from: [after, prefix, first].reduce((a, b) => (isBefore(a, b) ? b : a)),
    to: isBefore(end, `${prefix}${lastName}`) ? end : `${prefix}${lastName}`,
  };
};

const isBefore = (a: string, b: string) => {
  const [left, right] = [[...a], [...b]];
  const at = left.findIndex((character, index) => character !== right[index]);
  if (at < 0) return left.length < right.length;
  return (left[at]?.codePointAt(0) ?? 0) < (right[at]?.codePointAt(0) ?? -1);
};
