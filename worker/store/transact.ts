/** Runs statements as one transaction, which is one round trip. */
import { maxBusyWaitMs } from '../../core/limits.ts';
import { StoreFailure } from '../../core/store-failure.ts';
import type { Filled, Value } from './statement.ts';

/** The pause before the next attempt doubles from the one to the other. */
const minPauseMs = 20;
const maxPauseMs = 400;

/**
 * Runs statements as one transaction in one round trip; in more, if another process, such as a backup or an admin's SQLite
 * shell, writes to the database at that moment. SQLite refuses a transaction then before it has done anything, and neither
 * D1 nor plain workerd waits.
 *
 * @param busyWaitMs how long to wait for the other process.
 * @throws StoreFailure if the transaction failed; nothing was written then.
 */
export const transact = async (
  db: D1Database,
  statements: readonly Filled[],
  busyWaitMs = maxBusyWaitMs,
): Promise<Record<string, Value>[][]> => {
  const prepared = statements.map(({ text, values }) => db.prepare(text).bind(...values));
  let waitedMs = 0;
  for (let pauseMs = minPauseMs; ; pauseMs = Math.min(pauseMs * 2, maxPauseMs)) {
    try {
      const results = await db.batch<Record<string, Value>>(prepared);
      return results.map(({ results: rows }) => rows);
    } catch (cause) {
      const kind = kindOf(String(cause), statements);
      if (kind !== 'busy' || waitedMs >= busyWaitMs) throw new StoreFailure(kind, cause);
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    waitedMs += pauseMs;
  }
};

const kindOf = (message: string, statements: readonly Filled[]): StoreFailure['kind'] => {
  if (/SQLITE_BUSY|database is locked/i.test(message)) return 'busy';
  // After statements that only read, miniflare's D1 writes a bookmark, and does not say why that failed.
  if (/session commit token/.test(message) && statements.every(({ text }) => /^select\b/i.test(text))) return 'busy';
  if (/SQLITE_FULL|disk is full|SQLITE_IOERR_WRITE/i.test(message)) return 'full';
  return /no such (table|column)/i.test(message) ? 'schema' : 'unreadable';
};

/** Runs one statement that only reads, outside any verdict: for questions that come before a sign-in. */
export const read = async <Row>(db: D1Database, statement: Filled<Row>): Promise<Row[]> => {
  const [rows] = await transact(db, [statement]);
  return rows as Row[];
};
