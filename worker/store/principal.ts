/**
 * From a credential to a live principal, as the joins that a verdict starts with. They read the database at the moment of
 * the request: revoked or expired sessions and inactive users resolve to no principal.
 */
import { and, eq, gt, is, isNull, notExists, SQL, sql } from 'drizzle-orm';
import { alias, type SQLiteTable } from 'drizzle-orm/sqlite-core';
import { childIdCharacters } from '../../core/limits.ts';
import { byForm, isForToken } from './form.ts';
import { request } from './request.ts';
import { sessions, users } from './schema.ts';
import { sealedRow, sessionRow } from './sealed.ts';
import { query } from './statement.ts';
import { ofTokenPrincipal, principalOfToken, sealedRowsOfToken, token } from './token-principal.ts';

/** A left join. */
export interface Join {
  table: SQLiteTable | SQL;
  on: SQL | undefined;
}

export const principal = alias(users, 'principal');

const session = alias(sessions, 'session');

/** What a child of a sign-in may do; null for a session itself, and in statements for tokens not to be used. */
export const accessOfChild = session.access;

/** Of a child of a sign-in: the beginning of its id. */
export const childOfSession = sql`iif(${session.access} is null, null, substr(${session.id}, 1, ${childIdCharacters}))`;

const isLive = and(eq(session.id, request.session_id), isNull(session.revoked_at), gt(session.expires_at, request.now));
const isPrincipal = and(eq(principal.id, session.user_id), eq(principal.is_active, 1));

/** The active user of the session that the credential names, or the owner of the token. */
export const principalByCredential = (): Join[] =>
  isForToken()
    ? [{ table: principalOfToken(), on: sql`true` }]
    : [
        { table: session, on: isLive },
        { table: principal, on: isPrincipal },
      ];

/** The rows that a principal hangs on, as JSON, by the joins that find it: by its credential, or by its name. */
export const sealsOfPrincipal = (joins: readonly Join[]): SQL[] =>
  joins.some(({ table }) => is(table, SQL))
    ? [token.sealed]
    : [sealedRow('users', 'principal'), ...(joins.some(({ table }) => table === session) ? [sessionRow] : [])];

/** The same of the principal by its credential, for what a verdict returns; null if there is none. */
export const toldSealsOfPrincipal = (): SQL => {
  const person = sql`(select ${sealedRow('users', '')} from users where id = actor_id)`;
  const its = sql`(select json_array('sessions',id,user_id,access) from sessions where id = ${request.session_id})`;
  return byForm(sql`'[[' || ${person} || ',' || ${its} || ']]'`, () => sql`'[[' || ${sealedRowsOfToken()} || ']]'`);
};

/** What is known of the same principal, for where those joins do not reach: in a subquery that lists what to judge. */
export const ofPrincipal = (column: 'id' | 'role'): SQL =>
  byForm(
    sql`${query
      .select({ [column]: principal[column] })
      .from(session)
      .innerJoin(principal, isPrincipal)
      .where(isLive)}`,
    () => ofTokenPrincipal(column),
  );

/**
 * Accounts of v0.6 that look alike have the same likeness, except that the later ones have U+001F and their id behind it. True
 * for those.
 */
export const isTwinOf = (likeness: SQL) =>
  sql`(${users.likeness} > ${likeness} || char(31) and ${users.likeness} < ${likeness} || char(32))`;

const likeness = request.claimed_likeness;
const named = query.select({ id: users.id }).from(users).where(eq(users.name, request.claimed_name));
/** Of accounts that look alike, each needs its exact name. */
const alike = query
  .select({ id: users.id })
  .from(users)
  .where(
    and(eq(users.likeness, likeness), notExists(query.select({ id: users.id }).from(users).where(isTwinOf(likeness)))),
  );

/**
 * True for the user whose name is claimed at sign-in: exactly, or else as it looks, so that `ADMIN ` is `admin`. The password
 * decides whether the claim holds.
 */
export const isClaimed = eq(principal.id, sql`coalesce(${named}, ${alike})`);

export const principalByName: Join[] = [{ table: principal, on: isClaimed }];
