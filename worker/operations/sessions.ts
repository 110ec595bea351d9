/** A user's own sessions: reading, listing and ending them. */
import { and, count, desc, eq, gt, isNull, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import {
  maxBrokenSealRows,
  maxExaminedFailures,
  maxSessionsPerList,
  minFailedAccounts,
  proxySearchMs,
} from '../../core/limits.ts';
import { isPrivate } from '../../core/network/ranges.ts';
import { actorId, granted } from '../store/granted.ts';
import { request } from '../store/request.ts';
import { auditEvents, brokenSeals, sessions, users } from '../store/schema.ts';
import { fill, integer, query, statement, textColumn } from '../store/statement.ts';
import { sessionNumbered } from '../store/targets.ts';
import { read } from '../store/transact.ts';
import { operation } from './operation.ts';
import type { Context } from './vault.ts';

const { id, name, role } = users;

/** An account with a default password can do nothing else where other machines can reach the vault. */
const mustChangePassword = integer(
  'must_change_password',
  sql`${users.must_change_password} or (${users.has_default_password} and not ${request.is_local})`,
);

/** Failures, one from each address from which many accounts have failed (core/data-folder/likely-proxies.ts). */
const failure = alias(auditEvents, 'failure');
const isOfLikelyProxy = sql`failure.id in (select max(id) from (
    select id, address, coalesce(actor_id, target, actor_name) as account from audit_events
    where reason in ('wrong_password', 'inactive_account', 'unknown_name') and at > ${request.now} - ${proxySearchMs}
    order by at desc limit ${maxExaminedFailures})
  group by address having count(distinct account) >= ${minFailedAccounts})`;

/** For an admin: the names of rows whose seal does not hold, as a JSON list; empty for none. */
const brokenForAdmin = sql`iif(${users.role} = 'admin', (select json_group_array(broken.name) from (
  select name from ${brokenSeals} order by last_at desc limit ${maxBrokenSealRows}) broken), '')`;

/** Who the caller is, and until when; for an admin, also which addresses are probably proxies that nobody named. */
export const readSession = operation({
  action: 'session.read',
  sql: () => ({
    answer: query
      .select({
        ...{ id, name, role, must_change_password: mustChangePassword, expires_at: sessions.expires_at },
        address: failure.address,
        broken: textColumn('broken', brokenForAdmin),
      })
      .from(sessions)
      .innerJoin(users, eq(users.id, sessions.user_id))
      .leftJoin(failure, and(eq(users.role, 'admin'), isOfLikelyProxy))
      .where(and(eq(sessions.id, request.session_id), granted)),
  }),
  result: (rows) => {
    const [session] = rows;
    if (!session) return null;
    const addresses = rows.flatMap(({ address }) => (address !== null && isPrivate(address) ? [address] : []));
    const brokenSeals =
      session.broken === '' || session.must_change_password ? [] : (JSON.parse(session.broken) as string[]);
    return { ...session, brokenSeals, likelyProxies: session.must_change_password ? [] : addresses };
  },
});

const { id: sessionId, created_at, expires_at, address, user_agent } = sessions;
export const listed = { id: sessionId, created_at, expires_at, address, user_agent };

/** The conditions of a session that is neither ended nor over. */
export const isLive = [isNull(sessions.revoked_at), gt(sessions.expires_at, request.now)] as const;

/**
 * Lists the caller's live sessions, the newest first, and those of people before those of programs, of which there may be many. What they
 * have made is not listed: it ends with them.
 */
export const listSessions = operation({
  action: 'session.list',
  sql: () => ({
    answer: query
      .select({ ...listed, is_current: integer('is_current', eq(sessions.id, request.session_id)) })
      .from(sessions)
      .where(and(granted, eq(sessions.user_id, actorId), isNull(sessions.parent_id), ...isLive))
      .orderBy(desc(isNull(sessions.access)), desc(sessions.created_at))
      .limit(maxSessionsPerList),
  }),
  result: (rows) => rows,
});

/** A part of an event's detail: how many things there are, after a comma; empty for none. */
export const counted = (number: SQLWrapper, one: string, many: string): SQL =>
  sql`coalesce((select ', ' || n || iif(n = 1, ${` ${one}`}, ${` ${many}`}) from (select ${number} as n) where n > 0), '')`;

/** For the detail of an event: how many live sessions of a user end. */
export const sessionsEnded = (user: SQL, ...conditions: SQL[]): SQL =>
  counted(
    query
      .select({ count: count() })
      .from(sessions)
      .where(and(eq(sessions.user_id, user), isNull(sessions.parent_id), ...isLive, ...conditions)),
    'session ended',
    'sessions ended',
  );

const liveSession = statement(['request.now', 'ids'], ({ ids }) =>
  query
    .select({ id: sessions.id })
    .from(sessions)
    .where(
      and(
        sql`${sessions.id} in (select value from json_each(${ids}))`,
        isNull(sessions.revoked_at),
        gt(sessions.expires_at, request.now),
      ),
    )
    .orderBy(desc(sessions.created_at))
    .limit(1),
);

/**
 * Which of several sessions is live; the newest, if several are. A round trip of its own, for the rare browser that sends
 * several session cookies. This grants nothing: the verdict asks again.
 */
export const findLiveSession = async ({ vault, caller }: Context, ids: readonly string[]): Promise<string | null> => {
  const [found] = await read(vault.db, fill(liveSession(), { 'request.now': caller.now, ids: JSON.stringify(ids) }));
  return found?.id ?? null;
};

/** Revokes the live sessions that meet the conditions. */
export const endSessions = (...conditions: SQL[]) =>
  query
    .update(sessions)
    .set({ revoked_at: request.now })
    .where(and(...conditions, isNull(sessions.revoked_at), granted));

export const revokeSession = operation({
  action: 'session.revoke',
  params: ['id'],
  sql: ({ id }) => ({ target: sessionNumbered(id), effects: [endSessions(eq(sessions.id, id))] }),
  values: ({ id }: { id: string }) => ({ id }),
});

export const signOut = operation({
  action: 'session.end',
  sql: () => ({ effects: [endSessions(eq(sessions.id, request.session_id))] }),
});
