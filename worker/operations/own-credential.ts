/** What a program asks about the credential that it sends: what it is, to prolong it, to end it. Of a child, that is the child alone. */
import { and, eq, gt, isNull, type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import type { Access } from '../../core/policy/policy.ts';
import { actorTokenId, granted } from '../store/granted.ts';
import { childOfSession } from '../store/principal.ts';
import { request } from '../store/request.ts';
import { projects, serviceTokens, sessions, tokenSecrets, users } from '../store/schema.ts';
import { type Param, query, textColumn } from '../store/statement.ts';
import { token } from '../store/token-principal.ts';
import { byCredential, operation } from './operation.ts';
import { signOut } from './sessions.ts';

export interface OwnCredential {
  /** Of a service token, or of a session. */
  kind: 'token' | 'session';
  /** Of a service token its number, of a child or a session its id. */
  id: string;
  /** Of a token or a session; not of the first child of a program that has signed in with a password. */
  hasParent: boolean;
  /** The name of the token, or of the person who signed in. */
  name: string;
  /** Whose it is: a person or a project. */
  owner: string;
  access: Access;
  /** Milliseconds since 1970. */
  createdAt: number;
  /** Null for never. */
  endsAt: number | null;
  /** No renewal goes beyond it; null if none prolongs it. */
  latestEnd: number | null;
}

const ofRequest = eq(tokenSecrets.hash, request.token_hash);

/** The service token, as far as the secret that was sent reaches. */
const ownToken = query
  .select({
    hash: tokenSecrets.hash,
    generation: tokenSecrets.generation,
    access: tokenSecrets.access,
    created_at: tokenSecrets.created_at,
    ends_at: tokenSecrets.ends_at,
    latest_end: tokenSecrets.latest_end,
    token_id: tokenSecrets.token_id,
    name: serviceTokens.name,
    expires_at: serviceTokens.expires_at,
    token_access: textColumn('token_access', serviceTokens.access),
    owner: textColumn('owner', sql`coalesce(${users.name}, ${projects.name})`),
  })
  .from(tokenSecrets)
  .innerJoin(serviceTokens, eq(serviceTokens.id, tokenSecrets.token_id))
  .leftJoin(users, eq(users.id, serviceTokens.user_id))
  .leftJoin(projects, eq(projects.id, serviceTokens.project_id))
  .where(and(ofRequest, granted));

type TokenRow = (typeof ownToken._.result)[number];

const earlier = (one: number | null, other: number | null) =>
  one === null || other === null ? (one ?? other) : Math.min(one, other);

const ofToken = ([row]: TokenRow[]): OwnCredential => {
  if (!row) throw new TypeError('A token was let in and is not there');
  const isChild = row.generation > 0;
  return {
    kind: 'token',
    id: isChild ? row.hash : String(row.token_id),
    hasParent: isChild,
    name: row.name,
    owner: row.owner,
    access: row.token_access === 'audit' ? 'audit' : (row.access ?? (row.token_access as Access)),
    createdAt: row.created_at,
    endsAt: earlier(row.ends_at, row.expires_at),
    latestEnd: isChild ? row.latest_end : null,
  };
};

const ownSession = query
  .select({
    id: sessions.id,
    parent_id: sessions.parent_id,
    access: sessions.access,
    created_at: sessions.created_at,
    expires_at: sessions.expires_at,
    latest_end: sessions.latest_end,
    name: users.name,
  })
  .from(sessions)
  .innerJoin(users, eq(users.id, sessions.user_id))
  .where(and(eq(sessions.id, request.session_id), granted));

type SessionRow = (typeof ownSession._.result)[number];

const ofSession = ([row]: SessionRow[]): OwnCredential => {
  if (!row) throw new TypeError('A session was let in and is not there');
  return {
    kind: 'session',
    id: row.id,
    hasParent: row.parent_id !== null,
    name: row.name,
    owner: row.name,
    access: row.access ?? 'manage',
    createdAt: row.created_at,
    endsAt: row.expires_at,
    latestEnd: row.latest_end,
  };
};

export const readOwnToken = operation({
  action: 'token.read',
  forms: ['token'],
  sql: () => ({
    target: { name: sql`'token ' || cast(${token.id} as integer)` },
    answer: ownToken,
  }),
  result: ofToken,
});

export const readOwnSession = operation({
  action: 'session.read',
  forms: ['session'],
  sql: () => ({ answer: ownSession }),
  result: ofSession,
});

const parent = alias(tokenSecrets, 'parent');
const parentSession = alias(sessions, 'parent');

/** @param end when it ends now, which a renewal never brings forward. */
const prolonged = (
  { increment }: { increment: Param },
  { end, lifetime, latest, parents }: Record<'end' | 'lifetime' | 'latest' | 'parents', SQL>,
) =>
  sql`max(${end}, min(${request.now} + coalesce(${increment}, ${lifetime}), ${latest}, coalesce(${parents}, ${latest})))`;

export interface Renewal {
  /** Null for the lifetime that it was made with. */
  incrementMs: number | null;
}

const increments = ({ incrementMs }: Renewal) => ({ increment: incrementMs });

const renewOwnToken = operation({
  action: 'child.renew',
  forms: ['token'],
  params: ['increment'],
  sql: (given) => ({
    target: {
      name: sql`iif(${token.child} is null, 'token ' || cast(${token.id} as integer), 'child ' || ${token.child})`,
    },
    effects: [
      query
        .update(tokenSecrets)
        .set({
          ends_at: prolonged(given, {
            end: sql`${tokenSecrets.ends_at}`,
            lifetime: sql`${tokenSecrets.lifetime}`,
            latest: sql`${tokenSecrets.latest_end}`,
            parents: sql`${query.select({ ends_at: parent.ends_at }).from(parent).where(eq(parent.hash, tokenSecrets.parent))}`,
          }),
        })
        .where(and(ofRequest, gt(tokenSecrets.generation, 0), granted)),
    ],
    answer: ownToken,
  }),
  values: increments,
  result: ofToken,
});

const renewOwnSession = operation({
  action: 'child.renew',
  forms: ['session'],
  params: ['increment'],
  sql: (given) => ({
    target: { name: sql`'child ' || ${childOfSession}` },
    effects: [
      query
        .update(sessions)
        .set({
          expires_at: prolonged(given, {
            end: sql`${sessions.expires_at}`,
            lifetime: sql`${sessions.lifetime}`,
            latest: sql`${sessions.latest_end}`,
            parents: sql`${query
              .select({ expires_at: parentSession.expires_at })
              .from(parentSession)
              .where(eq(parentSession.id, sessions.parent_id))}`,
          }),
        })
        .where(and(eq(sessions.id, request.session_id), gt(sessions.generation, 0), granted)),
    ],
    answer: ownSession,
  }),
  values: increments,
  result: ofSession,
});

/** Prolongs a child. Of what is no child it only says what is left. */
export const renewOwn = byCredential(renewOwnToken, renewOwnSession);

/** Ends the child that was sent, or, if it was the token itself, revokes the token for good. */
export const endOwnToken = operation({
  action: 'token.end',
  forms: ['token'],
  sql: () => ({
    target: { name: sql`iif(${token.child} is null, ${token.name}, 'child ' || ${token.child})` },
    effects: [
      query
        .update(serviceTokens)
        .set({ revoked_at: request.now })
        .where(
          and(
            eq(serviceTokens.id, actorTokenId),
            isNull(serviceTokens.revoked_at),
            sql`(select generation from token_secrets where hash = ${request.token_hash}) = 0`,
            granted,
          ),
        ),
      query.delete(tokenSecrets).where(and(ofRequest, gt(tokenSecrets.generation, 0), granted)),
    ],
  }),
});

/** The same of a session and of its children. */
export const endOwnSession = signOut;
