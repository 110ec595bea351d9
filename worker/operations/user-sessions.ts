/** The sessions of a user, for admins: seeing them, and ending one or all. */
import { and, desc, eq, isNull, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import { maxSessionsPerList } from '../../core/limits.ts';
import { granted } from '../store/granted.ts';
import { request } from '../store/request.ts';
import { sessions } from '../store/schema.ts';
import { integer, query } from '../store/statement.ts';
import { targetUser, userNumbered } from '../store/targets.ts';
import { operation } from './operation.ts';
import { endSessions, isLive, listed, sessionsEnded } from './sessions.ts';

/** Lists the live sessions of a user, as `listSessions` does one's own. */
export const listSessionsOf = operation({
  action: 'user.sessions',
  params: ['id'],
  sql: ({ id }) => ({
    target: userNumbered(id, 'user.sessions'),
    answer: query
      .select({ ...listed, is_current: integer('is_current', eq(sessions.id, request.session_id)) })
      .from(sessions)
      .where(and(granted, eq(sessions.user_id, id), isNull(sessions.parent_id), ...isLive))
      .orderBy(desc(isNull(sessions.access)), desc(sessions.created_at))
      .limit(maxSessionsPerList),
  }),
  values: ({ id }: { id: number }) => ({ id }),
  result: (rows) => rows,
});

const ended = alias(sessions, 'ended');

/** Ends one live session of a user, or all of them. The account stays as it is. */
export const signOutUser = operation({
  action: 'user.sign_out',
  params: ['id', 'session_id'],
  sql: ({ id, session_id }) => {
    const isMeant = sql`(${session_id} is null or ${sessions.id} = ${session_id})`;
    return {
      target: userNumbered(id, 'user.sign_out'),
      detail: sql`nullif(substr(${sessionsEnded(sql`${targetUser.id}`, isMeant)}, 3), '')`,
      rules: [
        {
          when: sql`${session_id} is not null and not exists ${query
            .select({ id: ended.id })
            .from(ended)
            .where(and(eq(ended.id, session_id), eq(ended.user_id, id)))}`,
          outcome: 'not_found',
          reason: 'no_session',
        },
      ],
      effects: [endSessions(eq(sessions.user_id, id), isMeant)],
    };
  },
  values: ({ id, session_id }: { id: number; session_id?: string }) => ({ id, session_id: session_id ?? null }),
});
