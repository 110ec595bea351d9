/** The migration that makes `secrets` and `secret_versions` anew, and the counts that its triggers keep. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';

const migrations = resolve(import.meta.dirname, '../../migrations');
const names = readdirSync(migrations).sort();
const before = names.filter((name) => name < '0005');
const after = names.filter((name) => name >= '0005');

/** A database with foreign keys on, as they are in D1 and in the standalone vault, and in one transaction each. */
function apply(database: DatabaseSync, files: string[]): DatabaseSync {
  for (const name of files) database.exec(`BEGIN; ${readFileSync(join(migrations, name), 'utf8')}; COMMIT`);
  return database;
}

function fill(database: DatabaseSync): void {
  database.exec(`
    INSERT INTO users (name, likeness, verifier, role, created_at) VALUES ('a', 'a', 'v', 'user', 1), ('b', 'b', 'v', 'admin', 1);
    INSERT INTO secrets (name, description, owner_id, created_by, created_at, updated_at, current_version, likeness)
      VALUES ('one', 'd', 1, 'a', 1, 9, 3, 'one'), (' two', '', 1, 'a', 2, 2, 1, NULL), ('three', '', 2, 'b', 3, 3, 1, 'three'),
        ('gone', '', 2, 'b', 3, 3, 1, 'gone');
    INSERT INTO secret_versions (secret_id, number, token, binding, key_id, created_at, created_by)
      SELECT secrets.id, value, hex(zeroblob(value * 10)), 'b' || value, 'k', value + 1, 'a' FROM secrets, json_each('[1,2,3]');
    DELETE FROM secrets WHERE name = 'gone';
  `);
}

const columns = 'id, name, description, owner_id, created_by, created_at, updated_at, current_version, likeness';
const versionColumns = 'secret_id, number, token, binding, key_id, created_at, created_by';

function all(database: DatabaseSync, sql: string) {
  return database.prepare(sql).all();
}

/** What the triggers should have counted: from the rows themselves. */
const counts = `
  SELECT coalesce('p' || project_id, 'u' || owner_id) AS holder, count(*) FILTER (WHERE deleted_at IS NULL) AS secrets,
    count(*) FILTER (WHERE deleted_at IS NOT NULL) AS trashed,
    sum((SELECT coalesce(sum(length(token)), 0) FROM secret_versions WHERE secret_id = secrets.id)) AS bytes
  FROM secrets WHERE owner_id IS NOT NULL OR project_id IS NOT NULL GROUP BY 1 ORDER BY 1`;
const kept = `
  SELECT holder, secrets, trashed, bytes FROM (
    SELECT 'u' || owner_id AS holder, secrets, trashed, bytes FROM usage
    UNION ALL SELECT 'p' || id, secrets, trashed, bytes FROM projects)
  WHERE secrets <> 0 OR trashed <> 0 OR bytes <> 0 ORDER BY 1`;

test('an upgrade keeps every secret and version, their ids, and which ids were used', () => {
  const database = apply(new DatabaseSync(':memory:'), before);
  fill(database);
  const secrets = all(database, `SELECT ${columns} FROM secrets ORDER BY id`);
  const versions = all(database, `SELECT ${versionColumns} FROM secret_versions ORDER BY 1, 2`);
  const usage = all(database, 'SELECT owner_id, secrets, bytes FROM usage ORDER BY 1');
  apply(database, after);
  expect(all(database, `SELECT ${columns} FROM secrets ORDER BY id`)).toEqual(secrets);
  expect(all(database, `SELECT ${versionColumns} FROM secret_versions ORDER BY 1, 2`)).toEqual(versions);
  expect(all(database, 'SELECT owner_id, secrets, bytes FROM usage ORDER BY 1')).toEqual(usage);
  expect(all(database, 'SELECT value_changed_at, revision, project_id, deleted_at FROM secrets ORDER BY id')).toEqual(
    [4, 2, 2].map((value_changed_at) => ({ value_changed_at, revision: 1, project_id: null, deleted_at: null })),
  );
  expect(all(database, 'PRAGMA foreign_key_check')).toEqual([]);
  expect(all(database, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  database.exec(
    "INSERT INTO secrets (name, owner_id, created_by, created_at, updated_at, current_version) VALUES ('x', 1, '', 0, 0, 1)",
  );
  expect(all(database, "SELECT id FROM secrets WHERE name = 'x'")).toEqual([{ id: 5 }]);
});

test('an empty vault is upgraded', () => {
  const database = apply(new DatabaseSync(':memory:'), names);
  expect(all(database, 'SELECT * FROM secrets')).toEqual([]);
});

/** A vault with two projects, whose members may be ignored here. */
function withProjects(): DatabaseSync {
  const database = apply(new DatabaseSync(':memory:'), before);
  fill(database);
  apply(database, after);
  database.exec(`
    INSERT INTO projects (name, likeness, key_likeness, creator_id, created_by, created_at)
      VALUES ('shop', 'shop', 'shop', 1, 'a', 0), ('web', 'web', 'web', 1, 'a', 0)`);
  return database;
}

test.each([
  [
    'a secret is added to a project',
    "INSERT INTO secrets (name, project_id, created_by, created_at, updated_at, current_version) VALUES ('shop/x', 1, '', 0, 0, 1)",
  ],
  ['a secret goes to the trash', "UPDATE secrets SET deleted_at = 5, deleted_by = 'a' WHERE id = 1"],
  [
    'one comes back',
    "UPDATE secrets SET deleted_at = 5, deleted_by = 'a' WHERE id = 1; UPDATE secrets SET deleted_at = NULL, deleted_by = NULL WHERE id = 1",
  ],
  ['one moves into a project', 'UPDATE secrets SET owner_id = NULL, project_id = 1 WHERE id = 1'],
  [
    'one moves to another project',
    'UPDATE secrets SET owner_id = NULL, project_id = 1 WHERE id = 1; UPDATE secrets SET project_id = 2 WHERE id = 1',
  ],
  [
    'one moves out of a project',
    'UPDATE secrets SET owner_id = NULL, project_id = 1 WHERE id = 1; UPDATE secrets SET owner_id = 2, project_id = NULL WHERE id = 1',
  ],
  ['one is handed to another account', 'UPDATE secrets SET owner_id = 2 WHERE id = 1'],
  [
    'one of a project goes to the trash, and is destroyed',
    "UPDATE secrets SET owner_id = NULL, project_id = 1 WHERE id < 3; UPDATE secrets SET deleted_at = 5, deleted_by = 'a' WHERE id = 1; DELETE FROM secrets WHERE id = 1",
  ],
  [
    'a version is added to one of a project',
    "UPDATE secrets SET owner_id = NULL, project_id = 1 WHERE id = 1; INSERT INTO secret_versions VALUES (1, 4, 'abcd', 'b', 'k', 0, 'a', NULL, NULL)",
  ],
  [
    'a version is erased',
    'UPDATE secret_versions SET token = NULL, binding = NULL, key_id = NULL, destroyed_at = 1 WHERE secret_id = 1 AND number = 1',
  ],
  [
    'a version of a project is erased, and its row dropped',
    'UPDATE secrets SET owner_id = NULL, project_id = 1 WHERE id = 1; UPDATE secret_versions SET token = NULL, binding = NULL, key_id = NULL, destroyed_at = 1 WHERE secret_id = 1 AND number = 1; DELETE FROM secret_versions WHERE secret_id = 1 AND number < 3',
  ],
  [
    'an account is deleted, and its secrets are in the trash of nobody',
    "UPDATE secrets SET owner_id = NULL, deleted_at = 5, deleted_by = 'b' WHERE owner_id = 1; DELETE FROM users WHERE id = 1",
  ],
  [
    'an account with a trash is deleted',
    "UPDATE secrets SET deleted_at = 5, deleted_by = 'b' WHERE owner_id = 1; DELETE FROM users WHERE id = 1",
  ],
])('the counts are right when %s', (_, change) => {
  const database = withProjects();
  database.exec(change);
  expect(all(database, kept)).toEqual(all(database, counts));
  expect(all(database, 'PRAGMA foreign_key_check')).toEqual([]);
});

test('a name is unique among the secrets in use only', () => {
  const database = withProjects();
  const add =
    "INSERT INTO secrets (name, owner_id, created_by, created_at, updated_at, current_version) VALUES ('one', 2, '', 0, 0, 1)";
  expect(() => database.exec(add)).toThrow(/UNIQUE/);
  database.exec("UPDATE secrets SET deleted_at = 5, deleted_by = 'a' WHERE id = 1");
  database.exec(add);
  expect(() => database.exec('UPDATE secrets SET deleted_at = NULL, deleted_by = NULL WHERE id = 1')).toThrow(/UNIQUE/);
});

test.each([
  ['of an owner and a project', 'UPDATE secrets SET project_id = 1 WHERE id = 1'],
  ['of nobody', 'UPDATE secrets SET owner_id = NULL WHERE id = 1'],
  ['of an account that is deleted', 'DELETE FROM users WHERE id = 1'],
])('no secret in use is %s', (_, change) => {
  expect(() => withProjects().exec(change)).toThrow(/CHECK/);
});

test('labels are found by name and value, and follow their secret', () => {
  const database = withProjects();
  const labelled = "SELECT secret_id FROM secret_labels WHERE label = 'env:prod'";
  database.exec(`UPDATE secrets SET labels = '{"env":"prod","team":"a:b"}' WHERE id = 1`);
  expect(all(database, labelled)).toEqual([{ secret_id: 1 }]);
  database.exec(`UPDATE secrets SET labels = '{"env":"dev"}' WHERE id = 1`);
  expect(all(database, labelled)).toEqual([]);
  database.exec('UPDATE secrets SET labels = NULL WHERE id = 1');
  expect(all(database, 'SELECT * FROM secret_labels')).toEqual([]);
});
