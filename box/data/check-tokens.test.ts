import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { project } from '../../testing/disk-vaults.ts';
import { checkTokens } from './check-tokens.ts';
import { readMigrations } from './database.ts';

/** Two people, each with a session and a token that may write; of each of these there is a child that may read, and it has one, too. */
function vault(): DatabaseSync {
  const database = new DatabaseSync(':memory:');
  for (const { sql } of readMigrations(join(project, 'migrations'))) database.exec(sql);
  for (const id of [1, 2]) {
    database.exec(`INSERT INTO users (id, name, likeness, verifier, role, created_at) VALUES (${id}, 'u${id}', 'u${id}', 'v', 'user', 1);
      INSERT INTO service_tokens (id, name, user_id, access, scopes, created_at, created_by) VALUES (${id}, 't', ${id}, 'write', '[]', 1, 'a');
      INSERT INTO token_secrets (hash, token_id, created_at) VALUES ('t${id}', ${id}, 1);
      INSERT INTO sessions (id, user_id, created_at, expires_at, address, user_agent) VALUES ('s${id}', ${id}, 1, 9, '', '')`);
    for (const generation of [1, 2]) {
      const parent = generation === 1 ? '' : `${generation - 1}`;
      database.exec(`INSERT INTO token_secrets (hash, token_id, created_at, ends_at, parent, generation, lifetime, latest_end, access)
          VALUES ('t${id}${generation}', ${id}, 1, 9, 't${id}${parent}', ${generation}, 9, 9, 'read');
        INSERT INTO sessions (id, user_id, created_at, expires_at, address, user_agent, parent_id, generation, lifetime, latest_end, access)
          VALUES ('s${id}${generation}', ${id}, 1, 9, '', '', 's${id}${parent}', ${generation}, 9, 9, 'read')`);
    }
  }
  return database;
}

test('children that reach what their parents do, or less, are in order', () => {
  expect(checkTokens(vault())).toBe(2);
});

test.each([
  ["UPDATE token_secrets SET access = 'manage' WHERE hash = 't11'", 'service token 1'],
  ["UPDATE token_secrets SET access = 'write' WHERE hash = 't12'", 'service token 1'],
  ["UPDATE token_secrets SET parent = 't1' WHERE hash = 't21'", 'service token 2'],
  ["UPDATE token_secrets SET generation = 5 WHERE hash = 't22'", 'service token 2'],
  ["UPDATE sessions SET access = 'write' WHERE id = 's12'", 'session of user 1'],
  ["UPDATE sessions SET parent_id = 's1' WHERE id = 's21'", 'session of user 2'],
  ["UPDATE sessions SET generation = 9 WHERE id = 's11'", 'session of user 1'],
])('%s is damage', (change, parent) => {
  const database = vault();
  database.exec(change);
  expect(() => checkTokens(database)).toThrow(`A child of the ${parent} reaches more than it, or is not its own.`);
});

test.each([
  "UPDATE token_secrets SET generation = 1 WHERE hash = 't1'",
  "UPDATE token_secrets SET access = 'read' WHERE hash = 't1'",
  "UPDATE token_secrets SET access = NULL WHERE hash = 't11'",
  "UPDATE token_secrets SET ends_at = NULL WHERE hash = 't11'",
  "UPDATE sessions SET access = NULL WHERE id = 's11'",
  "UPDATE sessions SET access = 'admin' WHERE id = 's11'",
  "UPDATE sessions SET generation = 0 WHERE id = 's11'",
])('the tables refuse %s', (change) => {
  expect(() => vault().exec(change)).toThrow(/CHECK constraint/);
});
