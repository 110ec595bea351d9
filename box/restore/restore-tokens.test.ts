import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addValue, makeHome, project, runOn, staging } from '../../testing/disk-vaults.ts';
import { readMigrations } from '../data/database.ts';
import { carryTokens, tokenLines } from './restore-tokens.ts';

let folder: string;
let count = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'restore-tokens-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const now = 1_000_000;

/** A database with the tokens `NAME: secrets`, of a vault that was set up at `instance`. */
function vaultWith(
  tokens: Record<string, string[]>,
  change = '',
  instance = 1,
): { file: string; database: DatabaseSync } {
  const file = join(folder, `${++count}.db`);
  const database = new DatabaseSync(file);
  database.exec('CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE)');
  for (const { sql } of readMigrations(join(project, 'migrations'))) database.exec(sql);
  database.exec(`INSERT INTO instance (id, created_at, key_id, canary) VALUES (1, ${instance}, 'k', 'c');
    INSERT INTO users (name, likeness, verifier, role, created_at) VALUES ('a', 'a', 'v', 'admin', 1)`);
  for (const [name, secrets] of Object.entries(tokens)) {
    const { lastInsertRowid } = database
      .prepare(
        "INSERT INTO service_tokens (name, user_id, access, scopes, created_at, created_by) VALUES (?, 1, 'read', '[]', 1, 'a')",
      )
      .run(name);
    for (const hash of secrets) {
      database
        .prepare('INSERT INTO token_secrets (hash, token_id, created_at) VALUES (?, ?, 1)')
        .run(hash, lastInsertRowid);
    }
  }
  database.exec(change);
  return { file, database };
}

function secretsOf(database: DatabaseSync) {
  return database
    .prepare('SELECT hash, ends_at FROM token_secrets ORDER BY hash')
    .all()
    .map(({ hash, ends_at }) => [hash, ends_at]);
}

function revokedOf(database: DatabaseSync) {
  return database
    .prepare('SELECT name, revoked_at FROM service_tokens ORDER BY id')
    .all()
    .map(({ name, revoked_at }) => [name, revoked_at]);
}

describe('a restore over the same vault', () => {
  test('brings back no token that was revoked or deleted since', () => {
    const staged = vaultWith({ stays: ['s'], revoked: ['r'], deleted: ['d'] });
    const current = vaultWith(
      { stays: ['s'], revoked: ['r'] },
      "UPDATE service_tokens SET revoked_at = 5 WHERE name = 'revoked'",
    );
    expect(carryTokens(staged.database, current.file, now)).toEqual({
      working: ['stays'],
      ended: ['revoked', 'deleted'],
      lost: [],
    });
    expect(revokedOf(staged.database)).toEqual([
      ['stays', null],
      ['revoked', 5],
      ['deleted', now],
    ]);
  });

  test('keeps the newest secret of a token that was rotated since, and the end of the one before', () => {
    const staged = vaultWith({ rotated: ['old'] });
    const current = vaultWith({ rotated: ['old', 'new'] }, "UPDATE token_secrets SET ends_at = 7 WHERE hash = 'old'");
    expect(carryTokens(staged.database, current.file, now).working).toEqual(['rotated']);
    expect(secretsOf(staged.database)).toEqual([
      ['new', null],
      ['old', 7],
    ]);
  });

  test('keeps the secret of a token that was rotated so often that it has none of the backup', () => {
    const staged = vaultWith({ rotated: ['old'] });
    const current = vaultWith(
      { rotated: ['newer', 'newest'] },
      "UPDATE token_secrets SET ends_at = 0 WHERE hash = 'newer'",
    );
    expect(carryTokens(staged.database, current.file, now)).toEqual({ working: ['rotated'], ended: [], lost: [] });
    expect(secretsOf(staged.database)).toEqual([
      ['newer', 0],
      ['newest', null],
    ]);
  });

  test('names the tokens that are lost, and does not take one for another because of its number or name', () => {
    const staged = vaultWith({ first: ['a'] });
    const current = vaultWith({ first: ['z'], second: ['b'] }, 'UPDATE service_tokens SET created_at = 2');
    expect(carryTokens(staged.database, current.file, now)).toEqual({
      working: [],
      ended: ['first'],
      lost: ['first', 'second'],
    });
    expect(secretsOf(staged.database)).toEqual([['a', null]]);
  });
});

/** A child of the token that has the secret `parent`, and one of its own. */
function childrenOf(parent: string): string {
  return `INSERT INTO token_secrets (hash, token_id, created_at, ends_at, parent, generation, lifetime, access, latest_end)
      SELECT 'child of ' || hash, token_id, 1, 9e9, hash, 1, 9, 'read', 9e9 FROM token_secrets WHERE hash = '${parent}';
    INSERT INTO token_secrets (hash, token_id, created_at, ends_at, parent, generation, lifetime, access, latest_end)
      SELECT 'grandchild of ${parent}', token_id, 1, 9e9, hash, 2, 9, 'read', 9e9 FROM token_secrets WHERE hash = 'child of ${parent}';`;
}

test('the children of tokens end with every restore, those of the backup and those that were made since', () => {
  const backup = () => vaultWith({ deploy: ['s'], gone: ['g'] }, `${childrenOf('s')} ${childrenOf('g')}`).database;
  const since = vaultWith({ deploy: ['s', 'new'] }, childrenOf('new')).file;
  for (const [current, secrets] of [
    [since, ['g', 'new', 's']],
    [vaultWith({}, '', 2).file, ['g', 's']],
    [join(folder, 'missing.db'), ['g', 's']],
  ] as const) {
    const staged = backup();
    carryTokens(staged, current, now);
    expect(secretsOf(staged).map(([hash]) => hash)).toEqual(secrets);
  }
});

test('a vault of the version before, whose tokens have no children, has the last word as well', () => {
  const current = vaultWith({ rotated: ['old', 'new'] }, "UPDATE token_secrets SET ends_at = 7 WHERE hash = 'old'");
  current.database.exec(`DROP INDEX token_secrets_by_parent; DROP INDEX token_secrets_by_token;
    CREATE TABLE before AS SELECT hash, token_id, created_at, ends_at FROM token_secrets;
    DROP TABLE token_secrets; ALTER TABLE before RENAME TO token_secrets`);
  const staged = vaultWith({ rotated: ['old'] });
  carryTokens(staged.database, current.file, now);
  expect(secretsOf(staged.database)).toEqual([
    ['new', null],
    ['old', 7],
  ]);
});

test.each([
  ['another vault', () => vaultWith({ x: ['r'] }, 'UPDATE service_tokens SET revoked_at = 5', 2).file],
  ['no vault', () => join(folder, 'missing.db')],
])('a restore over %s keeps tokens as they were in the backup', (_, current) => {
  const staged = vaultWith(
    { works: ['r'], ended: ['e'] },
    "UPDATE service_tokens SET revoked_at = 3 WHERE name = 'ended'",
  );
  expect(carryTokens(staged.database, current(), now)).toEqual({ working: ['works'], ended: [], lost: [] });
  expect(revokedOf(staged.database)).toEqual([
    ['works', null],
    ['ended', 3],
  ]);
});

test('the operator reads the names before the question, ten of each kind', () => {
  const working = Array.from({ length: 12 }, (_, index) => `t${index}`);
  const lines = [...tokenLines({ working, ended: ['e'], lost: ['l'] })];
  expect(lines[0]).toMatch(/work after the restore: "t0".*"t9", and 2 more\.$/);
  expect(lines.slice(1)).toEqual([
    'Service tokens that stay ended, because they were revoked or deleted since the backup: "e".',
    'Service tokens that are lost, because they were made since the backup: "l".',
  ]);
});

test('restore-data.sh says which tokens work, check-data.sh counts them, and a token that reaches more than its scopes say is damage', async () => {
  const home = await makeHome(join(folder, 'home'), { mine: 'v' });
  const token = `INSERT INTO service_tokens (name, user_id, access, scopes, created_at, created_by) VALUES ('deploy', 1, 'read', '["shop/*"]', 1, 'admin');
    INSERT INTO token_secrets (hash, token_id, created_at) VALUES ('h', 1, 1);`;
  const database = new DatabaseSync(home.files.file);
  database.exec(`${token} INSERT INTO token_scopes VALUES (1, 'shop/', 'shop0')`);
  addValue(database, home.envFile, 'other', 'v');
  database.close();
  expect(runOn(home, ['check.ts']).output).toMatch(/Tokens +1 service tokens/);
  const { command, input } = staging(home.files.file, home.envFile);
  expect(runOn(home, command, { input }).output).toContain('Service tokens that work after the restore: "deploy".');
  const forged = new DatabaseSync(home.files.file);
  forged.exec("UPDATE token_scopes SET low = '', high = 'zzz'");
  forged.close();
  const checked = runOn(home, ['check.ts']);
  expect([checked.code, checked.output]).toEqual([1, expect.stringContaining('"deploy" (1) reaches other names')]);
});
