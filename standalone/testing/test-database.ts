/**
 * Replaces worker/testing/test-database.ts, so that every test of the worker's routes also runs on the database of the
 * standalone runtime: its client, its queue and its object. The worker only needs `prepare`, `bind` and `batch`; the tests
 * use the rest of D1 to look into the database.
 */

import { env } from 'cloudflare:test';
import { createClient } from '../database/client.ts';
import type { Bindings } from '../database/object.ts';

const client = createClient(env as unknown as Bindings);
export const testMigrations = (env as unknown as { TEST_MIGRATIONS: { name: string; queries: string[] }[] })
  .TEST_MIGRATIONS;

type Prepared = ReturnType<typeof client.prepare>;

const statements = new WeakMap<object, Prepared>();

const statement = (prepared: Prepared): D1PreparedStatement => {
  const all = async () => (await client.batch([prepared]))[0] ?? { results: [] };
  const made = {
    bind: (...values: (string | number | null)[]) => statement(prepared.bind(...values)),
    all,
    run: all,
    first: async (column?: string) => {
      const [row] = (await all()).results;
      return row === undefined ? null : column === undefined ? row : row[column];
    },
  };
  statements.set(made, prepared);
  return made as unknown as D1PreparedStatement;
};

const database = {
  prepare: (text: string) => statement(client.prepare(text)),
  batch: (batch: D1PreparedStatement[]) => client.batch(batch.map((each) => statements.get(each) as Prepared)),
  exec: (text: string) => client.batch([client.prepare(text)]),
};

export const testDb = () => database as unknown as D1Database;

/** Migrates a database that a test has emptied, as the object does when it opens one. */
export const applyTestMigrations = async (): Promise<void> => {
  const [found] = await client.batch([
    client.prepare("SELECT count(*) AS tables FROM sqlite_schema WHERE name = 'd1_migrations'"),
  ]);
  if (found?.results[0]?.tables === 1) return;
  await database.exec('CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE)');
  for (const { name, queries } of testMigrations) {
    await client.batch([
      ...queries.map((text) => client.prepare(text)),
      client.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name),
    ]);
  }
};
