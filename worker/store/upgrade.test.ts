/** Migrations of a vault that holds data, on the database itself: foreign keys and triggers are in force there. */
import { expect, test } from 'vitest';
import { applyTestMigrations, testDb, testMigrations } from '../testing/test-database.ts';
import { emptyDatabase } from '../testing/vault.ts';

const migrate = async (from: number, to?: number) => {
  for (const { name, queries } of testMigrations.slice(from, to)) {
    const record = testDb().prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name);
    await testDb().batch([...queries.map((text) => testDb().prepare(text)), record]);
  }
};

const all = async (sql: string) => (await testDb().prepare(sql).all()).results;

test('secrets and versions of 1.0.0 are the same after the upgrade, no id is used again, and last reads come from the log', async () => {
  await applyTestMigrations();
  await emptyDatabase();
  await testDb().exec('CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE)');
  await migrate(0, 1);
  await testDb().batch(
    [
      "INSERT INTO users (name, likeness, verifier, role, created_at) VALUES ('a', 'a', 'v', 'user', 1)",
      'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO secrets (name, owner_id, created_by, created_at, updated_at, current_version) SELECT i, 1, 1, 1, 1, 2 FROM n',
      "INSERT INTO secret_versions SELECT secrets.id, value, hex(randomblob(50)), 'b' || secrets.id, 'k', value, 'a' FROM secrets, json_each('[1,2]')",
      'DELETE FROM secrets WHERE id = 2000',
      "INSERT INTO audit_events (at, request_id, action, target, outcome, address, user_agent) VALUES (5, '', 'secret.read', '7', 'allowed', '', ''), (9, '', 'secret.read', '7', 'allowed', '', ''), (99, '', 'secret.read', '7', 'denied', '', ''), (3, '', 'secret.list', '8', 'allowed', '', ''), (4, '', 'secret.read', 'gone', 'allowed', '', '')",
    ].map((text) => testDb().prepare(text)),
  );
  const columns = 'id, name, description, owner_id, created_by, created_at, updated_at, current_version';
  const secrets = await all(`SELECT ${columns} FROM secrets ORDER BY id`);
  const versions = await all('SELECT * FROM secret_versions ORDER BY secret_id, number');
  expect(versions).toHaveLength(3_998);
  await migrate(1);
  expect(await all(`SELECT ${columns} FROM secrets ORDER BY id`)).toEqual(secrets);
  expect(
    await all(
      'SELECT secret_id, number, token, binding, key_id, created_at, created_by FROM secret_versions ORDER BY secret_id, number',
    ),
  ).toEqual(versions);
  const bytes = versions.reduce((sum, { token }) => sum + String(token).length, 0);
  expect(await all('SELECT * FROM usage')).toEqual([{ owner_id: 1, secrets: 1_999, bytes, trashed: 0 }]);
  expect(await all('PRAGMA foreign_key_check')).toEqual([]);
  expect(await all('SELECT name, last_used_at FROM secrets WHERE last_used_at IS NOT NULL')).toEqual([
    { name: '7', last_used_at: 9 },
  ]);
  await testDb().exec(
    "INSERT INTO secrets (name, owner_id, created_by, created_at, updated_at, current_version) VALUES ('new', 1, '', 1, 1, 1)",
  );
  expect(await all("SELECT id FROM secrets WHERE name = 'new'")).toEqual([{ id: 2_001 }]);
});

const migration = (name: string) => testMigrations.findIndex((each) => each.name.startsWith(name));

const withLog = async (ids: string) => {
  await emptyDatabase();
  await testDb().exec('CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE)');
  await migrate(0, migration('0011'));
  await testDb().exec(
    `INSERT INTO audit_events (id, at, request_id, action, target, outcome, address, user_agent) SELECT id, id, '', 'secret.read', 'key ' || id, 'allowed', '', '' FROM (${ids}) ORDER BY id`,
  );
};

test('a log with gaps is numbered anew, in its order, and is found by searches as before', async () => {
  await applyTestMigrations();
  await withLog(
    'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) SELECT i * 3 + 7 AS id FROM n',
  );
  const before = await all('SELECT at, target FROM audit_events ORDER BY id');
  await migrate(migration('0011'), migration('0011') + 1);
  expect(await all('SELECT at, target FROM audit_events ORDER BY id')).toEqual(before);
  expect(await all('SELECT min(id) AS first, max(id) AS last, count(*) AS rows FROM audit_events')).toEqual([
    { first: 1, last: 2_500, rows: 2_500 },
  ]);
  const blocks = await all('SELECT block, newest_at, targets FROM log_blocks ORDER BY block');
  expect(blocks.map(({ block, newest_at }) => [block, newest_at])).toEqual([
    [0, 999 * 3 + 7],
    [1, 1_999 * 3 + 7],
    [2, null],
  ]);
  const inBlock = await all('SELECT target FROM audit_events WHERE id / 1000 = 1');
  expect(String(blocks[1]?.targets).split(',').sort()).toEqual(inBlock.map(({ target }) => String(target)).sort());
  await expect(testDb().exec("UPDATE audit_events SET target = '' WHERE id = 1")).rejects.toThrow(/append-only/);
});

test('a log without gaps stays as it is, and its newest event cannot be deleted, whatever was archived', async () => {
  await applyTestMigrations();
  await withLog(
    'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200) SELECT i AS id FROM n',
  );
  const blocks = await all('SELECT * FROM log_blocks');
  await migrate(migration('0011'), migration('0011') + 1);
  expect(await all('SELECT * FROM log_blocks')).toEqual(blocks);
  expect(await all('SELECT max(id) AS last FROM audit_events')).toEqual([{ last: 1_200 }]);
  await testDb().exec(
    "INSERT INTO log_tree (id, origin, public_key, private_key, binding, key_id, size, checkpoint, sealed_at, archived) VALUES (1, '', '', '', '', '', 1200, '', 1, 1200)",
  );
  await expect(testDb().exec('DELETE FROM audit_events WHERE id = 1200')).rejects.toThrow(/append-only/);
  await testDb().exec('DELETE FROM audit_events WHERE id = 1');
  await testDb().exec('UPDATE log_tree SET archived = 5');
  await expect(testDb().exec('DELETE FROM audit_events WHERE id = 6')).rejects.toThrow(/append-only/);
});
