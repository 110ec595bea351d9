/** Lists secrets, personal ones and those of projects, in the order of their names. */
import { and, asc, eq, exists, gte, inArray, isNotNull, isNull, lt, ne, not, or, type SQL, sql } from 'drizzle-orm';
import { alias, type SQLiteColumn, unionAll } from 'drizzle-orm/sqlite-core';
import type { Principal } from '../../core/caller.ts';
import { secretsPerListPart } from '../../core/limits.ts';
import { byForm, isForToken } from '../store/form.ts';
import { actorId, actorTokenId, granted, reachesAny } from '../store/granted.ts';
import { type JsonRows, jsonRows, type Rows } from '../store/json.ts';
import { instance, members, secretLabels, secrets, tokenScopes } from '../store/schema.ts';
import { integer, type Params, query, textColumn } from '../store/statement.ts';
import { inUse } from '../store/targets.ts';
import { seat, seats } from '../store/token-principal.ts';
import { isOf, type KnownList, keepList, knownList } from './known-lists.ts';
import { listedSecrets, markOf, markOfMember, secretJson } from './listed.ts';
import { longList } from './long-lists.ts';
import { type Operation, operation } from './operation.ts';
import type { Context } from './vault.ts';

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
  /** `name:value`. */
  label: string | null;
  /** Within how many days the secret expires or is to be rotated. */
  due: number | null;
}

const { id, name, description, project_id } = secrets;

type Given = Params<'after' | 'from' | 'to' | 'is_project' | 'part'>;

/** For tokens: each range of the scopes, beside the keys in it. */
const scope = alias(tokenScopes, 'scope');
const isScope = () => eq(scope.token_id, actorTokenId);

/** A range of the index, whatever filters there are. */
const matches = ({ after, from, to, is_project, part }: Given) =>
  and(
    inUse,
    gte(
      name,
      byForm(from, () => sql`max(${from}, ${scope.low})`),
    ),
    lt(
      name,
      byForm(to, () => sql`min(${to}, ${scope.high})`),
    ),
    ne(name, after),
    or(not(is_project), sql`${project_id} is not null`),
    sql`(${part} is null or instr(lower(${name}), lower(${part})) > 0 or instr(lower(${description}), lower(${part})) > 0)`,
  );

const mine = alias(members, 'mine');

const fromSecrets = (mark: SQL) => query.select({ name, id, mark: mark.as('mark') }).from(secrets);

/** The same, by the scopes of a token: one look into an index for each. */
const fromScopes = (mark: SQL) =>
  query
    .select({ name, id, mark: mark.as('mark') })
    .from(scope)
    .crossJoin(secrets) as unknown as ReturnType<typeof fromSecrets>;

const fromReached = (mark: SQL) => (isForToken() ? fromScopes(mark) : fromSecrets(mark));

/** Everybody's, for admins. */
const all = (given: Given, only?: SQL) =>
  fromReached(
    sql`iif(${secrets.owner_id} is ${actorId}, ${markOf('owner')}, coalesce(${markOfMember(mine.role)}, ${markOf('admin')}))`,
  )
    .leftJoin(mine, and(eq(mine.project_id, project_id), eq(mine.user_id, actorId)))
    .where(and(matches(given), only, isForToken() ? isScope() : undefined))
    .orderBy(asc(name));

/** What is personal, and what belongs to projects in which one is a member. */
const own = (given: Given, only?: SQL) => (isForToken() ? ownOfToken(given, only) : ownOfUser(given, only));

const ownOfToken = (given: Given, only?: SQL) =>
  unionAll(
    fromScopes(markOf('owner')).where(and(granted, eq(secrets.owner_id, actorId), isScope(), matches(given), only)),
    query
      .select({ name, id, mark: markOfMember(seat.role).as('mark') })
      .from(seats(actorId, actorTokenId))
      .crossJoin(scope)
      .crossJoin(secrets)
      .where(and(granted, eq(project_id, seat.projectId), isScope(), matches(given), only)),
  ).orderBy(asc(name));

const ownOfUser = (given: Given, only?: SQL) =>
  unionAll(
    fromSecrets(markOf('owner')).where(and(granted, eq(secrets.owner_id, actorId), matches(given), only)),
    query
      .select({ name, id, mark: markOfMember(mine.role).as('mark') })
      .from(mine)
      .innerJoin(secrets, eq(project_id, mine.project_id))
      .where(and(granted, eq(mine.user_id, actorId), matches(given), only)),
  ).orderBy(asc(name));

const reachesAll = reachesAny('secret.list');

const listParams = ['after', 'from', 'to', 'is_project', 'part', 'one_more', 'known'] as const;

/** A question, and the list that it was answered with before, if that is still known. */
type Asked = SecretQuery & { known: KnownList | null };

const valuesOf = ({ after, limit, project, prefix, part, known }: Asked) => ({
  after,
  ...rangeOf(after, prefix ?? '', project),
  is_project: Number(project !== null),
  part,
  one_more: limit + 1,
  known: known?.state ?? null,
});

const partsOf = (parts: readonly JsonRows[], { limit }: SecretQuery) => {
  const hasMore = parts.reduce((sum, { rows }) => sum + rows, 0) > limit;
  // The one row that is too many is a part of its own.
  return { secrets: (hasMore ? parts.slice(0, -1) : parts).map(({ json }) => json), hasMore };
};

/** What the last row says, which is not part of the list: that the list was made, or that the known one is still right. */
const [made, same] = [-1, -2];

/** The list, if it may have changed since it was known; then a row with the state of the keys. */
const listOf = (sources: { rows: Rows; when: SQL | undefined }[], given: Params<(typeof listParams)[number]>) => {
  const isSame = sql`coalesce((select ${instance.keys_state} from ${instance}) = ${given.known}, 0)`;
  const list = jsonRows({
    sources: sources.map(({ rows, when }) => ({ rows, when: and(when, not(isSame)), most: given.one_more })),
    table: listedSecrets,
    json: secretJson,
    perPart: secretsPerListPart,
    apart: given.one_more,
  });
  const end = query
    .select({
      json: textColumn('json', instance.keys_state),
      rows: integer('rows', sql`iif(${isSame}, ${same}, ${made})`),
      last: integer('last', sql`0`),
    })
    .from(instance)
    .where(granted);
  return unionAll(list, end);
};

/** The list that was made now, or the known one; null if the known one is somebody else's. */
const resultOf = (
  rows: readonly JsonRows[],
  { known, ...asked }: Asked,
  context: Context,
  principal: Principal,
): ReturnType<typeof partsOf> | null => {
  const end = rows.at(-1);
  if (end?.rows === same) return known && isOf(known, principal) ? partsOf(known.parts, asked) : null;
  const parts = rows.slice(0, -1);
  if (end?.json && isKept(asked)) keepList(context, asked, { state: end.json, principal, parts });
  return partsOf(parts, asked);
};

/** Not of searches, each of which is another one, nor of what also depends on the time. */
const isKept = ({ part, label, due }: SecretQuery) => part === null && label === null && due === null;

const listAll = operation({
  action: 'secret.list',
  params: listParams,
  isSearch: ({ part }: Asked) => part !== null,
  sql: (given) => ({
    answer: listOf(
      [
        { rows: all(given), when: and(granted, reachesAll) },
        { rows: own(given), when: and(granted, not(reachesAll)) },
      ],
      given,
    ),
  }),
  values: valuesOf,
  result: resultOf,
});

type DueColumns = Record<'expires_at' | 'value_changed_at' | 'rotate_every_days' | 'deleted_at', SQLiteColumn>;

/** Word for word what the index `secrets_by_due_time` is made of. */
export const isDue = ({ expires_at, value_changed_at, rotate_every_days, deleted_at }: DueColumns, before: SQL) =>
  and(
    isNull(deleted_at),
    or(isNotNull(expires_at), isNotNull(rotate_every_days)),
    sql`min(coalesce(${expires_at}, 8640000000000000), coalesce(${value_changed_at} + ${rotate_every_days} * 86400000, 8640000000000000)) <= ${before}`,
  );

const due = alias(secrets, 'due');

/** Of all accounts: by indexes. In the query of the list itself, SQLite would go through all names. */
const amongDue = (before: SQL) => inArray(secrets.id, query.select({ id: due.id }).from(due).where(isDue(due, before)));
const amongLabelled = (label: SQL) =>
  inArray(
    secrets.id,
    query.select({ secret_id: secretLabels.secret_id }).from(secretLabels).where(eq(secretLabels.label, label)),
  );

/** Of one account: by looking at each of its own. */
const hasLabel = (label: SQL) =>
  exists(
    query
      .select({ label: secretLabels.label })
      .from(secretLabels)
      .where(and(eq(secretLabels.secret_id, secrets.id), eq(secretLabels.label, label))),
  );

/** Lists those with a label, those that are due, or both. */
const listMarked = operation({
  action: 'secret.list',
  params: [...listParams, 'label', 'due_before'],
  isSearch: ({ part }: Asked) => part !== null,
  sql: (given) => {
    const { label, due_before } = given;
    const isDueHere = or(isNull(due_before), isDue(secrets, due_before));
    const isEither = and(or(isNull(label), hasLabel(label)), isDueHere);
    const byLabel = and(amongLabelled(label), isDueHere);
    return {
      answer: listOf(
        [
          { rows: all(given, byLabel), when: and(granted, reachesAll, isNotNull(label)) },
          { rows: all(given, amongDue(due_before)), when: and(granted, reachesAll, isNull(label)) },
          { rows: own(given, isEither), when: and(granted, not(reachesAll)) },
        ],
        given,
      ),
    };
  },
  values: (asked: Asked, { caller }) => ({
    ...valuesOf(asked),
    label: asked.label,
    due_before: asked.due === null ? null : caller.now + asked.due * 86_400_000,
  }),
  result: resultOf,
});

const listed: Operation<SecretQuery, ReturnType<typeof partsOf>> = {
  action: 'secret.list',
  recordInvalid: listAll.recordInvalid,
  async perform(context, asked) {
    const list = asked.label === null && asked.due === null ? listAll : listMarked;
    const outcome = await list.perform(context, { ...asked, known: isKept(asked) ? knownList(context, asked) : null });
    // Whose a session is never changes. Where a database says otherwise, the list is made as for a new question.
    const other = outcome.outcome === 'allowed' && outcome.result === null;
    const own = other ? await list.perform(context, { ...asked, known: null }) : outcome;
    if (own.outcome !== 'allowed') return own;
    if (own.result === null) throw new TypeError('A list that is not known was not made');
    return { ...own, result: own.result };
  },
};

/** Lists secrets in the order of their names, as JSON. */
export const listSecrets = longList(listed, ({ secrets }) => secrets);

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
