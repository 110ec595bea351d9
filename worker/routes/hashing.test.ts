/** Requests that would hash a password: whether they may is decided first, and only then do they wait for a hash. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { inTurn } from '../operations/hashing.ts';
import { type Client, startVault, testDb } from '../testing/vault.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;
let user: Client;
let userId = 0;
/** A client whose session has ended. */
let ended: Client;

beforeAll(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
  const account = { username: 'somebody', password: 'a good password' };
  userId = (await admin('POST', '/users', account)).body.id ?? 0;
  user = await vault.signIn(account.username, account.password);
});

// A new one each time: an ended session that was refused is not looked up again.
beforeEach(async () => {
  ended = await vault.signIn('admin', 'admin123');
  await ended('POST', '/auth/logout');
});

/** Runs `work` while another request hashes. Whatever waits for a hash does not come back. */
const whileOthersHash = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  let isOver = false;
  const other = inTurn({ claimedName: 'other', address: '192.0.2.99' }, async (pause) => {
    while (!isOver) await pause();
  });
  try {
    return await work();
  } finally {
    isOver = true;
    await other;
  }
};

const newUser = { username: 'made', password: 'a good password' };
const events = async () =>
  (await testDb().prepare('SELECT outcome, reason FROM audit_events ORDER BY id').all<Record<string, unknown>>())
    .results;

describe('what would hash a password', () => {
  const attempts: [string, () => Client, string, string, object, number, object][] = [
    ['POST /users by a user', () => user, 'POST', '/users', newUser, 403, { outcome: 'denied', reason: 'role' }],
    ['POST /users with an ended session', () => ended, 'POST', '/users', newUser, 401, { outcome: 'unauthenticated' }],
    [
      'POST /users with a name that is taken',
      () => admin,
      'POST',
      '/users',
      { ...newUser, username: 'somebody' },
      409,
      { outcome: 'conflict', reason: 'name_taken' },
    ],
    [
      'PUT /users/{id} by a user',
      () => user,
      'PUT',
      '/users/1',
      { password: 'a good password' },
      403,
      { outcome: 'denied', reason: 'role' },
    ],
    [
      'PUT /users/{id} with an ended session',
      () => ended,
      'PUT',
      '/users/1',
      { password: 'a good password' },
      401,
      { outcome: 'unauthenticated' },
    ],
    [
      'PUT /users/{id} of a user that is missing',
      () => admin,
      'PUT',
      '/users/4711',
      { password: 'a good password' },
      404,
      { outcome: 'not_found' },
    ],
    [
      'PUT /users/{id} that would leave no admin',
      () => admin,
      'PUT',
      '/users/1',
      { password: 'a good password', role: 'user' },
      400,
      { outcome: 'invalid', reason: 'last_admin' },
    ],
  ];

  test.each(attempts)(
    '%s: is refused before any hash, and recorded once',
    async (_, client, method, path, body, status, event) => {
      const before = await events();
      vault.trips.count = 0;
      const answer = await whileOthersHash(() => client()(method, path, body));
      expect(answer.status).toBe(status);
      expect(vault.trips.count).toBe(1);
      const after = await events();
      expect(after).toHaveLength(before.length + 1);
      expect(after.at(-1)).toMatchObject(event);
    },
  );

  test('POST /auth/password with an ended session: is refused and recorded without a hash', async () => {
    const before = await events();
    vault.trips.count = 0;
    const body = { current_password: 'admin123', new_password: 'a better password' };
    expect((await ended('POST', '/auth/password', body)).status).toBe(401);
    expect(vault.trips.count).toBe(1);
    expect((await events()).slice(before.length)).toMatchObject([{ outcome: 'unauthenticated' }]);
  });

  test('an allowed one takes three round trips, or two if its row is known before, and has one event', async () => {
    for (const [client, method, path, body, trips] of [
      [admin, 'POST', '/users', { username: 'another', password: 'a good password' }, 2],
      [admin, 'PUT', `/users/${userId}`, { password: 'a better password' }, 3],
    ] as const) {
      const before = await events();
      vault.trips.count = 0;
      expect((await client(method, path, body)).status).toBeLessThan(300);
      expect(vault.trips.count).toBe(trips);
      expect((await events()).slice(before.length)).toMatchObject([{ outcome: 'allowed' }]);
    }
  });

  test('a change of a user without a password takes two', async () => {
    vault.trips.count = 0;
    expect((await admin('PUT', `/users/${userId}`, { is_active: true })).status).toBe(200);
    expect(vault.trips.count).toBe(2);
  });

  test('a right that ends between the decision and the hash counts: the verdict decides again', async () => {
    const account = { username: 'short-lived admin', password: 'a good password', role: 'admin' };
    const { body } = await admin('POST', '/users', account);
    const other = await vault.signIn(account.username, account.password);
    const before = await events();
    const attempt = await whileOthersHash(async () => {
      const pending = other('POST', '/users', { username: 'too late', password: 'a good password' });
      await scheduler.wait(50);
      await testDb().prepare("UPDATE users SET role = 'user' WHERE id = ?").bind(body.id).run();
      return { pending };
    });
    expect((await attempt.pending).status).toBe(403);
    expect((await events()).slice(before.length)).toMatchObject([{ outcome: 'denied', reason: 'role' }]);
  });
});
