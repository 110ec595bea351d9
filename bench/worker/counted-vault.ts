/** The worker of `npm start` on a new database, with what it does counted. */
import worker from '../../worker/index.ts';
import { applyTestMigrations, testDb } from '../../worker/testing/test-database.ts';
import { testKeys } from '../../worker/testing/vault.ts';
import { count, countGlobals, uncounted } from './counters.ts';
import type { Asked, Send } from './operations.ts';

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

/** Makes the vault. Returns what sends it a request. */
export async function countedVault(): Promise<Send> {
  await applyTestMigrations();
  const bindings = { DB: countedDatabase(testDb()), ...testKeys, FIRST_ACCOUNTS: 'default', LOCAL_ONLY: 'yes' };
  countGlobals();
  // Without waitUntil: the log is sealed after the answers of some requests, which is no part of what each of them does.
  const context = { passThroughOnException: () => {} } as unknown as ExecutionContext;
  return async ({ method, path, headers, body }: Asked) => {
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
}
