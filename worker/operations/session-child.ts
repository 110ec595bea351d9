/** A child of a sign-in: a session that may do less. */
import { and, eq, inArray, isNotNull, lte, or, type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import { issueSessionToken } from '../../core/crypto/session-token.ts';
import { maxChildrenPerParent } from '../../core/limits.ts';
import type { Access } from '../../core/policy/policy.ts';
import { actorId, granted } from '../store/granted.ts';
import { accessOfChild } from '../store/principal.ts';
import { request } from '../store/request.ts';
import { sessions } from '../store/schema.ts';
import { query, rowFor } from '../store/statement.ts';
import { type Child, childParams, childRules, endsOf, shortId, valuesOf } from './new-child.ts';
import { operation } from './operation.ts';

const signedIn = alias(sessions, 'signed_in');
const oldSession = alias(sessions, 'oldest');

const lineOfSession = sql`(with recursive line (id) as (select ${request.session_id}
  union select parent_id from line join sessions on sessions.id = line.id where parent_id is not null) select id from line)`;

/** The same of all sign-ins of an account. @param condition under which a new one follows. */
export const dropOfAccount = (condition?: SQL) =>
  query.delete(sessions).where(
    and(
      inArray(
        sessions.id,
        query
          .select({ id: oldSession.id })
          .from(oldSession)
          .where(and(eq(oldSession.user_id, actorId), isNotNull(oldSession.access)))
          .orderBy(sql`${oldSession.id} in ${lineOfSession} desc, ${oldSession.created_at} desc`)
          .limit(maxChildrenPerParent)
          .offset(maxChildrenPerParent - 1),
      ),
      condition,
      granted,
    ),
  );

const hasEnded = and(
  eq(sessions.user_id, actorId),
  isNotNull(sessions.access),
  or(lte(sessions.expires_at, request.now), isNotNull(sessions.revoked_at)),
);

export const childOfSession = operation({
  action: 'child.create',
  forms: ['session'],
  params: childParams,
  sql: (given) => {
    const { end, latest } = endsOf(given, {
      end: sql`${signedIn.expires_at}`,
      latest: sql`coalesce(${signedIn.latest_end}, ${signedIn.expires_at})`,
    });
    const generation = query
      .select({ generation: sessions.generation })
      .from(sessions)
      .where(eq(sessions.id, request.session_id));
    return {
      target: { name: sql`'child ' || ${shortId(given.id)}` },
      rules: [
        { when: isNotNull(given.token_id), outcome: 'denied', reason: 'other_token' },
        ...childRules(given, sql`coalesce(${accessOfChild}, 'manage')`, sql`${generation}`),
      ],
      effects: [
        query.delete(sessions).where(and(hasEnded, granted)),
        dropOfAccount(),
        query.insert(sessions).select(
          query
            .select(
              rowFor(sessions, {
                id: given.id,
                user_id: signedIn.user_id,
                created_at: request.now,
                expires_at: end,
                address: request.address,
                user_agent: request.user_agent,
                parent_id: signedIn.id,
                generation: sql`${signedIn.generation} + 1`,
                lifetime: given.lifetime,
                latest_end: latest,
                access: sql`coalesce(${given.access}, ${signedIn.access}, 'manage')`,
              }),
            )
            .from(signedIn)
            .where(and(eq(signedIn.id, request.session_id), granted)),
        ),
      ],
      answer: query
        .select({ expires_at: sessions.expires_at, latest_end: sessions.latest_end, access: sessions.access })
        .from(sessions)
        .where(and(eq(sessions.id, given.id), granted)),
    };
  },
  values: valuesOf,
  result: async ([made], { id, access: asked }, { vault, caller }, principal): Promise<Child> => {
    if (!made) throw new TypeError('A child was allowed and not made');
    // Not what the new row says: the token is signed.
    const access = asked ?? ((caller.claimedAccess ?? 'manage') as Access);
    // Nor does the row say more than any parent of it could have: a sign-in lasts that long at most.
    const last = caller.now + vault.sessionTtlSeconds * 1000;
    const latestEnd = Math.min(made.latest_end ?? made.expires_at, last);
    const secret = await issueSessionToken(vault.sessionKey, {
      userId: principal.id,
      username: principal.name,
      role: principal.role,
      sessionId: id,
      access,
      issuedAt: Math.floor(caller.now / 1000),
      // The row says when it ends, and may be prolonged.
      expiresAt: Math.ceil(latestEnd / 1000),
    });
    return { id, secret, name: principal.name, access, endsAt: Math.min(made.expires_at, last), latestEnd };
  },
});
