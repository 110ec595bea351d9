/** The tests of the whole vault (`e2e/`) run on it too. Here is what they do not reach. */
import { join } from 'node:path';
import { build } from 'esbuild';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { afterAll, beforeAll, expect, test } from 'vitest';

let runtime: Miniflare;

beforeAll(async () => {
  const bundled = await build({
    entryPoints: [join(import.meta.dirname, 'database.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    external: ['cloudflare:*'],
  });
  const caller = 'export default { fetch: (request, env) => env.DATABASE.fetch(request) };';
  runtime = new Miniflare(
    convertV4MiniflareOptions({
      workers: [
        {
          name: 'caller',
          modules: true,
          script: caller,
          serviceBindings: { DATABASE: { name: 'database', props: { MINIFLARE_NAMESPACE: 'test' } } },
        },
        {
          name: 'database',
          modules: true,
          script: bundled.outputFiles[0]?.text ?? '',
          compatibilityDate: '2026-11-01',
          durableObjects: { MINIFLARE_OBJECT: { className: 'D1DatabaseObject', useSQLite: true } },
        },
      ],
    }),
  );
  await query({ sql: 'CREATE TABLE t (a UNIQUE, b)' });
});

afterAll(() => runtime?.dispose());

interface Query {
  sql: string;
  params?: unknown[];
}

async function query(queries: Query | Query[]): Promise<unknown> {
  const response = await runtime.dispatchFetch('http://d1/query?resultsFormat=ROWS_AND_COLUMNS', {
    method: 'POST',
    body: JSON.stringify(queries),
  });
  return response.json();
}

async function rows(sql: string): Promise<unknown[][]> {
  return ((await query([{ sql }])) as [{ results: { rows: unknown[][] } }])[0].results.rows;
}

test('columns come in order, also two of one name; blobs are lists of bytes', async () => {
  const sql = "SELECT ?1 AS a, ?2 AS a, NULL AS n, x'00ff' AS b, typeof(?3) AS t";
  expect(await query([{ sql, params: ['é', 2.5, [1, 255]] }])).toEqual([
    {
      success: true,
      results: { columns: ['a', 'a', 'n', 'b', 't'], rows: [['é', 2.5, null, [0, 255], 'blob']] },
      meta: { rows_read: 0, rows_written: 0 },
    },
  ]);
});

test('several statements are one transaction: if one fails, none has happened', async () => {
  const insert = { sql: 'INSERT INTO t VALUES (?1, 1)', params: ['twice'] };
  expect(await query([insert, insert])).toMatchObject({ success: false, error: expect.stringMatching(/UNIQUE/) });
  expect(await rows("SELECT a FROM t WHERE a = 'twice'")).toEqual([]);
  expect(await query([{ sql: 'SELECT c FROM t' }])).toMatchObject({ error: expect.stringMatching(/no such column/) });
});

test('transactions that come at once succeed and fail each on their own', async () => {
  const insert = (a: number) => query([{ sql: 'INSERT INTO t VALUES (?1, 2) RETURNING a', params: [a] }]);
  const outcomes = await Promise.all(Array.from({ length: 40 }, (_, i) => insert(i % 20)));
  const succeeded = outcomes.filter((outcome) => Array.isArray(outcome));
  expect(succeeded.length).toBe(20);
  expect(outcomes.filter((outcome) => !Array.isArray(outcome))).toEqual(
    Array.from({ length: 20 }, () => ({ success: false, error: expect.stringMatching(/UNIQUE/) })),
  );
  expect(await rows('SELECT count(*) FROM t WHERE b = 2')).toEqual([[20]]);
});
