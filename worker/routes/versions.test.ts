/** The versions of a key: listing, reading, restoring and destroying them. */
import { beforeAll, describe, expect, test } from 'vitest';
import { maxVersionsPerSecret } from '../../core/limits.ts';
import { type Client, startVault, testDb, testKeys } from '../testing/vault.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;
let user: Client;
let viewer: Client;
let editor: Client;

beforeAll(async () => {
  vault = await startVault({ KEEP_VERSIONS: '4' });
  admin = await vault.signIn('admin', 'admin123');
  user = await vault.signIn('user', 'user123');
  for (const username of ['viewer', 'editor']) {
    await admin('POST', '/users', { username, password: 'a good password' });
  }
  [viewer, editor] = await Promise.all([
    vault.signIn('viewer', 'a good password'),
    vault.signIn('editor', 'a good password'),
  ]);
  await user('POST', '/projects', { name: 'shop' });
  await user('PUT', '/projects/shop/members/viewer', { role: 'viewer' });
  await user('PUT', '/projects/shop/members/editor', { role: 'editor' });
});

let count = 0;
const path = (name: string) => `/keys/${encodeURIComponent(name)}`;
/** A key whose values are `value 1`, `value 2` and so on. */
const keyWith = async (versions: number, name = `key ${++count}`, client = user) => {
  await client('POST', '/keys', { key_name: name, api_key: 'value 1' });
  for (let number = 2; number <= versions; number++) await client('PUT', path(name), { api_key: `value ${number}` });
  return name;
};
const listed = async (name: string, client = user) =>
  (await client('GET', `${path(name)}/versions`)).body.versions?.map(({ version, is_current, destroyed }) => [
    version,
    is_current ? 'current' : destroyed ? 'destroyed' : 'kept',
  ]);
const newest = async (client = user) => (await client('GET', '/logs?limit=1')).body.logs?.[0];

describe('a key', () => {
  test('lists its versions, the newest first, without a value', async () => {
    const name = await keyWith(2);
    await admin('PUT', path(name), { api_key: 'value 3' });
    const { status, body, text } = await user('GET', `${path(name)}/versions`);
    const created_at = expect.stringMatching(/^\d{4}-.*Z$/);
    expect([status, body]).toEqual([
      200,
      {
        versions: [
          { version: 3, created_at, created_by: 'admin', is_current: true, destroyed: false },
          { version: 2, created_at, created_by: 'user', is_current: false, destroyed: false },
          { version: 1, created_at, created_by: 'user', is_current: false, destroyed: false },
        ],
      },
    ]);
    expect(text).not.toContain('value');
    expect(await newest()).toMatchObject({ action: 'list_versions', key_name: name, success: true });
  });

  test('pages its versions', async () => {
    const name = await keyWith(4);
    const first = (await user('GET', `${path(name)}/versions?limit=3`)).body;
    expect([first.versions?.map(({ version }) => version), first.next]).toEqual([[4, 3, 2], 2]);
    const rest = (await user('GET', `${path(name)}/versions?limit=3&after=2`)).body;
    expect([rest.versions?.map(({ version }) => version), rest.next]).toEqual([[1], undefined]);
    for (const bad of ['limit=0', `limit=${maxVersionsPerSecret + 1}`, 'after=x']) {
      expect((await user('GET', `${path(name)}/versions?${bad}`)).status).toBe(400);
    }
  });

  test('serves an earlier version by its number, and the log has it as a read of that version', async () => {
    const name = await keyWith(3);
    const { status, body } = await user('GET', `${path(name)}?version=2`);
    expect([status, body.api_key, body.version]).toEqual([200, 'value 2', 2]);
    expect(await newest()).toMatchObject({ action: 'view_key', key_name: name, reason: 'version 2', success: true });
    expect((await user('GET', `/key?key_name=${encodeURIComponent(name)}&version=1`)).body.api_key).toBe('value 1');
    expect((await user('GET', path(name))).body).toMatchObject({ api_key: 'value 3', version: 3 });
    for (const missing of [4, 99, Number.MAX_SAFE_INTEGER]) {
      expect((await user('GET', `${path(name)}?version=${missing}`)).status).toBe(404);
    }
    for (const bad of ['0', '-1', 'x', '1.5', '']) {
      expect((await user('GET', `${path(name)}?version=${bad}`)).status).toBe(400);
    }
  });

  test('gets a restored version as a new one, also if it is the current one', async () => {
    const name = await keyWith(3);
    const restored = await user('POST', `${path(name)}/restore`, { version: 1 });
    expect([restored.status, restored.body]).toEqual([200, { message: 'Version restored successfully', version: 4 }]);
    expect(restored.headers.get('ETag')).toBe('"4"');
    expect(await newest()).toMatchObject({ action: 'restore_version', key_name: name, reason: 'version 1' });
    expect((await user('GET', path(name))).body).toMatchObject({ api_key: 'value 1', version: 4 });
    expect((await user('POST', `${path(name)}/restore`, { version: 4 })).body.version).toBe(5);
    expect((await user('GET', path(name))).body).toMatchObject({ api_key: 'value 1', version: 5 });
    expect((await user('POST', `${path(name)}/restore`, { version: 7 })).status).toBe(404);
    for (const version of [0, -1, 1.5, '1', null, undefined, 2 ** 60]) {
      expect((await user('POST', `${path(name)}/restore`, { version })).status).toBe(400);
    }
  });

  test('loses the value of a destroyed version for good, and never the current one', async () => {
    const name = await keyWith(3);
    const answer = await user('DELETE', `${path(name)}/versions/2`);
    expect([answer.status, answer.body]).toEqual([200, { message: 'Version destroyed successfully' }]);
    expect(await newest()).toMatchObject({ action: 'destroy_version', key_name: name, reason: 'version 2' });
    expect(await listed(name)).toEqual([
      [3, 'current'],
      [2, 'destroyed'],
      [1, 'kept'],
    ]);
    expect((await user('GET', `${path(name)}?version=2`)).status).toBe(404);
    expect((await user('POST', `${path(name)}/restore`, { version: 2 })).status).toBe(404);
    expect((await user('DELETE', `${path(name)}/versions/2`)).status).toBe(404);
    const row = await testDb()
      .prepare(
        'SELECT token, binding, key_id FROM secret_versions JOIN secrets ON id = secret_id WHERE name = ? AND number = 2',
      )
      .bind(name)
      .first();
    expect(row).toEqual({ token: null, binding: null, key_id: null });
    const current = await user('DELETE', `${path(name)}/versions/3`);
    expect([current.status, current.body.error]).toEqual([409, expect.stringMatching(/current version/)]);
    for (const none of ['0', '9', '-1', '1.0', 'x', '%ff']) {
      expect((await user('DELETE', `${path(name)}/versions/${none}`)).status).toBe(404);
    }
    expect((await user('GET', path(name))).body.api_key).toBe('value 3');
  });

  test('keeps as many values as KEEP_VERSIONS says; the others stay listed, and cannot be read', async () => {
    const name = await keyWith(6);
    await user('POST', `${path(name)}/restore`, { version: 5 });
    expect(await listed(name)).toEqual([
      [7, 'current'],
      ...[6, 5, 4].map((number) => [number, 'kept']),
      ...[3, 2, 1].map((number) => [number, 'destroyed']),
    ]);
    expect((await user('GET', `${path(name)}?version=3`)).status).toBe(404);
    expect((await user('GET', `${path(name)}?version=4`)).body.api_key).toBe('value 4');
  });

  test('the first new value beyond those that are kept erases the oldest one', async () => {
    const name = await keyWith(4);
    const states = async () => (await listed(name))?.map(([, state]) => state);
    expect(await states()).toEqual(['current', 'kept', 'kept', 'kept']);
    await user('PUT', path(name), { api_key: 'value 5' });
    expect(await states()).toEqual(['current', 'kept', 'kept', 'kept', 'destroyed']);
  });

  test('with more values than are kept, as an earlier version left it: the next change erases them, a description too', async () => {
    const name = await keyWith(1);
    await testDb().exec(
      `WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 300) INSERT INTO secret_versions SELECT secret_id, i, token, binding, key_id, created_at, created_by, NULL, NULL FROM secret_versions, n WHERE secret_id = (SELECT id FROM secrets WHERE name = '${name}') AND number = 1`,
    );
    await testDb().exec(`UPDATE secrets SET current_version = 300 WHERE name = '${name}'`);
    await user('PUT', path(name), { description: 'd' });
    const kept = (await listed(name))?.filter(([, state]) => state !== 'destroyed').map(([version]) => version);
    expect(kept).toEqual([300, 299, 298, 297]);
  });

  test('forgets the oldest versions when there are too many to list', async () => {
    const name = await keyWith(2);
    await testDb().exec(
      `UPDATE secret_versions SET number = number + ${maxVersionsPerSecret} WHERE secret_id = (SELECT id FROM secrets WHERE name = '${name}') AND number = 2`,
    );
    await testDb().exec(`UPDATE secrets SET current_version = ${maxVersionsPerSecret + 2} WHERE name = '${name}'`);
    await user('PUT', path(name), { api_key: 'newest' });
    expect((await listed(name))?.map(([version]) => version)).toEqual([
      maxVersionsPerSecret + 3,
      maxVersionsPerSecret + 2,
    ]);
  });

  test('appends a version for the same value, and none for a description', async () => {
    const name = await keyWith(1);
    await user('PUT', path(name), { api_key: 'value 1' });
    await user('PUT', path(name), { description: 'd' });
    expect(await listed(name)).toEqual([
      [2, 'current'],
      [1, 'kept'],
    ]);
  });
});

test('whatever its name, a key has versions: in a path with escapes, and in a query', async () => {
  for (const name of [
    'a/b',
    'a/versions',
    'x/restore',
    'versions',
    'values',
    'import',
    'restore',
    '100%',
    '..x',
    '__proto__',
  ]) {
    await keyWith(2, name);
    const query = `key_name=${encodeURIComponent(name)}`;
    expect((await user('GET', `${path(name)}/versions`)).body.versions).toHaveLength(2);
    expect((await user('GET', `/key/versions?${query}&limit=1`)).body).toMatchObject({
      versions: [{ version: 2 }],
      next: 2,
    });
    expect((await user('GET', `${path(name)}?version=1`)).body).toMatchObject({ key_name: name, api_key: 'value 1' });
    expect((await user('POST', `${path(name)}/restore`, { version: 1 })).body.version).toBe(3);
    expect((await user('POST', `/key/restore?${query}`, { version: 2 })).body.version).toBe(4);
    expect((await user('DELETE', `${path(name)}/versions/1`)).status).toBe(200);
    expect((await user('DELETE', `/key/versions/2?${query}`)).status).toBe(200);
    expect((await user('GET', path(name))).body).toMatchObject({ key_name: name, api_key: 'value 2' });
    expect((await user('PUT', path(name), { description: 'd' })).status).toBe(200);
    expect((await user('DELETE', path(name))).status).toBe(200);
    expect((await user('GET', `${path(name)}/versions`)).status).toBe(404);
  }
});

const asked = [
  ['GET', '/versions', undefined],
  ['GET', '?version=1', undefined],
  ['POST', '/restore', { version: 1 }],
  ['DELETE', '/versions/1', undefined],
] as const;

test.each(asked)('%s %s: of a foreign key and of a missing one, the same byte for byte', async (method, rest, body) => {
  const name = await keyWith(2, `foreign ${++count}`, admin);
  const [foreign, missing] = [
    await user(method, `${path(name)}${rest}`, body),
    await user(method, `${path('no such key')}${rest}`, body),
  ];
  expect([foreign.status, foreign.text, [...foreign.headers]]).toEqual([404, missing.text, [...missing.headers]]);
  const { results } = await testDb()
    .prepare("SELECT outcome FROM audit_events WHERE actor_name = 'user' ORDER BY id DESC LIMIT 2")
    .all();
  expect(results).toEqual([{ outcome: 'not_found' }, { outcome: 'denied' }]);
  expect(await listed(name, admin)).toHaveLength(2);
});

test.each([
  ['GET', '/versions', undefined, [200, 200, 200]],
  ['GET', '?version=1', undefined, [200, 200, 200]],
  ['POST', '/restore', { version: 1 }, [403, 200, 200]],
  ['DELETE', '/versions/1', undefined, [403, 403, 200]],
] as const)('%s %s of a project: viewer, editor, manager get %j', async (method, rest, body, expected) => {
  const name = await keyWith(2, `shop/${++count}`);
  const statuses = [];
  for (const client of [viewer, editor, user])
    statuses.push((await client(method, `${path(name)}${rest}`, body)).status);
  expect(statuses).toEqual(expected);
});

test('a restored version counts for what may be stored', async () => {
  const small = await startVault({ MAX_MEGABYTES_PER_USER: '1' });
  await admin('POST', '/users', { username: 'small', password: 'a good password' });
  const client = await small.signIn('small', 'a good password');
  await client('POST', '/keys', { key_name: 'small', api_key: 'v'.repeat(60_000) });
  const statuses = [];
  for (let index = 0; index < 14; index++) {
    statuses.push((await client('POST', '/keys/small/restore', { version: 1 })).status);
  }
  expect(statuses).toEqual([...Array(12).fill(200), 429, 429]);
  expect((await client('DELETE', '/keys/small/versions/2')).status).toBe(200);
  expect((await client('POST', '/keys/small/restore', { version: 1 })).status).toBe(200);
});

test('an old value that was moved from another key does not open', async () => {
  const [mine, theirs] = [await keyWith(2), await keyWith(2, 'of the admin', admin)];
  const of = (name: string, column: string) =>
    `(SELECT ${column} FROM secret_versions v JOIN secrets s ON s.id = v.secret_id WHERE s.name = '${name}' AND number = 1)`;
  await testDb().exec(
    `UPDATE secret_versions SET token = ${of(theirs, 'token')}, binding = ${of(theirs, 'binding')} WHERE number = 1 AND secret_id = (SELECT id FROM secrets WHERE name = '${mine}')`,
  );
  expect((await user('GET', `${path(mine)}?version=1`)).status).toBe(500);
  expect((await user('POST', `${path(mine)}/restore`, { version: 1 })).status).toBe(200);
  const read = await user('GET', path(mine));
  expect([read.status, read.text]).toEqual([500, expect.not.stringMatching(/value [12]/)]);
});

test('a version whose encryption key is gone is not restored: the key would get a value that nobody can read', async () => {
  const otherKey = 'cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=';
  const old = await vault.signIn('user', 'user123');
  const name = await keyWith(1);
  const rekeyed = await startVault({ ENCRYPTION_KEY: otherKey, RETIRED_ENCRYPTION_KEYS: testKeys.ENCRYPTION_KEY });
  const withBoth = await rekeyed.signIn('user', 'user123');
  await withBoth('PUT', path(name), { api_key: 'value 2' });
  expect((await withBoth('POST', `${path(name)}/restore`, { version: 1 })).status).toBe(200);
  expect((await withBoth('GET', path(name))).body.api_key).toBe('value 1');
  await withBoth('PUT', path(name), { api_key: 'value 4' });
  const withoutOld = await (await startVault({ ENCRYPTION_KEY: otherKey })).signIn('user', 'user123');
  const refused = await withoutOld('POST', `${path(name)}/restore`, { version: 1 });
  expect([refused.status, refused.body.error]).toEqual([
    500,
    expect.stringMatching(/cannot be restored.*ask an admin/),
  ]);
  expect(await newest(withoutOld)).toMatchObject({ outcome: 'failed', reason: 'unknown_key', target: name });
  expect((await withoutOld('GET', path(name))).body).toMatchObject({ api_key: 'value 4', version: 4 });
  // The canary goes back to the key of this file's vault.
  const backAgain = await startVault({ RETIRED_ENCRYPTION_KEYS: otherKey });
  expect((await (await backAgain.signIn('user', 'user123'))('GET', path(name))).body.api_key).toBe('value 4');
  expect((await old('GET', '/keys')).status).toBe(200);
});
