/** A child of a service token: one more secret of it, with an end. */
import { and, eq, gt, inArray, lte, sql } from 'drizzle-orm';
import { alias, type SQLiteColumn } from 'drizzle-orm/sqlite-core';
import { maxChildrenPerParent } from '../../core/limits.ts';
import { actorTokenId, granted } from '../store/granted.ts';
import { request } from '../store/request.ts';
import { serviceTokens, tokenSecrets } from '../store/schema.ts';
import { query, rowFor, textColumn } from '../store/statement.ts';
import { token } from '../store/token-principal.ts';
import { type Child, childParams, childRules, endsOf, orNever, shortId, valuesOf } from './new-child.ts';
import { operation } from './operation.ts';
import { futureSecret } from './sealed-tokens.ts';

const maker = alias(tokenSecrets, 'maker');
const oldest = alias(tokenSecrets, 'oldest');
const { hash, ends_at, latest_end, access } = tokenSecrets;

const isOfToken = (table: Record<'token_id' | 'generation', SQLiteColumn>) =>
  and(eq(table.token_id, actorTokenId), gt(table.generation, 0));

/** What makes the child, what has made that, and so on: these stay. Not `union all`, which a plan takes for a part of its own. */
const lineOfToken = sql`(with recursive line (hash) as (select ${request.token_hash}
  union select parent from line join token_secrets on token_secrets.hash = line.hash where parent is not null) select hash from line)`;

/** Of the children, those that have ended go, and the oldest that are too many with the new one. */
const dropOfToken = [
  query.delete(tokenSecrets).where(and(isOfToken(tokenSecrets), lte(ends_at, request.now), granted)),
  query.delete(tokenSecrets).where(
    and(
      inArray(
        hash,
        query
          .select({ hash: oldest.hash })
          .from(oldest)
          .where(isOfToken(oldest))
          .orderBy(sql`${oldest.hash} in ${lineOfToken} desc, ${oldest.created_at} desc`)
          .limit(maxChildrenPerParent)
          .offset(maxChildrenPerParent - 1),
      ),
      granted,
    ),
  ),
];

export const childOfToken = operation({
  action: 'child.create',
  forms: ['token'],
  params: childParams,
  sql: (given) => {
    const { end, latest } = endsOf(given, {
      end: orNever(maker.ends_at),
      latest: sql`min(${orNever(maker.latest_end)}, ${orNever(serviceTokens.expires_at)})`,
    });
    const generation = query
      .select({ generation: tokenSecrets.generation })
      .from(tokenSecrets)
      .where(eq(hash, request.token_hash));
    return {
      target: { name: sql`'child ' || ${shortId(given.id)}` },
      rules: [
        { when: sql`${given.token_id} <> ${token.id}`, outcome: 'denied', reason: 'other_token' },
        ...childRules(given, token.access, sql`${generation}`),
      ],
      touched: sql`json_array(${futureSecret(
        given.id,
        token.id,
        sql`${generation} + 1`,
        sql`iif(${token.access} = 'audit', 'read', coalesce(${given.access}, ${token.access}))`,
      )})`,
      seals: ['token_secrets'],
      effects: [
        ...dropOfToken,
        query.insert(tokenSecrets).select(
          query
            .select(
              rowFor(tokenSecrets, {
                hash: given.id,
                token_id: maker.token_id,
                created_at: request.now,
                ends_at: end,
                parent: maker.hash,
                generation: sql`${maker.generation} + 1`,
                lifetime: given.lifetime,
                latest_end: latest,
                access: sql`iif(${serviceTokens.access} = 'audit', 'read', coalesce(${given.access}, ${maker.access}, ${serviceTokens.access}))`,
              }),
            )
            .from(maker)
            .innerJoin(serviceTokens, eq(serviceTokens.id, maker.token_id))
            .where(and(eq(maker.hash, request.token_hash), granted)),
        ),
      ],
      answer: query
        .select({ ends_at, latest_end, access, token_access: textColumn('token_access', serviceTokens.access) })
        .from(tokenSecrets)
        .innerJoin(serviceTokens, eq(serviceTokens.id, tokenSecrets.token_id))
        .where(and(eq(hash, given.id), granted)),
    };
  },
  values: valuesOf,
  result: ([made], { id, secret }, _context, { token: parent }): Child => {
    if (!made || !parent) throw new TypeError('A child was allowed and not made');
    const { access, token_access, ends_at, latest_end } = made;
    return {
      id,
      secret,
      name: parent.name,
      access: token_access === 'audit' ? 'audit' : (access ?? 'read'),
      endsAt: ends_at ?? 0,
      latestEnd: latest_end ?? 0,
    };
  },
});
