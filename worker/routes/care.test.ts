/** Which keys need care, who is told of them, and who learns that two keys have the same value. */
import { beforeAll, describe, expect, test } from 'vitest';
import { parseKeyring } from '../../core/crypto/keyring.ts';
import { maxNamesPerWarning } from '../../core/limits.ts';
import { type Client, startVault, testDb, testKeys } from '../testing/vault.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;
let member: Client;
let stranger: Client;

const password = 'a good password';
const dayMs = 86_400_000;
const path = (name: string, end = '') => `/keys/${encodeURIComponent(name)}${end}`;
const add = async (client: Client, key_name: string, api_key = `value of ${key_name}`, more: object = {}) => {
  const answer = await client('POST', '/keys', { key_name, api_key, ...more });
  if (answer.status !== 201) throw new Error(`${key_name}: ${answer.text}`);
  return answer.body.same_value_as;
};
/** As if it had been stored and read so many days ago; null for never read. */
const age = (name: string, days: number, readDays: number | null = null) =>
  testDb()
    .prepare('UPDATE secrets SET created_at = ?1, value_changed_at = ?1, last_used_at = ?2 WHERE name = ?3')
    .bind(Date.now() - days * dayMs, readDays === null ? null : Date.now() - readDays * dayMs, name)
    .run();
/** What needs care, with the reasons. */
const care = async (client: Client) => {
  const { status, body } = await client('GET', '/care');
  expect(status).toBe(200);
  return Object.fromEntries((body.keys as unknown as CareKey[]).map(({ key_name, reasons }) => [key_name, reasons]));
};
interface CareKey {
  key_name: string;
  reasons: string[];
  same_value_as: string[];
}

beforeAll(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
  await testDb().exec('UPDATE users SET must_change_password = 0');
  for (const username of ['member', 'stranger', 'leaver']) await admin('POST', '/users', { username, password });
  member = await vault.signIn('member', password);
  stranger = await vault.signIn('stranger', password);
  const leaver = await vault.signIn('leaver', password);
  for (const name of ['shop', 'bank']) await admin('POST', '/projects', { name });
  await admin('PUT', '/projects/shop/members/member', { role: 'viewer' });
  await add(member, 'fresh');
  await add(member, 'overdue', 'o', { rotate_every_days: 30 });
  await add(member, 'not due yet', 'n', { rotate_every_days: 365 });
  await add(member, 'expired', 'e', { expires_at: '2020-01-01' });
  await add(member, 'expires soon', 's', { expires_at: new Date(Date.now() + 13 * dayMs).toISOString() });
  await add(member, 'expires later', 'l', { expires_at: new Date(Date.now() + 15 * dayMs).toISOString() });
  await add(member, 'old');
  await add(member, 'unread');
  await add(member, 'read');
  await add(member, 'twin 1', 'one value');
  await add(stranger, 'twin 2', 'one value');
  await add(admin, 'shop/prod/twin', 'one value');
  await add(admin, 'bank/twin', 'one value');
  await add(leaver, 'left');
  await add(stranger, 'in the trash', 'one value', { expires_at: '2020-01-01' });
  await stranger('DELETE', path('in the trash'));
  await admin('PUT', `/users/${await numberOf('leaver')}`, { is_active: false });
  await age('overdue', 31, 0);
  await age('not due yet', 31, 0);
  await age('old', 366, 0);
  await age('unread', 91);
  await age('read', 91, 89);
  await age('shop/prod/twin', 400, 91);
});

const newcomer = async (username: string) => {
  await admin('POST', '/users', { username, password, must_change_password: false });
  return vault.signIn(username, password);
};
const numberOf = async (username: string) =>
  (await admin('GET', '/users')).body.users?.find((user) => user.username === username)?.id;

describe('what needs care', () => {
  test('is told to its owner and to the members of its project, with the reasons, the urgent ones first', async () => {
    const found = await care(member);
    expect(found).toEqual({
      'expires soon': ['expiring'],
      expired: ['expiring'],
      overdue: ['rotation_overdue'],
      'twin 1': ['same_value'],
      old: ['unchanged'],
      unread: ['unused'],
      'shop/prod/twin': ['unchanged', 'unused', 'same_value'],
    });
    expect(Object.keys(found)).toEqual([
      'expired',
      'expires soon',
      'overdue',
      'twin 1',
      'old',
      'shop/prod/twin',
      'unread',
    ]);
  });

  test('says what is due when, and which other key has the value', async () => {
    const { body } = await member('GET', '/care');
    const one = (name: string) => (body.keys as unknown as CareKey[]).find(({ key_name }) => key_name === name);
    expect(one('shop/prod/twin')).toEqual({
      key_name: 'shop/prod/twin',
      project: 'shop',
      owner: null,
      reasons: ['unchanged', 'unused', 'same_value'],
      expires_at: null,
      rotation_due_at: null,
      value_changed_at: expect.stringMatching(/Z$/),
      same_value_as: ['twin 1'],
    });
    expect(one('overdue')).toMatchObject({ owner: 'member', rotation_due_at: expect.stringMatching(/Z$/) });
    expect(one('expired')).toMatchObject({ expires_at: '2020-01-01T00:00:00.000Z', same_value_as: [] });
    expect(body).toMatchObject({ more: false });
  });

  test('is, for others, nothing: not even that they have the same value', async () => {
    expect(await care(stranger)).toEqual({});
  });

  test('is everybody’s for admins, with those whose owner is switched off', async () => {
    const found = await care(admin);
    expect(found).toEqual({
      ...(await care(member)),
      left: ['owner_inactive'],
      'bank/twin': ['same_value'],
      'twin 2': ['same_value'],
    });
  });

  test('is, for a service token, what is in its scopes, whoever made it', async () => {
    const token = async (client: Client, scopes: string[]) =>
      vault.client((await client('POST', '/tokens', { name: 'bot', access: 'read', scopes })).body.token ?? '');
    expect(await care(await token(member, ['shop/*', 'old']))).toEqual({
      old: ['unchanged'],
      'shop/prod/twin': ['unchanged', 'unused'],
    });
    expect(await care(await token(admin, ['bank/*', 'left']))).toEqual({ left: ['owner_inactive'] });
    expect(await care(await token(admin, ['bank/*', 'shop/*']))).toMatchObject({ 'bank/twin': ['same_value'] });
    const { body } = await admin('POST', '/tokens', {
      name: 'team',
      access: 'read',
      scopes: ['shop/*'],
      project: 'shop',
    });
    expect(await care(vault.client(body.token ?? ''))).toEqual({ 'shop/prod/twin': ['unchanged', 'unused'] });
  });
});

describe('the last use', () => {
  const lastUse = (name: string) =>
    testDb().prepare('SELECT last_used_at FROM secrets WHERE name = ?').bind(name).first<number | null>('last_used_at');

  test('is noted by a read of anybody, one by one or in bulk, and at most once a day', async () => {
    for (const name of ['use 1', 'use 2']) await add(member, name);
    expect(await lastUse('use 1')).toBe(null);
    await admin('GET', path('use 1'));
    await member('POST', '/keys/values', { names: ['use 2'] });
    const noted = await lastUse('use 1');
    expect(noted).toBeGreaterThan(Date.now() - 60_000);
    expect(await lastUse('use 2')).toBeGreaterThan(Date.now() - 60_000);
    await admin('GET', path('use 1'));
    expect(await lastUse('use 1')).toBe(noted);
    await age('use 1', 400, 2);
    await member('GET', path('use 1'));
    expect(await lastUse('use 1')).toBeGreaterThanOrEqual(noted ?? 0);
  });

  test('is not noted by a read that was refused, a list or a change', async () => {
    await add(member, 'not used');
    await stranger('GET', path('not used'));
    await member('GET', '/keys');
    await member('PUT', path('not used'), { description: 'changed' });
    expect(await lastUse('not used')).toBe(null);
  });

  test('stays with a key that gets another name', async () => {
    await add(member, 'name before');
    await member('GET', path('name before'));
    await member('PUT', path('name before'), { key_name: 'name after' });
    expect(await lastUse('name after')).toBeGreaterThan(0);
  });
});

test('the list says whether values of the reader cannot be compared, and not those of others, also if nothing needs care', async () => {
  const saysOf = async (client: Client) => (await client('GET', '/care')).body as unknown as Record<string, unknown>;
  const [loner, other] = [await newcomer('loner'), await newcomer('other')];
  await add(loner, 'lone');
  expect(await saysOf(loner)).toEqual({ keys: [], more: false, uncompared: false });
  await testDb().exec("UPDATE secrets SET value_imprint = NULL WHERE name = 'lone'");
  expect(await saysOf(loner)).toEqual({ keys: [], more: false, uncompared: true });
  expect(await saysOf(admin)).toMatchObject({ uncompared: true });
  expect(await saysOf(other)).toMatchObject({ uncompared: false });
  await loner('PUT', path('lone'), { api_key: 'stored again' });
  expect(await saysOf(loner)).toMatchObject({ uncompared: false });
});

test('no imprint leaves the vault, and none can be made without the encryption key', async () => {
  const stored = await testDb()
    .prepare("SELECT value_imprint FROM secrets WHERE name = 'twin 1'")
    .first<string>('value_imprint');
  expect(stored).toBe(parseKeyring(testKeys.ENCRYPTION_KEY).primary.imprint('one value'));
  expect(stored).not.toBe(parseKeyring('Q3d7c0m4h2sZbq8nVYk1wX6uJt9eRfLpAi5oGzTcE3M=').primary.imprint('one value'));
  const digest = stored?.split('.')[1] ?? '';
  expect(digest).toHaveLength(22);
  for (const asked of ['/care', '/keys', path('twin 1')]) {
    expect((await admin('GET', asked)).text).not.toContain(digest);
  }
});

test('a value that comes by the Vault API is compared, too, also that of a key that comes back from the trash', async () => {
  const write = (path: string, data: object) =>
    member('POST', `/v1/secret/data/${path}`, { data }, { 'X-Vault-Token': member.token });
  const before = await write('kv1', { value: 'a value of KV' });
  expect(before.status).toBe(200);
  expect(await add(member, 'plain', 'a value of KV')).toEqual(['kv1']);
  await member('DELETE', path('kv1'));
  expect((await write('kv1', { value: 'another value of KV' })).status).toBe(200);
  expect(await add(member, 'plain 2', 'another value of KV')).toEqual(['kv1']);
});

describe('that a value is stored already', () => {
  test('is told to whoever may read the other key, and to nobody else', async () => {
    expect(await add(member, 'a copy', 'one value')).toEqual(['shop/prod/twin', 'twin 1']);
    expect(await add(stranger, 'copy of a stranger', 'one value')).toEqual(['twin 2']);
    expect(await add(stranger, 'another', 'value of fresh')).toBe(undefined);
    expect(await add(admin, 'copy of an admin', 'one value')).toHaveLength(maxNamesPerWarning);
    for (const name of ['a copy', 'copy of a stranger', 'copy of an admin']) await admin('DELETE', path(name));
  });

  test('is told of a change, too; never of the key itself, nor where no value was sent', async () => {
    await add(member, 'changes');
    const change = async (body: object) => (await member('PUT', path('changes'), body)).body.same_value_as;
    expect(await change({ api_key: 'one value' })).toEqual(['shop/prod/twin', 'twin 1']);
    expect(await change({ description: 'x' })).toBe(undefined);
    expect(await change({ api_key: 'value of changes' })).toBe(undefined);
    expect(await change({ api_key: 'value of changes' })).toBe(undefined);
  });

  test('is told by the dry run of an import, and not to somebody who may not read the other key', async () => {
    const entries = [
      { key_name: 'i1', api_key: 'one value' },
      { key_name: 'i2', api_key: 'nobody has this' },
      { key_name: 'twin 1', api_key: 'one value' },
    ];
    const dry = async (client: Client, count = 3) =>
      (await client('POST', '/keys/import', { entries: entries.slice(0, count), on_conflict: 'update', dry_run: true }))
        .body.entries;
    expect(await dry(member)).toEqual([
      { key_name: 'i1', state: 'new', same_value_as: ['shop/prod/twin', 'twin 1'] },
      { key_name: 'i2', state: 'new' },
      { key_name: 'twin 1', state: 'same', same_value_as: ['shop/prod/twin'] },
    ]);
    expect((await dry(stranger))?.[0]).toEqual({ key_name: 'i1', state: 'new', same_value_as: ['twin 2'] });
    const { body } = await member('POST', '/tokens', { name: 'bot', access: 'write', scopes: ['i1', 'i2'] });
    expect((await dry(vault.client(body.token ?? ''), 2))?.[0]).toEqual({ key_name: 'i1', state: 'new' });
  });

  test('is known of what was imported, and not of a version that was restored', async () => {
    const imported = (entries: object[]) =>
      member('POST', '/keys/import', { entries, on_conflict: 'update', dry_run: false });
    await imported([
      { key_name: 'imp 1', api_key: 'imported' },
      { key_name: 'imp 2', api_key: 'first' },
    ]);
    await imported([{ key_name: 'imp 2', api_key: 'imported' }]);
    expect(await add(member, 'imp 3', 'imported')).toEqual(['imp 1', 'imp 2']);
    await member('POST', path('imp 2', '/restore'), { version: 1 });
    expect(await add(member, 'imp 4', 'imported')).toEqual(['imp 1', 'imp 3']);
    expect(await add(member, 'imp 5', 'first')).toBe(undefined);
  });

  test('is found of values that were stored under an encryption key that has been retired since', async () => {
    await add(member, 'before', 'kept');
    const ENCRYPTION_KEY = 'Q3d7c0m4h2sZbq8nVYk1wX6uJt9eRfLpAi5oGzTcE3M=';
    const now = await startVault({ ENCRYPTION_KEY, RETIRED_ENCRYPTION_KEYS: testKeys.ENCRYPTION_KEY });
    const later = await now.signIn('member', password);
    expect(await add(later, 'after', 'kept')).toEqual(['before']);
    const stored = (name: string) =>
      testDb().prepare('SELECT value_imprint FROM secrets WHERE name = ?').bind(name).first<string>('value_imprint');
    expect((await stored('before'))?.split('.')[0]).toBe(parseKeyring(testKeys.ENCRYPTION_KEY).primary.id);
    expect((await stored('after'))?.split('.')[0]).toBe(parseKeyring(ENCRYPTION_KEY).primary.id);
  });
});
