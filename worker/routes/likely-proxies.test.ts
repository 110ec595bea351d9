/** Admins learn of addresses that look like proxies which TRUSTED_PROXIES does not name. */
import { beforeEach, expect, test } from 'vitest';
import { minFailedAccounts, proxySearchMs } from '../../core/limits.ts';
import { emptyDatabase, startVault, testDb } from '../testing/vault.ts';

let vault: Awaited<ReturnType<typeof startVault>>;

beforeEach(async () => {
  await emptyDatabase();
  vault = await startVault({ ADMIN_PASSWORD: 'the password of the admin' });
  const admin = await vault.signIn('admin', 'the password of the admin');
  await admin('POST', '/users', { username: 'user', password: 'a good password' });
});

const fail = async (names: string[], address: string) => {
  for (const username of names) {
    const body = { username, password: 'wrong' };
    await vault.anonymous('POST', '/auth/login', body, { 'CF-Connecting-IP': address });
  }
};

const names = (count: number) => Array.from({ length: count }, (_, index) => `somebody ${'abcdefghij'[index]}`);

const sessionOf = async (username: string, password: string) => {
  const client = await vault.signIn(username, password);
  return (await client('GET', '/auth/session')).body as Record<string, unknown>;
};

test('an admin sees a private address from which many accounts fail, a user does not, and health does not tell', async () => {
  await fail(names(minFailedAccounts), '172.18.0.3');
  await fail(names(minFailedAccounts), 'fd00:0:0:1:0:0:0:2');
  expect((await sessionOf('admin', 'the password of the admin')).likely_proxies).toEqual(
    expect.arrayContaining(['172.18.0.3', 'fd00:0:0:1:0:0:0:2']),
  );
  expect(await sessionOf('user', 'a good password')).not.toHaveProperty('likely_proxies');
  expect((await vault.anonymous('GET', '/health')).text).not.toContain('172.18');
});

test.each([
  ['few accounts', async () => fail(names(minFailedAccounts - 1), '172.18.0.3')],
  ['one account, often', async () => fail(Array(5).fill('user'), '172.18.0.3')],
  ['a public address', async () => fail(names(minFailedAccounts), '203.0.113.7')],
])('%s: nothing', async (_, attack) => {
  await attack();
  expect(await sessionOf('admin', 'the password of the admin')).not.toHaveProperty('likely_proxies');
});

test('what is long past does not count', async () => {
  await vault.signIn('admin', 'the password of the admin');
  const at = Date.now() - proxySearchMs - 1000;
  for (const name of names(minFailedAccounts)) {
    await testDb()
      .prepare(
        `INSERT INTO audit_events (at, request_id, actor_name, action, outcome, reason, address, user_agent)
        VALUES (?, 'r', ?, 'session.create', 'unauthenticated', 'wrong_password', '172.18.0.3', '')`,
      )
      .bind(at, name)
      .run();
  }
  expect(await sessionOf('admin', 'the password of the admin')).not.toHaveProperty('likely_proxies');
});
