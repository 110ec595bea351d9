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
