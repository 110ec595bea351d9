/** Values as clients of Vault read, write, delete and undelete them. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type Client, startVault, testDb } from '../testing/vault.ts';
import { type VaultClient, vaultClient } from '../testing/vault-client.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let rest: Client;
let user: VaultClient;
let made = 0;
/** A folder that nothing is in. */
const folder = () => `app${++made}`;

beforeAll(async () => {
  vault = await startVault();
  rest = await vault.signIn('user', 'user123');
  user = vaultClient(vault, rest.token);
});

const put = (path: string, data: unknown, cas?: unknown) =>
  user('POST', `secret/data/${path}`, { data, ...(cas !== undefined && { options: { cas } }) });
const get = (path: string) => user('GET', `secret/data/${path}`);
const patch = (path: string, data: unknown, options?: object) =>
  user('PATCH', `secret/data/${path}`, { data, ...(options && { options }) });
const list = async (path: string) => (await user('GET', `secret/metadata/${path}?list=true`)).body.data?.keys;

/** The newest events, the oldest first. */
const events = async (count: number) => {
  const { results } = await testDb()
    .prepare('SELECT action, target, outcome, reason FROM audit_events ORDER BY id DESC LIMIT ?')
    .bind(count)
    .all<Record<string, string | null>>();
  return results.reverse().map((row) => Object.values(row));
};
const eventCount = async () =>
  (await testDb().prepare('SELECT count(*) AS n FROM audit_events').first<number>('n')) ?? 0;

const cas = 'check-and-set parameter did not match the current version';

test('an answer has every field of the envelope of Vault, with the types that clients check', async () => {
  const path = folder();
  await put(path, { value: 'one' });
  const { status, headers, body } = await get(path);
  expect([status, headers.get('Content-Type'), headers.get('Cache-Control')]).toEqual([
    200,
    'application/json',
    'no-store',
  ]);
  expect(body).toEqual({
    request_id: expect.stringMatching(/^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/),
    lease_id: '',
    renewable: false,
    lease_duration: 0,
    data: {
      data: { value: 'one' },
      metadata: {
        created_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        custom_metadata: null,
        deletion_time: '',
        destroyed: false,
        version: 1,
      },
    },
    wrap_info: null,
    warnings: null,
    auth: null,
    mount_type: 'kv',
  });
});

describe('a key', () => {
  test('has its value alone, and its description and labels as custom metadata', async () => {
    const path = `${folder()}/prod/STRIPE`;
    await rest('POST', '/keys', { key_name: path, api_key: 'sk', description: 'a key', labels: { env: 'prod' } });
    const { body } = await get(path);
    expect(body.data?.data).toEqual({ value: 'sk' });
    expect(body.data?.metadata).toMatchObject({ custom_metadata: { env: 'prod', description: 'a key' }, version: 1 });
  });

  test('that is written is the key of the other routes, and gets a version with each new value', async () => {
    const path = folder();
    expect((await put(path, { value: 'one' })).body.data).toMatchObject({
      version: 1,
      deletion_time: '',
      destroyed: false,
    });
    expect((await put(path, { value: 'two' })).body.data).toMatchObject({ version: 2 });
    expect((await rest('GET', `/keys/${path}`)).body).toMatchObject({ api_key: 'two', version: 2 });
    expect((await get(`${path}?version=1`)).body.data?.data).toEqual({ value: 'one' });
    expect((await get(`${path}?version=0`)).body.data?.data).toEqual({ value: 'two' });
    expect((await get(`${path}?version=3`)).text).toBe('{"errors":[]}');
    for (const version of ['-1', 'x', '1.0', '']) expect((await get(`${path}?version=${version}`)).status).toBe(400);
  });

  test('whose value does not change gets no version', async () => {
    const path = folder();
    await put(path, { value: 'one' });
    const before = (await rest('GET', `/keys/${path}`)).body;
    expect((await put(path, { value: 'one' })).body.data).toMatchObject({ version: 1 });
    expect((await rest('GET', `/keys/${path}`)).body).toEqual(before);
  });

  test('is written only if it has the version that is asked for', async () => {
    const path = folder();
    expect((await put(path, { value: 'one' }, 1)).body.errors).toEqual([cas]);
    expect((await put(path, { value: 'one' }, 0)).status).toBe(200);
    expect((await put(path, { value: 'two' }, 0)).body.errors).toEqual([cas]);
    expect((await events(1))[0]).toEqual(['secret.create', path, 'conflict', 'cas']);
    // The same value is no reason to overlook it.
    expect((await put(path, { value: 'one' }, 2)).status).toBe(400);
    expect((await put(path, { value: 'two' }, '1')).body.data).toMatchObject({ version: 2 });
    for (const wrong of [-1, 1.5, 'x', true, {}]) expect((await put(path, { value: 'three' }, wrong)).status).toBe(400);
    expect((await get(path)).body.data?.data).toEqual({ value: 'two' });
  });

  test('is written by one of many at once who know its version', async () => {
    const path = folder();
    await put(path, { value: 'one' });
    const all = await Promise.all(Array.from({ length: 8 }, (_, index) => put(path, { value: `next ${index}` }, 1)));
    expect(all.map(({ status }) => status).toSorted()).toEqual([200, ...Array<number>(7).fill(400)]);
    expect((await get(path)).body.data?.metadata).toMatchObject({ version: 2 });
  });

  test('is merged only if it is there, and with the media type of a merge patch', async () => {
    const path = folder();
    expect((await patch(path, { value: 'one' })).text).toBe('{"errors":[]}');
    await put(path, { value: 'one' });
    expect((await patch(path, { value: 'two' }, { cas: 1 })).body.data).toMatchObject({ version: 2 });
    expect((await patch(path, { value: null })).status).toBe(400);
    const json = { 'Content-Type': 'application/json' };
    expect((await user('PATCH', `secret/data/${path}`, { data: { value: 'x' } }, json)).status).toBe(415);
    expect((await get(path)).body.data?.data).toEqual({ value: 'two' });
  });
});

describe('a folder', () => {
  test('is the keys directly in it, with an event for each, in one round trip', async () => {
    const path = folder();
    await put(path, { B: 'b', A: 'a' });
    await put(`${path}/deeper`, { C: 'c' });
    await put(`${path}x`, { D: 'd' });
    await put(`${path}/A`, { value: 'a2' });
    vault.trips.count = 0;
    const { body } = await get(path);
    expect(vault.trips.count).toBe(1);
    expect(body.data?.data).toEqual({ A: 'a2', B: 'b' });
    expect(body.data?.metadata).toMatchObject({ version: 2, custom_metadata: null });
    expect(await events(2)).toEqual([
      ['secret.read', `${path}/A`, 'allowed', null],
      ['secret.read', `${path}/B`, 'allowed', null],
    ]);
    expect((await get(`${path}?version=1`)).body.errors?.[0]).toMatch(/folder/);
    expect((await get(`${path}?version=0`)).status).toBe(200);
  });

  test('is written as that many keys in one transaction, which keeps the others and says so', async () => {
    const path = folder();
    expect((await put(path, { A: 'a', B: 'b' })).body).toMatchObject({ data: { version: 1 }, warnings: null });
    const { body } = await put(path, { A: 'a2', C: 'c' });
    expect(body.data).toMatchObject({ version: 2 });
    expect(body.warnings).toEqual([expect.stringMatching(/one other key/)]);
    expect((await get(path)).body.data?.data).toEqual({ A: 'a2', B: 'b', C: 'c' });
    expect((await put(path, { A: 'a2', B: 'b', C: 'c' })).body).toMatchObject({ data: { version: 2 }, warnings: null });
  });

  test('is written whole or not at all', async () => {
    const path = folder();
    const bad = [
      { A: 'a', B: 1 },
      { A: 'a', 'b/c': 'x' },
      { A: 'a', '': 'x' },
      { A: 'a', '..': 'x' },
      { A: 'a', B: '' },
    ];
    for (const data of bad) expect((await put(path, data)).status, JSON.stringify(data)).toBe(400);
    expect((await get(path)).status).toBe(404);
  });

  test('takes fields of any name that a key may have, __proto__ too, and one field that is not "value" as a key below the path', async () => {
    const path = folder();
    const data = `{"data":{"__proto__":"p","constructor":"c","a b":"d","%2f":"e"}}`;
    expect((await user('POST', `secret/data/${path}`, data)).status).toBe(200);
    const { text } = await get(path);
    expect(JSON.parse(text, (key, value) => (key === '__proto__' ? undefined : value)).data.data).toEqual({
      constructor: 'c',
      'a b': 'd',
      '%2f': 'e',
    });
    expect(text).toContain('"__proto__":"p"');
    const one = folder();
    await put(one, { password: 'x' });
    expect((await rest('GET', `/keys/${one}%2Fpassword`)).body.api_key).toBe('x');
    expect((await put(one, { value: 'x', other: 'y' })).status).toBe(400);
  });

  test('takes cas 0, which means that none of the keys is there, and no other', async () => {
    const path = folder();
    expect((await put(path, { A: 'a', B: 'b' }, 0)).status).toBe(200);
    expect((await put(path, { B: 'b', C: 'c' }, 0)).body.errors).toEqual([cas]);
    expect((await put(path, { C: 'c', D: 'd' }, 0)).status).toBe(200);
    expect((await put(path, { A: 'a' }, 1)).status).toBe(400);
    expect((await patch(path, { A: 'a2' }, { cas: 0 })).status).toBe(400);
    expect((await get(path)).body.data?.data).toEqual({ A: 'a', B: 'b', C: 'c', D: 'd' });
  });

  test('is merged: null moves a key to the trash, and one that is not there stays away', async () => {
    const path = folder();
    expect((await patch(path, { A: 'a' })).status).toBe(404);
    await put(path, { A: 'a', B: 'b', C: 'c' });
    expect((await patch(path, { A: 'a2', B: null, Z: null })).body).toMatchObject({
      data: { version: 2 },
      warnings: null,
    });
    expect((await get(path)).body.data?.data).toEqual({ A: 'a2', C: 'c' });
    expect((await get(`${path}/B`)).body.data?.metadata?.deletion_time).not.toBe('');
    const before = await eventCount();
    expect((await patch(path, { Z: null })).status).toBe(200);
    expect(await eventCount()).toBe(before + 1);
    expect((await events(1))[0]).toEqual(['secret.delete', `${path}/Z`, 'not_found', null]);
  });

  test('may share its path with a key: the key answers to data, and the folder to a list', async () => {
    const path = folder();
    await put(path, { value: 'key' });
    await put(path, { A: 'a' });
    expect((await get(path)).body.data?.data).toEqual({ value: 'key' });
    expect(await list(path)).toEqual(['A']);
    expect((await user('DELETE', `secret/data/${path}`)).status).toBe(204);
    expect((await get(path)).body.data?.data).toEqual({ A: 'a' });
  });

  test('of more keys than one request reads is refused with a sentence, and lists all of them', async () => {
    const path = folder();
    const many = Object.fromEntries(Array.from({ length: 501 }, (_, index) => [`K${index}`, 'x']));
    expect((await put(path, many)).status).toBe(200);
    expect((await get(path)).body.errors?.[0]).toMatch(/More than 500 keys/);
    expect((await user('DELETE', `secret/data/${path}`)).status).toBe(400);
    expect((await list(path))?.length).toBe(501);
    expect((await get(`${path}/K7`)).status).toBe(200);
  });
});

describe('the trash', () => {
  test('takes what is deleted, whose metadata 404 shows; undelete brings it back', async () => {
    const path = folder();
    await put(path, { value: 'one' });
    await put(path, { value: 'two' });
    expect(await user('DELETE', `secret/data/${path}`)).toMatchObject({ status: 204, text: '' });
    const gone = await get(path);
    expect(gone.status).toBe(404);
    expect(gone.body.data).toMatchObject({ data: null, metadata: { version: 2, destroyed: false } });
    expect(Date.parse(String(gone.body.data?.metadata?.deletion_time))).toBeGreaterThan(0);
    expect((await events(1))[0]).toEqual(['secret.read', path, 'not_found', 'in_trash']);
    expect((await rest('GET', '/trash')).text).toContain(`"${path}"`);
    expect((await user('POST', `secret/undelete/${path}`, { versions: [2] })).status).toBe(204);
    expect((await get(path)).body.data).toMatchObject({
      data: { value: 'two' },
      metadata: { version: 2, deletion_time: '' },
    });
    expect((await get(`${path}?version=1`)).body.data?.data).toEqual({ value: 'one' });
  });

  test('gives a key back to whoever writes to its path: it goes on with its versions, and cas asks for the last one', async () => {
    const path = folder();
    await put(path, { value: 'one' });
    await put(path, { value: 'two' });
    await user('DELETE', `secret/data/${path}`);
    expect((await put(path, { value: 'three' }, 0)).body.errors).toEqual([cas]);
    expect((await put(path, { value: 'three' }, 2)).body.data).toMatchObject({ version: 3 });
    expect((await events(1))[0]).toEqual(['secret.restore', path, 'allowed', 'with a new value']);
    expect((await get(`${path}?version=1`)).body.data?.data).toEqual({ value: 'one' });
    expect((await rest('GET', '/trash')).text).not.toContain(`"${path}"`);
  });

  test('takes the keys directly in a folder, and gives them back', async () => {
    const path = folder();
    await put(path, { A: 'a', B: 'b' });
    await put(`${path}/deeper`, { C: 'c' });
    await user('DELETE', `secret/data/${path}`);
    expect((await get(path)).body.data).toMatchObject({ data: null, metadata: { version: 1 } });
    expect((await get(`${path}/deeper`)).status).toBe(200);
    expect((await user('PUT', `secret/undelete/${path}`, { versions: ['1'] })).status).toBe(204);
    expect((await get(path)).body.data?.data).toEqual({ A: 'a', B: 'b' });
    await user('DELETE', `secret/data/${path}`);
    expect((await put(path, { A: 'again' }, 0)).body.data).toMatchObject({ version: 2 });
    expect((await get(path)).body.data?.data).toEqual({ A: 'again' });
  });

  test('takes the newest version only: an older one is 400, and nothing is changed', async () => {
    const path = folder();
    await put(path, { value: 'one' });
    await put(path, { value: 'two' });
    for (const versions of [[1], [1, 2], [3], ['1'], '1,2'])
      expect((await user('POST', `secret/delete/${path}`, { versions })).status, JSON.stringify(versions)).toBe(400);
    for (const body of [{}, { versions: [] }, { versions: [null] }, { versions: ['x'] }, [], 'x'])
      expect((await user('POST', `secret/delete/${path}`, body)).status, JSON.stringify(body)).toBe(400);
    expect((await get(path)).status).toBe(200);
    expect((await user('POST', `secret/delete/${path}`, { versions: [2] })).status).toBe(204);
    expect((await get(path)).status).toBe(404);
    expect((await user('POST', `secret/undelete/${path}`, { versions: [1] })).status).toBe(400);
    expect((await user('POST', `secret/undelete/${path}`, { versions: '1,2' })).status).toBe(204);
    expect((await get(path)).status).toBe(200);
  });

  test('has nothing of a path where nothing is: deleting and undeleting it is 204, and recorded as not found', async () => {
    const path = folder();
    expect((await user('DELETE', `secret/data/${path}`)).status).toBe(204);
    expect((await user('POST', `secret/delete/${path}`, { versions: [1] })).status).toBe(204);
    expect((await user('POST', `secret/undelete/${path}`, { versions: [1] })).status).toBe(204);
    expect((await events(3)).map(([, , outcome]) => outcome)).toEqual(['not_found', 'not_found', 'not_found']);
    await put(path, { value: 'one' });
    expect((await user('POST', `secret/undelete/${path}`, { versions: [1] })).status).toBe(204);
    expect((await get(path)).body.data?.metadata).toMatchObject({ version: 1 });
  });
});

describe('a list', () => {
  test('has keys and folders in their order, with or without a slash at the end, and by 1 as by true', async () => {
    const path = folder();
    await put(path, { b: '1', a: '2', 'a-x': '3' });
    await put(`${path}/a`, { deep: '4', deeper: '5' });
    await put(`${path}/z/y/x`, { w: '6' });
    const expected = ['a', 'a-x', 'a/', 'b', 'z/'];
    expect(await list(path)).toEqual(expected);
    expect(await list(`${path}/`)).toEqual(expected);
    expect((await user('GET', `secret/metadata/${path}?list=1`)).body.data?.keys).toEqual(expected);
    expect(await list(`${path}/z`)).toEqual(['y/']);
    expect((await user('GET', `secret/metadata/${path}/b?list=true`)).text).toBe('{"errors":[]}');
    for (const root of ['secret/metadata?list=true', 'secret/metadata/?list=true'])
      expect((await user('GET', root)).body.data?.keys).toContain(`${path}/`);
  });

  test('goes on after a name, as in OpenBao', async () => {
    const path = folder();
    await put(path, { a: '1', b: '2', d: '3' });
    await put(`${path}/c`, { x: '4', y: '5' });
    const page = async (query: string) => (await user('GET', `secret/metadata/${path}?list=true&${query}`)).body;
    expect(await page('limit=2')).toMatchObject({
      data: { keys: ['a', 'b'] },
      warnings: [expect.stringMatching(/after=/)],
    });
    expect(await page('after=b&limit=1')).toMatchObject({ data: { keys: ['c/'] } });
    expect(await page('after=c/')).toMatchObject({ data: { keys: ['d'] }, warnings: null });
  });
});

describe('bodies', () => {
  test.each(['text/plain;charset=UTF-8', 'application/x-www-form-urlencoded', 'application/octet-stream'])(
    'are JSON, whatever the client calls them: %s',
    async (type) => {
      const path = folder();
      const headers = { 'Content-Type': type };
      expect((await user('POST', `secret/data/${path}`, { data: { value: type } }, headers)).status).toBe(200);
      expect((await get(path)).body.data?.data).toEqual({ value: type });
    },
  );

  test.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['null', 'null'],
    ['a list', '[]'],
    ['no data', '{}'],
    ['data that is null', '{"data":null}'],
    ['data that is a list', '{"data":["a"]}'],
    ['data without a field', '{"data":{}}'],
    ['a number', '{"data":{"value":1}}'],
    ['an object', '{"data":{"value":{"a":"b"}}}'],
    ['null for a value', '{"data":{"value":null}}'],
    ['a lone surrogate', '{"data":{"value":"\\ud800"}}'],
    ['a field with a lone surrogate', '{"data":{"\\ud800":"x"}}'],
  ])('%s: 400 with a sentence, recorded as invalid', async (_, body) => {
    const { status, body: answer } = await user('POST', `secret/data/${folder()}`, body);
    expect([status, answer.errors]).toEqual([400, [expect.stringMatching(/\.$/)]]);
    expect((await events(1))[0]?.[2]).toBe('invalid');
  });

  test('with a value that is too long: 400', async () => {
    expect((await put(folder(), { value: 'x'.repeat(64 * 1024 + 1) })).status).toBe(400);
    expect((await put(folder(), { value: 'x'.repeat(64 * 1024) })).status).toBe(200);
    expect((await put(folder(), { value: 'x'.repeat(600 * 1024) })).status).toBe(413);
  });
});
