/** Service tokens: listed, read and revoked. `new-token.ts` makes them. */
import { and, desc, eq, gt, isNull, lt, ne, not, type SQL, sql } from 'drizzle-orm';
import { alias, type SQLiteColumn, unionAll } from 'drizzle-orm/sqlite-core';
import { byForm, isForToken } from '../store/form.ts';
import { actorFields, actorId, actorTokenId, granted, reachesAny } from '../store/granted.ts';
import { principal } from '../store/principal.ts';
import { memberMay } from '../store/reach.ts';
import { request } from '../store/request.ts';
import { auditEvents, members, projects, serviceTokens, tokenSecrets, users } from '../store/schema.ts';
import { insertFrom, integer, type Param, query, textColumn } from '../store/statement.ts';
import { membership, membershipIn, type Target } from '../store/targets.ts';
import { token } from '../store/token-principal.ts';
import { operation } from './operation.ts';

const { id, name, user_id, project_id, access, scopes, allowed_addresses } = serviceTokens;
const { created_at, created_by, expires_at, revoked_at } = serviceTokens;

export const targetToken = alias(serviceTokens, 'target');

/** A token of the principal, or of a project that they manage. To others it is as if it were missing. */
export const tokenNumbered = (action: 'token.read' | 'token.revoke' | 'token.rotate', number: Param): Target => {
  const isOwn = sql`(${targetToken.user_id} is ${principal.id} or ${memberMay(action, membership.role)})`;
  return {
    name: sql`coalesce(iif(${principal.role} <> 'admin' and not ${isOwn}, null, ${targetToken.name}), 'token ' || cast(${number} as integer))`,
    joins: [{ table: targetToken, on: eq(targetToken.id, number) }, membershipIn(targetToken.project_id)],
    found: { id: targetToken.id, isOwn },
  };
};

/**
 * The newest event of a token that was let in. The log is where its use is recorded, so nothing is written for it. A request beyond
 * the limit is refused before anybody looks at its address.
 */
const newestUse = <Column extends SQLiteColumn>(column: Column) =>
  query
    .select({ [column.name]: column })
    .from(auditEvents)
    .where(
      and(
        eq(auditEvents.token_id, id),
        ne(auditEvents.outcome, 'unauthenticated'),
        ne(auditEvents.action, 'request.send'),
      ),
    )
    .orderBy(desc(auditEvents.id))
    .limit(1);

const secretOf = (condition: SQL, value: SQLiteColumn) =>
  query
    .select({ [value.name]: sql`max(${value})`.as(value.name) })
    .from(tokenSecrets)
    .where(and(eq(tokenSecrets.token_id, id), eq(tokenSecrets.generation, 0), condition));

/** What is shown of a token. The names of those that it has none of are empty. */
export const tokenColumns = {
  ...{ id, name, access, scopes, allowed_addresses, created_at, created_by, expires_at, revoked_at },
  owner: textColumn('owner', query.select({ name: users.name }).from(users).where(eq(users.id, user_id))),
  project: textColumn(
    'project',
    query.select({ name: projects.name }).from(projects).where(eq(projects.id, project_id)),
  ),
  secret_at: integer('secret_at', secretOf(isNull(tokenSecrets.ends_at), tokenSecrets.created_at)),
  grace_ends_at: integer('grace_ends_at', secretOf(gt(tokenSecrets.ends_at, request.now), tokenSecrets.ends_at)),
  last_used_at: integer('last_used_at', newestUse(auditEvents.at)),
  last_used_address: textColumn('last_used_address', newestUse(auditEvents.address)),
};

const listed = (scope: SQL | undefined, before: Param) =>
  query
    .select(tokenColumns)
    .from(serviceTokens)
    .where(and(granted, scope, lt(id, before)));

/** Lists tokens, the newest first: one's own and those of projects that one manages; for admins all. */
export const listTokens = operation({
  action: 'token.list',
  params: ['before', 'one_more'],
  sql: ({ before, one_more }) => {
    const all = reachesAny('token.list');
    const managed = query
      .select({ project_id: members.project_id })
      .from(members)
      .where(and(eq(members.user_id, actorId), memberMay('token.read', members.role)));
    return {
      answer: unionAll(
        listed(all, before),
        listed(and(not(all), eq(user_id, actorId)), before),
        listed(and(not(all), sql`${project_id} in ${managed}`), before),
      )
        .orderBy(desc(id))
        .limit(one_more.placeholder),
    };
  },
  values: ({ before, limit }: { before: number; limit: number }) => ({ before, one_more: limit + 1 }),
  result: (rows, { limit }) => ({
    tokens: rows.slice(0, limit),
    next: rows.length > limit ? (rows[limit - 1]?.id ?? null) : null,
  }),
});

/** A token by its number; null means the one that the request came with. */
export interface TokenNumber {
  id: number | null;
}

/** Reads a token, without its secret. A token reads only itself. */
export const readToken = operation({
  action: 'token.read',
  params: ['id'],
  sql: (given) => ({
    target: isForToken()
      ? { name: sql`'token ' || cast(coalesce(${given.id}, ${token.id}) as integer)` }
      : tokenNumbered('token.read', given.id),
    rules: [{ when: sql`${given.id} <> ${token.id}`, outcome: 'denied', reason: 'token', isForTokens: true }],
    answer: query
      .select(tokenColumns)
      .from(serviceTokens)
      .where(
        and(
          eq(
            id,
            byForm(given.id, () => sql`coalesce(${given.id}, ${actorTokenId})`),
          ),
          granted,
        ),
      ),
  }),
  values: ({ id }: TokenNumber) => ({ id }),
  result: ([found]) => found ?? null,
});

/** Revokes a token for good. */
export const revokeToken = operation({
  action: 'token.revoke',
  params: ['id'],
  sql: (given) => ({
    target: tokenNumbered('token.revoke', given.id),
    effects: [
      query
        .update(serviceTokens)
        .set({ revoked_at: request.now })
        .where(and(eq(id, given.id), isNull(revoked_at), granted)),
    ],
  }),
  values: ({ id }: TokenNumber) => ({ id }),
});

/** Whether a token has not been revoked and has not expired. */
export const isLive = ({ revoked_at, expires_at }: Record<'revoked_at' | 'expires_at', SQLiteColumn>) =>
  sql`(${revoked_at} is null and (${expires_at} is null or ${expires_at} > ${request.now}))`;

/** One event for each token that ends with its owner. They are the verdict's too, so that what follows stays granted. */
export const nameTokensThatEnd = (owner: SQL | undefined, reason: 'owner_deleted' | 'project_deleted') =>
  insertFrom(
    auditEvents,
    {
      at: request.now,
      request_id: request.id,
      ...actorFields,
      action: 'token.revoke',
      target: name,
      outcome: 'allowed',
      reason,
      address: request.address,
      user_agent: request.user_agent,
    },
    serviceTokens,
    and(owner, isLive(serviceTokens), granted),
  );
