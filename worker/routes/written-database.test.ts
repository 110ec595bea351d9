/**
 * What somebody can do who writes to the database file: SECURITY.md, "Who can write the database file", holds every sentence of
 * it against this and forgeries.test.ts. When one of the first group fails, the vault has become better than its page says: change the page.
 */
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { maxEndedSessionMs } from '../../core/limits.ts';
import { type Client, emptyDatabase, startVault, forgersDb as testDb } from '../testing/vault.ts';

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

  test('by a whole row of before with its seal, such as that of an owner who has given the key away', async () => {
    const id = (await testDb().prepare("SELECT id FROM users WHERE name = 'user'").first<number>('id')) ?? 0;
    await admin('PUT', `/keys/${encodeURIComponent(victim)}`, { owner: 'user' });
    const seal = await testDb().prepare('SELECT seal FROM secrets').first<string>('seal');
    await admin('PUT', `/keys/${encodeURIComponent(victim)}`, { owner: 'admin' });
    expect((await read(user)).status).toBe(404);
    await write('UPDATE secrets SET owner_id = ?, seal = ?', id, seal);
    expect((await read(user)).body.api_key).toBe('second value');
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
      expect([403, 404, 500]).toContain(status);
      expect(text).not.toMatch(/first value|second value/);
    }
  });

  test('under the record of another key', async () => {
    await write("UPDATE instance SET key_id = '0123456789abcdef'");
    expect((await read(admin)).status).toBe(503);
  });
});
