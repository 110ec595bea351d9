/**
 * What somebody can do who writes to the database file: SECURITY.md, "Who can write the database file", holds every sentence of
 * it against this. When one of the first group fails, the vault has become better than its page says: change the page.
 */
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { makeVerifier } from '../../core/crypto/password.ts';
import { maxEndedSessionMs } from '../../core/limits.ts';
import { type Client, emptyDatabase, startVault, testDb } from '../testing/vault.ts';

const victim = 'victim of admin';
let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;
let user: Client;

beforeEach(async () => {
  await emptyDatabase();
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
  user = await vault.signIn('user', 'user123');
  await admin('POST', '/keys', { key_name: victim, api_key: 'first value' });
  await admin('PUT', `/keys/${encodeURIComponent(victim)}`, { api_key: 'second value' });
  expect((await read(user)).status).toBe(404);
});

const write = (sql: string, ...values: unknown[]) =>
  testDb()
    .prepare(sql)
    .bind(...values)
    .run();
const read = (client: Client) => client('GET', `/keys/${encodeURIComponent(victim)}`);

describe('reads a value', () => {
  test('as its new owner', async () => {
    await write("UPDATE secrets SET owner_id = (SELECT id FROM users WHERE name = 'user')");
    expect((await read(user)).body.api_key).toBe('second value');
  });

  test('as a member of its project', async () => {
    await admin('POST', '/projects', { name: 'shop' });
    await write('UPDATE secrets SET owner_id = NULL, project_id = (SELECT id FROM projects)');
    expect((await read(user)).status).toBe(404);
    await write(
      "INSERT INTO members SELECT projects.id, users.id, 'viewer', 0, '' FROM projects, users WHERE users.name = 'user'",
    );
    expect((await read(user)).body.api_key).toBe('second value');
  });

  test('as a new admin', async () => {
    await write("UPDATE users SET role = 'admin' WHERE name = 'user'");
    expect((await read(user)).body.api_key).toBe('second value');
  });

  test("with a verifier of their own in somebody's account", async () => {
    const verifier = await makeVerifier('known to me', { N: 2 ** 10, r: 1, p: 1 });
    await write("UPDATE users SET verifier = ? WHERE name = 'admin'", verifier);
    expect((await read(await vault.signIn('admin', 'known to me'))).body.api_key).toBe('second value');
  });

  test("with their session in somebody's name", async () => {
    await write("UPDATE sessions SET user_id = 1 WHERE user_id = (SELECT id FROM users WHERE name = 'user')");
    expect((await read(user)).body.api_key).toBe('second value');
  });

  test('with a session that was ended', async () => {
    await admin('POST', '/auth/logout');
    expect((await read(admin)).status).toBe(401);
    await write('UPDATE sessions SET revoked_at = NULL');
    // For so long an ended session is refused without another look.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + maxEndedSessionMs });
    try {
      expect((await read(admin)).body.api_key).toBe('second value');
    } finally {
      vi.useRealTimers();
    }
  });

  test('as the maker of a new key of the same name', async () => {
    const { token, binding } = (await testDb()
      .prepare('SELECT token, binding FROM secret_versions WHERE number = 2')
      .first<Record<'token' | 'binding', string>>()) ?? { token: '', binding: '' };
    await write('DELETE FROM secrets');
    await user('POST', '/keys', { key_name: victim, api_key: 'mine' });
    await write('UPDATE secret_versions SET token = ?, binding = ?', token, binding);
    expect((await read(user)).body.api_key).toBe('second value');
  });

  test('an old one, which they bring back', async () => {
    await write('UPDATE secrets SET current_version = 1');
    expect((await read(admin)).body.api_key).toBe('first value');
  });
});

describe('gets nothing', () => {
  test('from the file itself', async () => {
    for (const table of ['secrets', 'secret_versions', 'audit_events', 'sessions', 'users', 'instance']) {
      const { results } = await testDb().prepare(`SELECT * FROM ${table}`).all();
      expect(JSON.stringify(results)).not.toMatch(/first value|second value|admin123|user123/);
    }
  });

  test.each([
    ['a value under another name', "UPDATE secrets SET name = 'another', owner_id = 2", 'another'],
    [
      'a value with an altered token',
      "UPDATE secret_versions SET token = substr(token, 1, 40) || 'AAAA' || substr(token, 45)",
      victim,
    ],
    [
      'a value with an altered binding',
      "UPDATE secret_versions SET binding = iif(binding LIKE 'A%', 'B', 'A') || substr(binding, 2)",
      victim,
    ],
  ])('%s', async (_, sql, name) => {
    await write(sql);
    for (const client of [admin, user]) {
      const { status, text } = await client('GET', `/keys/${encodeURIComponent(name)}`);
      expect([404, 500]).toContain(status);
      expect(text).not.toMatch(/first value|second value/);
    }
  });

  test('under the record of another key', async () => {
    await write("UPDATE instance SET key_id = '0123456789abcdef'");
    expect((await read(admin)).status).toBe(503);
  });
});
