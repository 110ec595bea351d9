import { beforeAll, describe, expect, test } from 'vitest';
import { maxEventsPerLastSeen } from '../../core/limits.ts';
import { type Client, startVault, testDb } from '../testing/vault.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;

beforeAll(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
});

const password = 'a good password';
let count = 0;
const add = async () => {
  count += 1;
  const username = `visitor${count}`;
  const { body } = await admin('POST', '/users', { username, password });
  return { username, id: body.id ?? 0 };
};
const sessionsOf = async (id: number) => (await admin('GET', `/users/${id}/sessions`)).body.sessions ?? [];
const newest = async () => (await admin('GET', '/logs?limit=1')).body.logs?.[0];

describe('the sessions of a user', () => {
  test('are listed for admins, the live ones only, and each look is in the log', async () => {
    const { username, id } = await add();
    expect(await sessionsOf(id)).toEqual([]);
    const one = await vault.signIn(username, password, '203.0.113.7');
    await vault.signIn(username, password, '203.0.113.8');
    const iso = expect.stringMatching(/Z$/);
    const listed = await sessionsOf(id);
    expect(listed.map(({ ip_address }) => ip_address)).toEqual(['203.0.113.8', '203.0.113.7']);
    expect(listed[0]).toMatchObject({ created_at: iso, expires_at: iso, is_current: false });
    expect(await newest()).toMatchObject({ action: 'list_user_sessions', target: username, outcome: 'allowed' });
    await one('POST', '/auth/logout');
    expect((await sessionsOf(id)).map(({ ip_address }) => ip_address)).toEqual(['203.0.113.8']);
  });

  test('are ended one at a time, or all at once; others stay, and the log counts them', async () => {
    const { username, id } = await add();
    const [one, two, three] = [
      await vault.signIn(username, password, '203.0.113.1'),
      await vault.signIn(username, password, '203.0.113.2'),
      await vault.signIn(username, password, '203.0.113.3'),
    ];
    const other = await vault.signIn('user', 'user123');
    const [session] = (await sessionsOf(id)).filter(({ ip_address }) => ip_address === '203.0.113.1');
    const ended = await admin('DELETE', `/users/${id}/sessions/${session?.id}`);
    expect([ended.status, ended.body]).toEqual([200, { message: 'Session ended successfully' }]);
    expect(await newest()).toMatchObject({ action: 'sign_out_user', target: username, reason: '1 session ended' });
    expect([(await one('GET', '/keys')).status, (await two('GET', '/keys')).status]).toEqual([401, 200]);
    const all = await admin('DELETE', `/users/${id}/sessions`);
    expect([all.status, all.body]).toEqual([200, { message: 'Sessions ended successfully' }]);
    expect(await newest()).toMatchObject({ reason: '2 sessions ended' });
    expect([(await two('GET', '/keys')).status, (await three('GET', '/keys')).status]).toEqual([401, 401]);
    expect((await other('GET', '/keys')).status).toBe(200);
    expect((await vault.signIn(username, password)).token).not.toBe('');
  });

  test('of another user are not ended through this one: the session is missing, and goes on', async () => {
    const { username, id } = await add();
    const stranger = await add();
    const theirs = await vault.signIn(username, password);
    const [session] = await sessionsOf(id);
    const crossed = await admin('DELETE', `/users/${stranger.id}/sessions/${session?.id}`);
    expect([crossed.status, crossed.body.error]).toEqual([404, 'The user has no such session.']);
    expect((await theirs('GET', '/keys')).status).toBe(200);
    expect((await admin('GET', '/users/4711/sessions')).status).toBe(404);
    expect((await admin('DELETE', '/users/4711/sessions')).status).toBe(404);
  });

  test('are not for users: neither their own by this path nor that of others, and the log tells them no name', async () => {
    const { username, id } = await add();
    const client = await vault.signIn(username, password);
    for (const target of [id, 1, 4711])
      for (const [method, path] of [
        ['GET', ''],
        ['DELETE', ''],
        ['DELETE', '/some-session'],
      ] as const)
        expect((await client(method, `/users/${target}/sessions${path}`)).status).toBe(403);
    const { body } = await client('GET', '/logs?success=false');
    expect(new Set(body.logs?.map(({ target }) => target))).toEqual(new Set([`user ${id}`, 'user 1', 'user 4711']));
    expect((await client('GET', '/keys')).status).toBe(200);
  });
});

describe('when a user was last seen', () => {
  const seen = async (wanted: number) =>
    (await admin('GET', '/users')).body.users?.find(({ id }) => id === wanted)?.last_seen ?? null;
  /** An entry of the log, at so many milliseconds after the last sign-in. */
  const record = (id: number, after: number, fields: { outcome?: string; token_id?: number } = {}) =>
    testDb()
      .prepare(
        `INSERT INTO audit_events (at, request_id, actor_id, action, outcome, token_id, address, user_agent)
         SELECT last_login_at + ?2, '', id, 'secret.list', ?3, ?4, '', '' FROM users WHERE id = ?1`,
      )
      .bind(id, after, fields.outcome ?? 'allowed', fields.token_id ?? null)
      .run();

  test('is never, then the newest of what they did themselves: not a refused sign-in, and not what their tokens did', async () => {
    const { username, id } = await add();
    await vault.anonymous('POST', '/auth/login', { username, password: 'wrong password' });
    expect(await seen(id)).toBeNull();
    await vault.signIn(username, password);
    const first = Date.parse((await seen(id)) ?? '');
    await record(id, 5_000);
    await record(id, 7_000, { outcome: 'denied' });
    await record(id, 8_000, { outcome: 'unauthenticated' });
    await record(id, 9_000, { token_id: 1 });
    expect(Date.parse((await seen(id)) ?? '') - first).toBe(7_000);
  });

  test('is their last sign-in if their tokens have made all of the newest entries', async () => {
    const { username, id } = await add();
    await vault.signIn(username, password);
    await record(id, 5_000);
    const insert = `INSERT INTO audit_events (at, request_id, actor_id, action, outcome, token_id, address, user_agent)
      SELECT last_login_at + 9000, '', users.id, 'secret.list', 'allowed', 1, '', '' FROM users, json_each(?2) WHERE users.id = ?1`;
    await testDb()
      .prepare(insert)
      .bind(id, JSON.stringify(Array(maxEventsPerLastSeen).fill(0)))
      .run();
    const { last_login, last_seen } =
      (await admin('GET', '/users')).body.users?.find((user) => user.id === id) ?? ({} as Record<string, null>);
    expect(last_seen).toBe(last_login);
  });
});

test('the list says whose a personal key is, and when its value was last changed', async () => {
  const { username } = await add();
  const client = await vault.signIn(username, password);
  await client('POST', '/keys', { key_name: `of ${username}`, api_key: 'x' });
  await client('POST', '/projects', { name: username });
  await client('POST', '/keys', { key_name: `${username}/KEY`, api_key: 'x' });
  await testDb().exec('UPDATE secrets SET value_changed_at = 5000');
  await client('PUT', `/keys/${encodeURIComponent(`of ${username}`)}`, { description: 'changed' });
  for (const one of [client, admin]) {
    const { keys = [] } = (await one('GET', '/keys')).body;
    const [personal, shared] = [`of ${username}`, `${username}/KEY`].map((name) =>
      keys.find((key) => key.key_name === name),
    );
    expect([personal?.owner, shared?.owner]).toEqual([username, null]);
    expect(personal?.value_changed_at).toBe('1970-01-01T00:00:05.000Z');
    expect(personal?.updated_at).not.toBe(personal?.value_changed_at);
  }
});
