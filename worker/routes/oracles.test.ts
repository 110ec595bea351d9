/** What users learn from their own log of what belongs to others: nothing more than from the answers. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type Client, startVault, testDb } from '../testing/vault.ts';

let admin: Client;
let user: Client;
let foreignSession = '';

beforeAll(async () => {
  const vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
  user = await vault.signIn('user', 'user123');
  for (const key_name of ['foreign', 'padded']) {
    expect((await admin('POST', '/keys', { key_name, api_key: 'x' })).status).toBe(201);
  }
  // As version 1.0.0 stored it.
  await testDb().exec("UPDATE secrets SET name = ' padded ' WHERE name = 'padded'");
  await admin('POST', '/users', { username: 'somebody else', password: 'a good password' });
  foreignSession = (await admin('GET', '/auth/sessions')).body.sessions?.[0]?.id ?? '';
});

/** The newest entry of a user's own log, without what differs for every request. */
const newest = async (client: Client, query = '') => {
  const { body } = await client('GET', `/logs?limit=1${query}`);
  const { id: _, timestamp: __, request_id: ___, ...entry } = { request_id: 0, ...body.logs?.[0] };
  return entry;
};

const without = (text: unknown, name: string) => JSON.parse(JSON.stringify(text).replaceAll(name, '(name)'));

describe.each([
  ['GET', undefined],
  ['PUT', { api_key: 'y' }],
  ['PUT', { description: 'y' }],
  ['DELETE', undefined],
])('%s %j', (method, body) => {
  test.each([
    ["somebody else's key", () => '/keys/foreign', 'foreign', () => '/keys/missing', 'missing'],
    ['one with blanks around its name', () => '/keys/%20padded%20', 'padded', () => '/keys/%20lacking%20', 'lacking'],
  ])('%s and a missing one have the same entry in the log of a user', async (_, foreign, name, missing, other) => {
    const answers = [];
    for (const [path, called] of [
      [foreign(), name],
      [missing(), other],
    ] as const) {
      const { status, body: answer } = await user(method, path, body);
      answers.push(
        without({ status, answer, entry: await newest(user), failed: await newest(user, '&success=false') }, called),
      );
    }
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0].entry).toMatchObject({ outcome: 'not_found', reason: null, success: false, target: '(name)' });
  });
});

test('a session of somebody else and none have the same entry', async () => {
  const entries = [];
  for (const id of [foreignSession, 'no-such-session']) {
    const { status, text } = await user('DELETE', `/auth/sessions/${id}`);
    entries.push(without({ status, text, entry: await newest(user) }, id));
  }
  expect(entries[0]).toEqual(entries[1]);
});

test('an admin sees that a key belongs to somebody else', async () => {
  await user('GET', '/keys/foreign');
  expect(await newest(admin, '&user_name=user')).toMatchObject({ outcome: 'denied', reason: 'not_owner' });
});

test('no filter and no chart tells the two apart', async () => {
  const refused = async (client: Client, query: string) => {
    const { body } = await client('GET', `/logs/activity?${query}`);
    return body.activity?.reduce((sum, hour) => sum + hour.refused, 0);
  };
  const before = await refused(user, 'action=view_key');
  await user('GET', '/keys/foreign');
  await user('GET', '/keys/missing');
  expect(await refused(user, 'action=view_key')).toBe((before ?? 0) + 2);
  expect(await refused(user, 'key_name=foreign&action=view_key')).toBe(
    (await user('GET', '/logs?key_name=foreign&action=view_key&limit=500')).body.logs?.length,
  );
  for (const word of ['not_owner', 'denied', 'not_found', 'owner']) {
    expect((await user('GET', `/logs?action=${word}`)).body.logs).toEqual([]);
  }
});

test('a user who asks for accounts learns no names from the refusals', async () => {
  for (const method of ['PUT', 'DELETE']) {
    for (const id of [1, 3, 4711]) {
      expect((await user(method, `/users/${id}`, method === 'PUT' ? { role: 'user' } : undefined)).status).toBe(403);
      expect(await newest(user)).toMatchObject({ target: `user ${id}`, outcome: 'denied', reason: 'role' });
    }
  }
});

test('a taken name is a conflict, and the log does not say whose', async () => {
  await user('POST', '/keys', { key_name: 'of the user', api_key: 'x' });
  const entries = [];
  for (const key_name of ['foreign', 'of the user']) {
    const { status, text } = await user('POST', '/keys', { key_name, api_key: 'x' });
    entries.push(without({ status, text, entry: await newest(user) }, key_name));
  }
  expect(entries[0]).toEqual(entries[1]);
});
