/** Lists of keys are only made anew when something in them may have changed. Nobody sees an outdated list, or another one's. */
import { getTableColumns, getTableName } from 'drizzle-orm';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { maxKnownSecretLists, maxShortListBytes } from '../../core/limits.ts';
import { keepList, knownList } from '../operations/known-lists.ts';
import type { Context } from '../operations/vault.ts';
import { members, secrets } from '../store/schema.ts';
import { type Client, forgersDb, startVault, testDb } from '../testing/vault.ts';

/** Two isolates on one database: each remembers lists of its own. */
let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;
let user: Client;
let elsewhere: Client;
let userId = 0;

beforeAll(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
  user = await vault.signIn('user', 'user123');
  await testDb().prepare('UPDATE users SET must_change_password = 0').run();
  elsewhere = (await startVault()).client(admin.token);
  userId = (await testDb().prepare("SELECT id FROM users WHERE name = 'user'").first('id')) ?? 0;
  await admin('POST', '/projects', { name: 'shop' });
  await admin('PUT', '/projects/shop/members/user', { role: 'viewer' });
  for (const key_name of ['admins', 'shop/A']) await admin('POST', '/keys', { key_name, api_key: 'v' });
  await user('POST', '/keys', { key_name: 'users', api_key: 'v' });
});

const listOf = async (client: Client, query = '') => (await client('GET', `/keys${query}`)).body.keys ?? [];
const namesOf = async (client: Client, query = '') => (await listOf(client, query)).map(({ key_name }) => key_name);
const stateNow = () => forgersDb().prepare('SELECT keys_state FROM instance').first<string>('keys_state');
const run = (sql: string) => forgersDb().prepare(sql).run();

test('a list is looked up as long as the database says that it has not changed', async () => {
  const before = await namesOf(admin);
  const state = await stateNow();
  await run("UPDATE secrets SET name = 'other' WHERE name = 'admins'");
  await run(`UPDATE instance SET keys_state = '${state}'`);
  expect(await namesOf(admin)).toEqual(before);
  expect(await namesOf(elsewhere)).toContain('other');
  await run("UPDATE secrets SET name = 'admins' WHERE name = 'other'");
  expect(await namesOf(admin)).toEqual(before);
});

test('a list that is looked up is recorded, in one round trip, and to the byte the one that was made', async () => {
  await run("UPDATE secrets SET description = '\u{1f511} \"' WHERE name = 'admins'");
  const made = await admin('GET', '/keys');
  const events = () =>
    testDb().prepare("SELECT count(*) AS n FROM audit_events WHERE action = 'secret.list'").first('n');
  const before = Number(await events());
  vault.trips.count = 0;
  const found = await admin('GET', '/keys');
  expect([found.text, vault.trips.count, Number(await events())]).toEqual([made.text, 1, before + 1]);
});

test('each list is that of its credential and of its question', async () => {
  const made = await user('POST', '/tokens', { name: 't', access: 'read', scopes: ['shop/*'] });
  expect(made.status, made.text).toBe(201);
  const token = made.body.token ?? '';
  const service = vault.client(token);
  for (let time = 0; time < 2; time++) {
    expect(await namesOf(admin)).toEqual(['admins', 'shop/A', 'users']);
    expect(await namesOf(user)).toEqual(['shop/A', 'users']);
    expect(await namesOf(service)).toEqual(['shop/A']);
    expect(await namesOf(admin, '?project=shop')).toEqual(['shop/A']);
    expect(await namesOf(admin, '?limit=1')).toEqual(['admins']);
    expect(await namesOf(admin, '?limit=1&after=admins')).toEqual(['shop/A']);
    expect(await namesOf(admin, '?prefix=u')).toEqual(['users']);
  }
});

test("where a database says that a session is somebody else's, no list of before is told", async () => {
  await namesOf(admin);
  const sessions = '(SELECT json_group_array(id) FROM sessions WHERE user_id <> ?1)';
  const ids = await testDb().prepare(`SELECT ${sessions} AS ids`).bind(userId).first<string>('ids');
  const giveTo = (name: string) =>
    run(
      `UPDATE sessions SET user_id = (SELECT id FROM users WHERE name = '${name}') WHERE id IN (SELECT value FROM json_each('${ids}'))`,
    );
  await giveTo('user');
  const { status, text } = await admin('GET', '/keys');
  await giveTo('admin');
  expect(status).not.toBe(200);
  expect(text).not.toContain('admins');
});

describe('a list is made anew after', () => {
  let client: Client;
  beforeEach(async () => {
    client = await vault.signIn('admin', 'admin123');
    await namesOf(client);
  });

  test.each<[string, string, string, unknown, (keys: Record<string, unknown>[]) => boolean]>([
    [
      'a new key',
      'POST',
      '/keys',
      { key_name: 'new', api_key: 'v' },
      (keys) => keys.some((key) => key.key_name === 'new'),
    ],
    [
      'a new value',
      'PUT',
      '/keys/new',
      { api_key: 'w' },
      (keys) => keys.some((key) => key.key_name === 'new' && key.version === 2),
    ],
    ['a new name', 'PUT', '/keys/new', { key_name: 'newer' }, (keys) => keys.some((key) => key.key_name === 'newer')],
    ['labels', 'PUT', '/keys/newer', { labels: { a: 'b' } }, (keys) => JSON.stringify(keys).includes('{"a":"b"}')],
    [
      'an expiry',
      'PUT',
      '/keys/newer',
      { expires_at: '2999-01-01T00:00:00.000Z' },
      (keys) => JSON.stringify(keys).includes('2999-01-01'),
    ],
    [
      'a rotation',
      'PUT',
      '/keys/newer',
      { rotate_every_days: 77 },
      (keys) => keys.some((key) => key.rotate_every_days === 77),
    ],
    [
      'an earlier value',
      'POST',
      '/keys/newer/restore',
      { version: 1 },
      (keys) => keys.some((key) => key.key_name === 'newer' && key.version === 3),
    ],
    [
      'a new owner',
      'PUT',
      '/keys/newer',
      { owner: 'user' },
      (keys) => keys.some((key) => key.key_name === 'newer' && key.owner === 'user'),
    ],
    ['a deletion', 'DELETE', '/keys/newer', undefined, (keys) => !keys.some((key) => key.key_name === 'newer')],
    [
      'an import',
      'POST',
      '/keys/import',
      { entries: [{ key_name: 'imported', api_key: 'v' }] },
      (keys) => keys.some((key) => key.key_name === 'imported'),
    ],
    [
      'a membership',
      'PUT',
      '/projects/shop/members/admin',
      { role: 'editor' },
      (keys) => keys.some((key) => key.key_name === 'shop/A' && key.role === 'editor'),
    ],
  ])('%s, wherever it was made', async (_, method, path, body, isSeen) => {
    const { status, text } = await elsewhere(method, path, body);
    expect(status, text).toBeLessThan(300);
    expect(isSeen((await listOf(client)) as unknown as Record<string, unknown>[])).toBe(true);
  });

  test('a way out of the project or the role of an admin', async () => {
    expect(await namesOf(user)).toContain('shop/A');
    await elsewhere('DELETE', '/projects/shop/members/user');
    expect(await namesOf(user)).not.toContain('shop/A');
    await elsewhere('PUT', `/users/${userId}`, { role: 'admin' });
    expect(await namesOf(user)).toContain('shop/A');
    await elsewhere('PUT', `/users/${userId}`, { role: 'user' });
    expect(await namesOf(user)).not.toContain('shop/A');
  });
});

/** Columns of keys that no list shows, and that change nothing in who reaches a key. */
const hiddenOfKeys = ['likeness', 'deleted_by', 'last_used_at', 'value_imprint', 'seal'];

test('any change of what a list shows makes another state, and the same one never comes again', async () => {
  const touching = (table: typeof secrets | typeof members, hidden: readonly string[]) =>
    Object.keys(getTableColumns(table))
      .filter((column) => !hidden.includes(column))
      .map((column) => `UPDATE ${getTableName(table)} SET ${column} = ${column}`);
  const shown = [
    // A new column counts as one that a list shows until it is named here.
    ...touching(secrets, hiddenOfKeys),
    ...['id', 'name', 'role'].map((column) => `UPDATE users SET ${column} = ${column}`),
    ...touching(members, ['seal', 'added_at', 'added_by']),
    'UPDATE service_tokens SET access = access',
    'UPDATE token_scopes SET low = low',
    'DELETE FROM token_scopes',
    'DELETE FROM members',
    "DELETE FROM secrets WHERE name = 'imported'",
  ];
  const states = [await stateNow()];
  for (const sql of shown) {
    await run(sql);
    states.push(await stateNow());
  }
  expect(new Set(states).size).toBe(shown.length + 1);
});

test('what a list does not show makes none', async () => {
  const before = await stateNow();
  await run(`UPDATE secrets SET ${hiddenOfKeys.map((column) => `${column} = ${column}`).join()}`);
  await admin('GET', '/keys/admins');
  expect(await stateNow()).toBe(before);
});

test('a few short lists are kept, and the oldest one makes room', () => {
  const context = { vault: {}, caller: { sessionId: 's' } } as Context;
  const principal = { id: 1, name: 'a', role: 'user' as const };
  const list = (json: string) => ({ state: 's', principal, parts: [{ json, rows: 1, last: 1 }] });
  for (let at = 0; at <= maxKnownSecretLists; at++) keepList(context, { at }, list('x'));
  expect([0, 1, maxKnownSecretLists].map((at) => knownList(context, { at }) !== null)).toEqual([false, true, true]);
  keepList(context, { at: 'long' }, list('x'.repeat(maxShortListBytes + 1)));
  expect(knownList(context, { at: 'long' })).toBeNull();
});
