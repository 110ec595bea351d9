/**
 * Writes each event as a line of JSON to the output of the process (LOG_STDOUT), for programs that collect logs. It is read back from
 * the log once it is committed, after an answer, so the lines are those of the log, in its order, and no request waits for them.
 */
import { and, asc, gt, gte, sql } from 'drizzle-orm';
import { eventsPerListPart, eventsPerOutput } from '../../core/limits.ts';
import { jsonRows } from '../store/json.ts';
import { auditEvents } from '../store/schema.ts';
import { fill, query, statement } from '../store/statement.ts';
import { read } from '../store/transact.ts';
import { eventJson, listedEvents } from './listed.ts';
import type { Vault } from './vault.ts';

/** What isolates have written of the log. */
interface State {
  /** The newest event that was written; null before the first one. */
  last: number | null;
  startedAt: number;
  isWriting: boolean;
  /** Something was committed meanwhile. */
  isBehind: boolean;
}

const states = new WeakMap<Vault, State>();

/** Of the log of everybody, so nothing in it is hidden. */
const ofAll = { id: auditEvents.id, mark: sql`0`.as('mark') };

const list = (rows: Parameters<typeof jsonRows>[0]['sources'][number]['rows']) =>
  jsonRows({
    sources: [{ rows, when: sql`1`, most: eventsPerOutput }],
    table: listedEvents,
    json: eventJson,
    perPart: eventsPerListPart,
    between: sql`char(10)`,
  });

const following = statement(['last'], ({ last }) =>
  list(query.select(ofAll).from(auditEvents).where(gt(auditEvents.id, last)).orderBy(asc(auditEvents.id))),
);

/** The newest ones, as far as they are of this run. */
const first = statement(['started_at'], ({ started_at }) =>
  list(
    query
      .select(ofAll)
      .from(auditEvents)
      .where(
        and(
          gt(auditEvents.id, sql`(select max(id) from audit_events) - ${eventsPerOutput}`),
          gte(auditEvents.at, started_at),
        ),
      )
      .orderBy(asc(auditEvents.id)),
  ),
);

/** Notes when the first request came. */
export const expectEvents = (vault: Vault, now: number): void => {
  if (!states.has(vault)) states.set(vault, { last: null, startedAt: now, isWriting: false, isBehind: false });
};

/** Writes what has been committed since the last time. One does it for all; the others tell it that there is more. */
export const writeEvents = async (vault: Vault): Promise<void> => {
  const state = states.get(vault);
  if (!state) return;
  state.isBehind = true;
  if (state.isWriting) return;
  state.isWriting = true;
  try {
    while (state.isBehind) {
      state.isBehind = false;
      const { last, startedAt } = state;
      const asked = last === null ? fill(first(), { started_at: startedAt }) : fill(following(), { last });
      const parts = await read(vault.db, asked);
      const lines = parts.flatMap(({ json }) => json.split('\n'));
      for (const line of lines) vault.writeEvent?.(line);
      const newest = lines.at(-1);
      if (newest !== undefined) state.last = (JSON.parse(newest) as { id: number }).id;
      if (lines.length === eventsPerOutput) state.isBehind = true;
    }
  } catch (error) {
    // The next request tries again, from where this one has stopped.
    console.error(
      `Events of the log could not be written to the output: ${error instanceof Error ? error.name : 'failed'}.`,
    );
  } finally {
    state.isWriting = false;
  }
};
