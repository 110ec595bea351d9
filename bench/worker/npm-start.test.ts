/** What a request costs on D1, as counts. */

import { expect, test } from 'vitest';
import worker from '../../worker/index.ts';
import { applyTestMigrations, testDb } from '../../worker/testing/test-database.ts';
import { testKeys } from '../../worker/testing/vault.ts';
import { compareWithAccepted } from './accepted.ts';
import { count, countGlobals, holdClock, uncounted } from './counters.ts';
import { type Asked, countOperations } from './operations.ts';

/** D1 with its round trips, its statements, and the rows that it says it reads and writes, counted. */
function countedDatabase(db: D1Database): D1Database {
  const real = new WeakMap<object, { statement: D1PreparedStatement; text: string }>();
  const prepared = (statement: D1PreparedStatement, text: string): D1PreparedStatement => {
    const made = {
      bind: (...values: unknown[]) => prepared(statement.bind(...values), text),
      all: async () => (await run([made as never]))[0],
    };
    real.set(made, { statement, text });
    return made as unknown as D1PreparedStatement;
  };
  const run = async (statements: D1PreparedStatement[]) => {
    const known = statements.map(
      (statement) => real.get(statement) as { statement: D1PreparedStatement; text: string },
    );
    count('database round trips');
    count('statements', known.length);
    count(
      'bytes of SQL',
      known.reduce((sum, { text }) => sum + text.length, 0),
    );
    const results = await db.batch(known.map(({ statement }) => statement));
    for (const { meta } of results) {
      count('rows read', meta.rows_read);
      count('rows written', meta.rows_written);
    }
    return results;
  };
  return { prepare: (text: string) => prepared(db.prepare(text), text), batch: run } as unknown as D1Database;
}

test('a request under npm start does the work that bench/counts.json says', async ({ task }) => {
  const moveClock = holdClock();
  await applyTestMigrations();
  const bindings = { DB: countedDatabase(testDb()), ...testKeys, FIRST_ACCOUNTS: 'default', LOCAL_ONLY: 'yes' };
  countGlobals();
  const context = { waitUntil: () => {}, passThroughOnException: () => {} } as unknown as ExecutionContext;
  const send = async ({ method, path, headers, body }: Asked) => {
    const init = {
      method,
      headers: { ...headers, 'CF-Connecting-IP': '192.0.2.1' },
      ...(body === undefined ? {} : { body }),
    };
    const request = uncounted(() => new Request(`http://127.0.0.1:5000${path}`, init));
    const response = await worker.fetch(request as never, bindings as never, context);
    const text = await response.text();
    const lines = [...response.headers].map(([name, value]) => `${name}: ${value}\r\n`);
    return { status: response.status, text, headerCount: lines.length, bytes: lines.join('').length + text.length };
  };
  const counts = await countOperations(send, moveClock);
  Object.assign(task.meta, { counts: { 'npm start': counts } });
  expect(counts.read?.['database round trips']).toBe(1);
  compareWithAccepted('npm start', counts);
});
