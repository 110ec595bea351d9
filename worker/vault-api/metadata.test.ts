/** What clients of Vault read and write of a path beside values. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type Client, startVault, testDb } from '../testing/vault.ts';
import { type VaultClient, vaultClient } from '../testing/vault-client.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let rest: Client;
let user: VaultClient;
let admin: VaultClient;
let made = 0;
/** A folder that nothing is in. */
const folder = () => `app${++made}`;

beforeAll(async () => {
  vault = await startVault({ KEEP_VERSIONS: '5' });
  rest = await vault.signIn('user', 'user123');
  user = vaultClient(vault, rest.token);
  admin = vaultClient(vault, (await vault.signIn('admin', 'admin123')).token);
});

const put = (path: string, data: unknown, cas?: number) =>
  user('POST', `secret/data/${path}`, { data, ...(cas !== undefined && { options: { cas } }) });
const get = (path: string) => user('GET', `secret/data/${path}`);
const about = async (path: string) => (await user('GET', `secret/metadata/${path}`)).body.data;
const say = (path: string, custom_metadata: unknown, method = 'POST') =>
  user(method, `secret/metadata/${path}`, { custom_metadata });
const said = async (path: string) => (await about(path))?.custom_metadata;
const newest = () =>
  testDb()
    .prepare('SELECT action, target, outcome, reason FROM audit_events ORDER BY id DESC LIMIT 1')
    .first<Record<string, unknown>>();

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe('the metadata of a key', () => {
  test('has its versions, in one round trip', async () => {
    const path = folder();
    await put(path, { value: 'one' });
    await put(path, { value: 'two' });
    await say(path, { team: 'shop', description: 'a key' });
    vault.trips.count = 0;
    expect(await about(path)).toEqual({
      cas_required: false,
      created_time: time,
      current_version: 2,
      custom_metadata: { team: 'shop', description: 'a key' },
      delete_version_after: '0s',
      max_versions: 5,
      oldest_version: 1,
      updated_time: time,
      versions: {
        1: { created_time: time, deletion_time: '', destroyed: false },
        2: { created_time: time, deletion_time: '', destroyed: false },
      },
    });
    expect(vault.trips.count).toBe(1);
    expect(await newest()).toEqual({ action: 'version.list', target: path, outcome: 'allowed', reason: null });
    expect((await rest('GET', `/keys/${path}`)).body).toMatchObject({ labels: { team: 'shop' }, description: 'a key' });
  });

  test('stays readable in the trash, and says when it got there', async () => {
    const path = folder();
    await put(path, { value: 'one' });
    await user('DELETE', `secret/data/${path}`);
    expect(await about(path)).toMatchObject({ current_version: 1, versions: { 1: { deletion_time: time } } });
    await say(path, { team: 'shop' });
    await user('POST', `secret/undelete/${path}`, { versions: [1] });
    expect((await get(path)).body.data?.metadata).toMatchObject({ custom_metadata: { team: 'shop' } });
  });

  test('is replaced by POST and PUT, and merged by PATCH', async () => {
    const path = folder();
    await put(path, { value: 'one' });
    expect(await say(path, { a: '1', b: '2', description: 'd' })).toMatchObject({ status: 204, text: '' });
    expect((await say(path, { b: '3', a: null, c: '4' }, 'PATCH')).status).toBe(204);
    expect(await said(path)).toEqual({ b: '3', c: '4', description: 'd' });
    expect((await say(path, { description: null }, 'PATCH')).status).toBe(204);
    expect(await said(path)).toEqual({ b: '3', c: '4' });
    expect((await user('POST', `secret/metadata/${path}`, {})).status).toBe(204);
    expect((await user('POST', `secret/metadata/${path}`)).status).toBe(204);
    expect(await said(path)).toEqual({ b: '3', c: '4' });
    expect((await say(path, { z: '5' }, 'PUT')).status).toBe(204);
    expect(await said(path)).toEqual({ z: '5' });
    expect((await say(path, {})).status).toBe(204);
    expect(await said(path)).toBeNull();
    expect((await get(path)).body.data?.metadata).toMatchObject({ version: 1 });
  });

  test('has at most as many fields as a key has labels, after a merge too', async () => {
    const path = folder();
    await put(path, { value: 'one' });
    const many = (from: number, count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${from + index}`, 'x']));
    expect((await say(path, { ...many(0, 20), description: 'd' })).status).toBe(204);
    expect((await say(path, many(0, 21))).status).toBe(400);
    expect((await say(path, many(20, 1), 'PATCH')).body.errors?.[0]).toMatch(/at most 20/);
    expect((await say(path, { ...many(20, 1), k0: null }, 'PATCH')).status).toBe(204);
  });

  test.each([
    ['a number', { a: 1 }],
    ['a list', ['a']],
    ['a text', 'a'],
    ['null in what is no merge', { a: null }],
    ['a colon in a name', { 'a:b': 'c' }],
    ['an empty name', { '': 'c' }],
    ['a long value', { a: 'x'.repeat(65) }],
    ['a description that is no text', { description: 1 }],
    ['a long description', { description: 'x'.repeat(4097) }],
  ])('%s is refused with a sentence', async (_, custom) => {
    const { status, body } = await say(folder(), custom);
    expect([status, body.errors]).toEqual([400, [expect.stringMatching(/\.$/)]]);
  });

  test('keeps as many versions as KEEP_VERSIONS says: another wish is answered with a warning, and what cannot be kept is refused', async () => {
    const path = folder();
    await put(path, { value: 'one' });
    const ask = (body: object) => user('POST', `secret/metadata/${path}`, body);
    for (const body of [
      { max_versions: 5 },
      { max_versions: 0, cas_required: false, delete_version_after: '0s' },
      { delete_version_after: 0 },
    ])
      expect((await ask(body)).status).toBe(204);
    expect(await ask({ max_versions: 3 })).toMatchObject({
      status: 200,
      body: { warnings: [expect.stringMatching(/KEEP_VERSIONS/)] },
    });
    expect((await ask({ cas_required: true })).status).toBe(400);
    expect((await ask({ delete_version_after: '3h' })).status).toBe(400);
    expect((await user('GET', 'secret/config')).body.data).toEqual({
      max_versions: 5,
      cas_required: false,
      delete_version_after: '0s',
    });
  });
});

describe('the metadata of a path without a key', () => {
  test('makes an entry without versions, which its first write takes over', async () => {
    const path = `${folder()}/prod/TOKEN`;
    expect((await say(path, { 'managed-by': 'external-secrets', description: 'd' })).status).toBe(204);
    expect(await about(path)).toMatchObject({
      current_version: 0,
      versions: {},
      custom_metadata: { 'managed-by': 'external-secrets' },
    });
    expect((await get(path)).text).toBe('{"errors":[]}');
    expect((await rest('GET', '/keys')).text).not.toContain(path);
    expect((await put(path, { value: 'one' }, 0)).body.data).toMatchObject({
      version: 1,
      custom_metadata: { 'managed-by': 'external-secrets', description: 'd' },
    });
    expect((await rest('GET', `/keys/${encodeURIComponent(path)}`)).body.labels).toEqual({
      'managed-by': 'external-secrets',
    });
    expect(await testDb().prepare('SELECT count(*) AS n FROM path_entries WHERE name = ?').bind(path).first('n')).toBe(
      0,
    );
  });

  test('is that of the folder, whatever comes first', async () => {
    const path = folder();
    await say(path, { 'managed-by': 'external-secrets' });
    await put(path, { A: 'a', B: 'b' }, 0);
    expect((await get(path)).body.data?.metadata).toMatchObject({
      custom_metadata: { 'managed-by': 'external-secrets' },
    });
    expect(await about(path)).toMatchObject({
      current_version: 1,
      custom_metadata: { 'managed-by': 'external-secrets' },
      versions: { 1: { deletion_time: '', destroyed: false } },
    });
    await say(path, { more: 'x' }, 'PATCH');
    expect((await put(path, { A: 'a2' })).body.data).toMatchObject({
      custom_metadata: { 'managed-by': 'external-secrets', more: 'x' },
    });
  });

  test('cannot be merged into nothing, and there is an end to how many there are', async () => {
    expect((await say(folder(), { a: 'b' }, 'PATCH')).text).toBe('{"errors":[]}');
    const { id } = (await testDb().prepare("SELECT id FROM users WHERE name = 'user'").first<{ id: number }>()) ?? {
      id: 0,
    };
    await testDb()
      .prepare(
        `INSERT INTO path_entries (name, owner_id, created_at, updated_at)
          SELECT 'many/' || value, ?, 0, 0 FROM json_each(?)`,
      )
      .bind(id, JSON.stringify(Array.from({ length: 1_000 }, (_, index) => index)))
      .run();
    expect((await say('many/more', { a: 'b' })).body.errors?.[0]).toMatch(/1000 paths/);
    expect((await say('many/7', { a: 'b' })).status).toBe(204);
    await testDb().exec("DELETE FROM path_entries WHERE name LIKE 'many/%'");
  });
});

describe('destroying', () => {
  test('erases versions, but not the newest one', async () => {
    const path = folder();
    for (const value of ['one', 'two', 'three']) await put(path, { value });
    const destroy = (versions: unknown) => user('POST', `secret/destroy/${path}`, { versions });
    expect((await destroy([1, 3])).status).toBe(400);
    expect((await get(`${path}?version=1`)).status).toBe(200);
    expect((await destroy([1, 99])).status).toBe(204);
    expect(await newest()).toMatchObject({ action: 'version.destroy', target: path, reason: 'versions 1, 99' });
    const gone = await get(`${path}?version=1`);
    expect([gone.status, gone.body.data]).toEqual([
      404,
      { data: null, metadata: expect.objectContaining({ version: 1, destroyed: true }) },
    ]);
    expect(await about(path)).toMatchObject({ versions: { 1: { destroyed: true }, 2: { destroyed: false } } });
    expect(
      await testDb()
        .prepare('SELECT count(token) AS n FROM secret_versions JOIN secrets ON id = secret_id WHERE name = ?')
        .bind(path)
        .first('n'),
    ).toBe(2);
    expect((await destroy([])).status).toBe(400);
    await user('DELETE', `secret/data/${path}`);
    expect((await destroy([2])).status).toBe(204);
    expect((await destroy([3])).status).toBe(400);
  });

  test('of versions is 400 on a folder, and 404 where nothing is', async () => {
    const path = folder();
    expect((await user('PUT', `secret/destroy/${path}`, { versions: [1] })).text).toBe('{"errors":[]}');
    await put(path, { A: 'a' });
    expect((await user('PUT', `secret/destroy/${path}`, { versions: [1] })).body.errors?.[0]).toMatch(/folder/);
  });

  test('of the metadata takes everything: the key, what of its name is in the trash, and what is said of it', async () => {
    const path = folder();
    await put(path, { value: 'one' });
    await user('DELETE', `secret/data/${path}`);
    await rest('POST', '/keys', { key_name: path, api_key: 'again' });
    await put(`${path}/below`, { value: 'stays' });
    expect((await user('DELETE', `secret/metadata/${path}`)).status).toBe(204);
    expect((await get(`${path}/below`)).status).toBe(200);
    expect((await rest('GET', '/trash')).text).not.toContain(`"${path}"`);
    const again = folder();
    await put(again, { value: 'one' });
    await user('DELETE', `secret/data/${again}`);
    expect((await user('DELETE', `secret/metadata/${again}`)).status).toBe(204);
    expect((await get(again)).text).toBe('{"errors":[]}');
    expect(await newest()).toMatchObject({ outcome: 'not_found', reason: null });
    expect((await user('DELETE', `secret/metadata/${again}`)).status).toBe(204);
  });

  test('of the metadata of a folder takes the keys that are or were directly in it, each with an event', async () => {
    const path = folder();
    await say(path, { a: 'b' });
    await put(path, { A: 'a', B: 'b' });
    await put(`${path}/deeper`, { C: 'c' });
    await user('DELETE', `secret/data/${path}/A`);
    expect((await user('DELETE', `secret/metadata/${path}`)).status).toBe(204);
    const { results } = await testDb()
      .prepare('SELECT action, target FROM audit_events ORDER BY id DESC LIMIT 2')
      .all();
    expect(results.map(({ action, target }) => [action, target]).toSorted()).toEqual([
      ['secret.destroy', `${path}/A`],
      ['secret.destroy', `${path}/B`],
    ]);
    expect((await user('GET', `secret/metadata/${path}`)).status).toBe(404);
    expect((await get(`${path}/deeper`)).body.data?.data).toEqual({ C: 'c' });
    expect((await rest('GET', '/trash')).text).not.toContain(`"${path}/`);
  });

  test('never takes what is of somebody else, though it had the same name', async () => {
    const path = folder();
    await put(path, { value: 'mine' });
    await user('DELETE', `secret/data/${path}`);
    await admin('POST', `secret/data/${path}`, { data: { value: "the admin's" } });
    expect((await user('DELETE', `secret/metadata/${path}`)).status).toBe(204);
    expect((await admin('GET', `secret/data/${path}`)).body.data?.data).toEqual({ value: "the admin's" });
    await admin('DELETE', `secret/data/${path}`);
    await put(path, { value: 'mine again' });
    expect((await user('DELETE', `secret/metadata/${path}`)).status).toBe(204);
    expect((await admin('GET', `secret/data/${path}`)).body.data?.metadata).toMatchObject({ deletion_time: time });
  });
});

describe('subkeys', () => {
  test('are the fields without their values', async () => {
    const path = folder();
    await put(path, { A: 'a', B: 'b' });
    expect((await user('GET', `secret/subkeys/${path}`)).body.data).toMatchObject({
      subkeys: { A: null, B: null },
      metadata: { version: 1 },
    });
    await put(`${path}/A`, { value: 'a2' });
    expect((await user('GET', `secret/subkeys/${path}/A?depth=1`)).body.data).toMatchObject({
      subkeys: { value: null },
      metadata: { version: 2 },
    });
    expect((await user('GET', `secret/subkeys/${path}/A?version=1`)).body.data).toMatchObject({
      metadata: { version: 1 },
    });
    expect((await user('GET', `secret/subkeys/${path}/A?version=7`)).text).toBe('{"errors":[]}');
    expect((await user('GET', `secret/subkeys/${path}?version=1`)).status).toBe(400);
    await user('DELETE', `secret/data/${path}/A`);
    const gone = await user('GET', `secret/subkeys/${path}/A`);
    expect([gone.status, gone.body.data]).toEqual([
      404,
      { subkeys: null, metadata: expect.objectContaining({ deletion_time: time }) },
    ]);
    expect((await user('GET', `secret/subkeys/${folder()}`)).text).toBe('{"errors":[]}');
  });
});
