/** What a migration fills in for a vault that is upgraded, compared with what its triggers keep in a new one. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';

const migrations = resolve(import.meta.dirname, '../../migrations');

function apply(database: DatabaseSync, name: string): void {
  database.exec(readFileSync(join(migrations, name), 'utf8'));
}

/** Events with gaps between their ids, texts too long to summarise, and keys with versions. */
function fill(database: DatabaseSync): void {
  database.exec(`
    INSERT INTO users (name, likeness, verifier, role, created_at) VALUES ('a', 'a', 'v', 'user', 1), ('b', 'b', 'v', 'admin', 1);
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4200)
    INSERT INTO audit_events (id, at, request_id, actor_id, actor_name, actor_role, action, target, outcome, address, user_agent)
    SELECT i + iif(i > 2500, 20000, 0), 1764000000000 + i * 60000, 'r', nullif(i % 4, 0), iif(i % 4, 'Name ' || i % 4, NULL), 'user',
      iif(i % 2, 'secret.read', 'secret.list'), iif(i BETWEEN 1000 AND 1999, hex(zeroblob(20)) || i, nullif('K' || i % 9, 'K0')),
      iif(i % 5, 'allowed', 'denied'), '10.0.0.' || i % 11, '' FROM n;
    INSERT INTO secrets (name, owner_id, created_by, created_at, updated_at, current_version)
      VALUES ('one', 1, 'a', 1, 1, 1), ('two', 1, 'a', 1, 1, 1), ('three', 2, 'b', 1, 1, 1);
    INSERT INTO secret_versions SELECT secrets.id, value, hex(zeroblob(value * 10)), 'b', 'k', 1, 'a' FROM secrets, json_each('[1,2,3]');
  `);
}

function stateOf(database: DatabaseSync, table: string, order: string) {
  return database.prepare(`SELECT * FROM ${table} ORDER BY ${order}`).all();
}

/** The texts of a block in any order. */
function sorted(rows: Record<string, unknown>[]) {
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        typeof value === 'string' ? value.split(',').toSorted() : value,
      ]),
    ),
  );
}

test('an upgrade fills in what the triggers of a new vault keep', () => {
  const upgraded = new DatabaseSync(':memory:');
  apply(upgraded, '0001_vault.sql');
  fill(upgraded);
  apply(upgraded, '0002_bounded_log.sql');
  const fresh = new DatabaseSync(':memory:');
  apply(fresh, '0001_vault.sql');
  apply(fresh, '0002_bounded_log.sql');
  fill(fresh);
  expect(stateOf(upgraded, 'activity', 'actor_id, hour')).toEqual(stateOf(fresh, 'activity', 'actor_id, hour'));
  expect(stateOf(upgraded, 'usage', 'owner_id')).toEqual(stateOf(fresh, 'usage', 'owner_id'));
  const blocks = sorted(stateOf(upgraded, 'log_blocks', 'block'));
  expect(blocks).toEqual(sorted(stateOf(fresh, 'log_blocks', 'block')));
  expect(blocks.map(({ block }) => block)).toEqual([0, 1, 2, 22, 23, 24]);
  expect(blocks.map(({ newest_at, targets }) => [newest_at !== null, targets !== null])).toEqual([
    [true, true],
    [true, false],
    [true, true],
    [true, true],
    [true, true],
    [false, false],
  ]);
});

test('an empty vault is upgraded', () => {
  const database = new DatabaseSync(':memory:');
  apply(database, '0001_vault.sql');
  apply(database, '0002_bounded_log.sql');
  expect(stateOf(database, 'log_blocks', 'block')).toEqual([]);
  fill(database);
  expect(stateOf(database, 'log_blocks', 'block')).toHaveLength(6);
});
