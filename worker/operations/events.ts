import { sql } from 'drizzle-orm';
import { type AuditEventRow, auditEvents } from '../store/schema.ts';
import { statement, type Value, value } from '../store/statement.ts';
import { actorId, granted, reachesAny } from '../store/verdict.ts';
import { operation } from './operation.ts';

/** Reading the audit log. Reading it is an event as well; a list ends before its own. */

export const eventsPerList = { user: 50, admin: 100, most: 500 } as const;

export type ListedEvent = Omit<AuditEventRow, 'request_id' | 'actor_id'>;

/** Text filters match a part, literally, and ASCII letters in either case. Null does not filter. */
export interface EventFilter {
  actor: string | null;
  target: string | null;
  address: string | null;
  allowed: boolean | null;
  /** Pairs of action and whether it was allowed, as `action:1` or `action:0`. */
  kinds: string[] | null;
  /** A part of the name of an action that this version does not know: moved in, and so without a dot. */
  actionPart: string | null;
  /** Events before this one's id. */
  before: number | null;
  limit: number | null;
}

const listed = sql`id, at, actor_name, actor_role, action, target, outcome, reason, address, user_agent`;

const contains = (column: string, part: string) => {
  const whole = sql.raw(column);
  return sql`(${value(part)} IS NULL OR instr(lower(${whole}), lower(${value(part)})) > 0)`;
};

const matches = sql`
  id < coalesce(${value('before')}, (SELECT max(id) FROM ${auditEvents}))
  AND id < (SELECT max(id) FROM ${auditEvents})
  AND ${contains('actor_name', 'actor')} AND ${contains('target', 'about')} AND ${contains('address', 'from_address')}
  AND (${value('allowed')} IS NULL OR (outcome = 'allowed') = ${value('allowed')})
  AND (${value('kinds')} IS NULL
    OR action || CASE outcome WHEN 'allowed' THEN ':1' ELSE ':0' END IN (SELECT value FROM json_each(${value('kinds')}))
    OR (instr(action, '.') = 0 AND instr(lower(action), lower(${value('action_part')})) > 0))`;

export const listEvents = operation({
  intent: { action: 'event.list' },
  answer: statement<ListedEvent>(sql`
    SELECT * FROM (
      SELECT ${listed} FROM ${auditEvents} WHERE ${granted} AND ${reachesAny('event.list')} AND ${matches}
      ORDER BY id DESC LIMIT coalesce(${value('limit')}, ${value('admin_limit')}))
    UNION ALL
    SELECT * FROM (
      SELECT ${listed} FROM ${auditEvents}
      WHERE ${granted} AND NOT ${reachesAny('event.list')} AND actor_id = ${actorId} AND ${matches}
      ORDER BY id DESC LIMIT coalesce(${value('limit')}, ${value('user_limit')}))`),
  values: ({
    actor,
    target,
    address,
    allowed,
    kinds,
    actionPart,
    before,
    limit,
  }: EventFilter): Record<string, Value> => ({
    actor,
    about: target,
    from_address: address,
    allowed: allowed === null ? null : Number(allowed),
    kinds: kinds === null ? null : JSON.stringify(kinds),
    action_part: actionPart,
    before,
    limit,
    admin_limit: eventsPerList.admin,
    user_limit: eventsPerList.user,
  }),
  result: (rows) => rows,
});

export interface EventCount {
  /** Start of the hour or day, in ms since 1970. */
  at: number;
  allowed: number;
  refused: number;
}

const counted = sql`
  at - at % ${value('step')} AS at, sum(outcome = 'allowed') AS allowed, sum(outcome <> 'allowed') AS refused
  FROM ${auditEvents}`;

/** How much happened in each hour or day of a span that ends now. */
export const countEvents = operation({
  intent: { action: 'event.count' },
  answer: statement<EventCount>(sql`
    SELECT ${counted} WHERE ${granted} AND ${reachesAny('event.count')} AND at >= ${value('from')} GROUP BY 1
    UNION ALL
    SELECT ${counted} WHERE ${granted} AND NOT ${reachesAny('event.count')} AND actor_id = ${actorId} AND at >= ${value('from')}
    GROUP BY 1 ORDER BY 1`),
  values: ({ stepMs, steps }: { stepMs: number; steps: number }, { caller }) => ({
    step: stepMs,
    from: (Math.floor(caller.now / stepMs) - steps + 1) * stepMs,
  }),
  result: (rows) => rows,
});
