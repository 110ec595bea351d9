/** When a key expires, how often it is to be rotated, its labels, and the revision that two people need who change it at once. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type Client, startVault, testDb } from '../testing/vault.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;
let user: Client;
let viewer: Client;

beforeAll(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
  user = await vault.signIn('user', 'user123');
  await admin('POST', '/users', { username: 'viewer', password: 'a good password' });
  viewer = await vault.signIn('viewer', 'a good password');
  await user('POST', '/projects', { name: 'shop' });
  await user('PUT', '/projects/shop/members/viewer', { role: 'viewer' });
});

let count = 0;
const path = (name: string) => `/keys/${encodeURIComponent(name)}`;
const add = async (fields: object = {}, client = user, name = `key ${++count}`) => {
  const { status, text } = await client('POST', '/keys', { key_name: name, api_key: 'x', ...fields });
  expect([status, text]).toEqual([201, expect.anything()]);
  return name;
};
const read = async (name: string, client = user) => (await client('GET', path(name))).body;
const listed = async (query: string, client = user) =>
  (await client('GET', `/keys?${query}`)).body.keys?.map(({ key_name }) => key_name);
const inList = async (name: string) =>
  (await user('GET', '/keys')).body.keys?.find(({ key_name }) => key_name === name);

const days = (number: number) => new Date(Date.now() + number * 86_400_000).toISOString();

describe('expires_at', () => {
  test.each([
    ['2027-01-31', '2027-01-31T00:00:00.000Z'],
    ['2027-01-31T12:00Z', '2027-01-31T12:00:00.000Z'],
    ['2027-01-31T12:00:05.1234Z', '2027-01-31T12:00:05.123Z'],
    ['2027-01-31T12:00:05+02:00', '2027-01-31T10:00:05.000Z'],
    ['2027-01-31T12:00:05-0530', '2027-01-31T17:30:05.000Z'],
    ['2028-02-29', '2028-02-29T00:00:00.000Z'],
    ['1970-01-01', '1970-01-01T00:00:00.000Z'],
    ['9999-12-31', '9999-12-31T00:00:00.000Z'],
    [null, null],
  ])('%j is %j in the key and in the list', async (given, expected) => {
    for (const name of [await add({ expires_at: given }), await add()]) {
      expect((await user('PUT', path(name), { expires_at: given })).status).toBe(200);
      expect((await read(name)).expires_at).toBe(expected);
      expect((await inList(name))?.expires_at).toBe(expected);
    }
  });

  test.each([
    ...['', 'tomorrow', '2027-02-29', '2027-13-01', '2027-01-32', '2027-01-31T25:00Z', '2027-01-31T12:00', '2027-1-1'],
    ...[
      '+012027-01-31',
      '1969-12-31',
      '9999-12-31T23:59:59.999-01:00',
      '2027-01-31T12:00:60Z',
      1_800_000_000,
      true,
      [],
      {},
    ],
  ])('%j: 400, and nothing is changed', async (expires_at) => {
    const name = await add();
    const answer = await user('PUT', path(name), { expires_at, description: 'not stored' });
    expect([answer.status, answer.body.error]).toEqual([400, expect.stringMatching(/^expires_at must be/)]);
    expect(await read(name)).toMatchObject({ expires_at: null, description: '', revision: 1 });
    expect((await user('POST', '/keys', { key_name: 'never', api_key: 'x', expires_at })).status).toBe(400);
  });

  test('is a reminder: an expired key still answers', async () => {
    const name = await add({ expires_at: '2001-01-01' });
    expect(await read(name)).toMatchObject({ api_key: 'x', expires_at: '2001-01-01T00:00:00.000Z' });
  });
});

describe('rotate_every_days', () => {
  test('counts from the last new value, not from other changes', async () => {
    const name = await add({ rotate_every_days: 30 });
    const since = `UPDATE secrets SET value_changed_at = 0 WHERE name = '${name}'`;
    await testDb().exec(since);
    await user('PUT', path(name), { description: 'd' });
    const due = '1970-01-31T00:00:00.000Z';
    expect(await read(name)).toMatchObject({ rotate_every_days: 30, rotation_due_at: due });
    expect(await inList(name)).toMatchObject({ rotate_every_days: 30, rotation_due_at: due });
    for (const change of [{ api_key: 'x' }, { api_key: 'y' }]) {
      await testDb().exec(since);
      await user('PUT', path(name), change);
      expect(Date.parse((await read(name)).rotation_due_at ?? '')).toBeGreaterThan(Date.now());
    }
    await user('PUT', path(name), { rotate_every_days: null });
    expect(await read(name)).toMatchObject({ rotate_every_days: null, rotation_due_at: null });
  });

  test.each([0, -1, 3651, 1.5, '30', true, [], 1e300])('%j: 400', async (rotate_every_days) => {
    const name = await add();
    expect((await user('PUT', path(name), { rotate_every_days })).body.error).toMatch(/^rotate_every_days must be/);
  });

  test.each([1, 3650])('%j is stored', async (rotate_every_days) => {
    expect((await read(await add({ rotate_every_days }))).rotate_every_days).toBe(rotate_every_days);
  });
});

describe('due', () => {
  test('lists what expires or is to be rotated within so many days, and what is overdue', async () => {
    const person = async (username: string) => {
      await admin('POST', '/users', { username, password: 'a good password' });
      return vault.signIn(username, 'a good password');
    };
    const owner = await person('due');
    const named = (name: string) => `due ${name}`;
    const made: [string, object][] = [
      ['overdue', { expires_at: '2001-01-01' }],
      ['soon', { expires_at: days(6) }],
      ['later', { expires_at: days(20), rotate_every_days: 3650 }],
      ['rotate', { rotate_every_days: 7 }],
      ['both', { expires_at: days(300), rotate_every_days: 10 }],
      ['never', {}],
    ];
    for (const [name, fields] of made) await add(fields, owner, named(name));
    await owner('DELETE', path(await add({ expires_at: days(1) }, owner, named('trashed'))));
    expect(await listed('due=0', owner)).toEqual([named('overdue')]);
    expect(await listed('due=8', owner)).toEqual(['overdue', 'rotate', 'soon'].map(named));
    expect(await listed('due=14', owner)).toEqual(['both', 'overdue', 'rotate', 'soon'].map(named));
    expect(await listed('due=3650', owner)).toEqual(['both', 'later', 'overdue', 'rotate', 'soon'].map(named));
    expect(await listed('due=14&prefix=due%20&limit=2', admin)).toEqual(['both', 'overdue'].map(named));
    expect(await listed('due=14&prefix=due%20&after=due%20overdue', admin)).toEqual(['rotate', 'soon'].map(named));
    expect(await listed('due=14', viewer)).toEqual([]);
    for (const bad of ['-1', 'x', '3651', '1.5', '']) expect((await user('GET', `/keys?due=${bad}`)).status).toBe(400);
  });
});

describe('labels', () => {
  test('are stored, replaced as a whole, taken away, and listed', async () => {
    const labels = { env: 'prod', 'team name': 'a:b', ümlaut: '🔑', empty: '', __proto__x: 'y', constructor: 'z' };
    const name = await add({ labels });
    expect((await read(name)).labels).toEqual(labels);
    expect((await inList(name))?.labels).toEqual(labels);
    await user('PUT', path(name), { labels: { env: 'test' } });
    expect((await read(name)).labels).toEqual({ env: 'test' });
    await user('PUT', path(name), { description: 'd' });
    expect((await read(name)).labels).toEqual({ env: 'test' });
    for (const none of [{}, null]) {
      await user('PUT', path(name), { labels: { env: 'test' } });
      expect((await user('PUT', path(name), { labels: none })).status).toBe(200);
      expect((await read(name)).labels).toEqual({});
    }
    const prototype = await user('PUT', path(name), '{"labels":{"__proto__":"p"}}');
    expect([prototype.status, (await user('GET', path(name))).text]).toEqual([
      200,
      expect.stringContaining('"labels":{"__proto__":"p"}'),
    ]);
    expect(await listed('label=__proto__:p')).toEqual([name]);
  });

  test('find keys, exactly, one’s own and those of projects, and never those in the trash', async () => {
    const [mine, shared] = [
      await add({ labels: { find: 'me', other: 'me' } }),
      await add({ labels: { find: 'me' } }, user, `shop/${++count}`),
    ];
    const foreign = await add({ labels: { find: 'me' } }, admin);
    await user('DELETE', path(await add({ labels: { find: 'me' } })));
    expect(await listed('label=find:me')).toEqual([mine, shared]);
    expect(await listed('label=find:me', viewer)).toEqual([shared]);
    expect(await listed('label=find:me', admin)).toEqual([foreign, mine, shared].toSorted());
    expect(await listed('label=find:me&project=shop')).toEqual([shared]);
    expect(await listed('label=find:me&due=14')).toEqual([]);
    await user('PUT', path(mine), { expires_at: days(1) });
    expect(await listed('label=find:me&due=14')).toEqual([mine]);
    expect(await listed('label=find:me&due=14', admin)).toEqual([mine]);
    for (const near of ['find:m', 'find:ME', 'Find:me', 'fin:d:me', 'find:']) {
      expect(await listed(`label=${near}`)).toEqual([]);
    }
    await user('PUT', path(mine), { labels: { find: 'you' } });
    expect(await listed('label=find:me')).toEqual([shared]);
    for (const bad of ['find', ':me', '']) expect((await user('GET', `/keys?label=${bad}`)).status).toBe(400);
  });

  const many = (length: number) => Object.fromEntries(Array.from({ length }, (_, index) => [`n${index}`, 'v']));

  test.each<[string, unknown]>([
    ['21 of them', many(21)],
    ['a list', ['env:prod']],
    ['a text', 'env:prod'],
    ['a number for a value', { env: 1 }],
    ['null for a value', { env: null }],
    ['no name', { '': 'x' }],
    ['a colon in a name', { 'a:b': 'x' }],
    ['a name that is too long', { ['é'.repeat(33)]: 'x' }],
    ['a value that is too long', { env: 'x'.repeat(65) }],
    ['white space around', { ' env': 'x' }],
    ['an invisible character', { env: 'x\u200by' }],
    ['a control character', { env: 'x\ny' }],
  ])('%s: 400 that says what to change', async (_, labels) => {
    const answer = await user('POST', '/keys', { key_name: 'never', api_key: 'x', labels });
    expect([answer.status, answer.body.error]).toEqual([400, expect.stringMatching(/label.*\.$/)]);
  });

  test('20 of 64 bytes are stored', async () => {
    const labels = { ...many(19), ['é'.repeat(32)]: 'x'.repeat(64) };
    expect((await read(await add({ labels }))).labels).toEqual(labels);
  });
});

describe('the revision', () => {
  test('counts every change of a key, and is its ETag', async () => {
    const name = await add();
    const etag = async () => (await user('GET', path(name))).headers.get('ETag');
    expect(await etag()).toBe('"1"');
    let revision = 1;
    const changes = [{ api_key: 'y' }, { description: 'd' }, { expires_at: days(1) }, { labels: { a: 'b' } }];
    for (const change of [...changes, { rotate_every_days: 1 }, { key_name: `${name} again` }, { key_name: name }]) {
      const called = 'key_name' in change && change.key_name === name ? `${name} again` : name;
      const changed = await user('PUT', path(called), change);
      expect(changed.headers.get('ETag')).toBe(`"${++revision}"`);
    }
    await user('POST', `${path(name)}/restore`, { version: 1 });
    await user('DELETE', `${path(name)}/versions/1`);
    const id = (await user('DELETE', path(name))).headers.get('Trash-Id');
    await user('POST', `/trash/${id}/restore`);
    await admin('PUT', path(name), { owner: 'viewer' });
    expect((await read(name, viewer)).revision).toBe(revision + 5);
    expect((await viewer('GET', `${path(name)}?version=2`)).headers.get('ETag')).toBe(`"${revision + 5}"`);
  });

  test('of which If-Match names none: 412, nothing is changed, and the log has it', async () => {
    const name = await add();
    await user('PUT', path(name), { description: 'by somebody else' });
    for (const given of ['"1"', '"1", "3"', 'W/"1"', '"x"', '""', '"2x"']) {
      for (const [method, body, more = ''] of [
        ['PUT', { api_key: 'lost' }],
        ['PUT', { key_name: 'lost' }],
        ['DELETE', undefined],
        ['POST', { version: 1 }, '/restore'],
        ['DELETE', undefined, '/versions/1'],
      ] as const) {
        const answer = await user(method, `${path(name)}${more}`, body, { 'If-Match': given });
        expect([answer.status, answer.body.error], given).toEqual([412, expect.stringMatching(/Read the key again/)]);
        const { results } = await testDb()
          .prepare('SELECT outcome, reason FROM audit_events ORDER BY id DESC LIMIT 1')
          .all();
        expect(results).toEqual([{ outcome: 'conflict', reason: 'revision' }]);
      }
    }
    expect(await read(name)).toMatchObject({ api_key: 'x', description: 'by somebody else', revision: 2 });
    const transfer = await admin('PUT', path(name), { owner: 'viewer' }, { 'If-Match': '"1"' });
    expect(transfer.status).toBe(412);
  });

  test.each([['"2"'], ['*'], ['"1", "2"'], [' "2" '], ['W/"2"'], ['"1","2"']])(
    'that If-Match %s names: done',
    async (given) => {
      const name = await add();
      await user('PUT', path(name), { description: 'second' });
      const query = `/key?key_name=${encodeURIComponent(name)}`;
      expect((await user('PUT', query, { key_name: name, description: 'd' }, { 'If-Match': given })).status).toBe(200);
      expect((await user('DELETE', query, undefined, { 'If-Match': '"3"' })).status).toBe(200);
    },
  );

  test.each(['2', 'x', '"2', '2"', '"1" "2"', '"1",,"2"', '"1",'])('If-Match %s is no ETag: 400', async (given) => {
    const name = await add();
    for (const [method, body, more = ''] of [
      ['PUT', { description: 'd' }],
      ['DELETE', undefined],
      ['POST', { version: 1 }, '/restore'],
      ['DELETE', undefined, '/versions/1'],
    ] as const) {
      const answer = await user(method, `${path(name)}${more}`, body, { 'If-Match': given });
      expect([answer.status, answer.body.error]).toEqual([400, expect.stringMatching(/^If-Match must be/)]);
    }
  });

  test('tells nothing of a key of somebody else', async () => {
    const foreign = await add({}, admin);
    for (const given of ['"1"', '"9"', '*']) {
      for (const [method, body, more = ''] of [
        ['PUT', { description: 'd' }],
        ['DELETE', undefined],
        ['POST', { version: 1 }, '/restore'],
        ['DELETE', undefined, '/versions/1'],
      ] as const) {
        const [theirs, missing] = [
          await user(method, `${path(foreign)}${more}`, body, { 'If-Match': given }),
          await user(method, `${path('no such key')}${more}`, body, { 'If-Match': given }),
        ];
        expect([theirs.status, theirs.text]).toEqual([404, missing.text]);
      }
    }
  });

  test('holds for restoring and destroying a version, which answer with the new one', async () => {
    const name = await add();
    await user('PUT', path(name), { api_key: 'y' });
    for (const base of [path(name), '/key']) {
      const query = base === '/key' ? `?key_name=${encodeURIComponent(name)}` : '';
      const revision = (await read(name)).revision ?? 0;
      const restored = await user('POST', `${base}/restore${query}`, { version: 2 }, { 'If-Match': `"${revision}"` });
      expect([restored.status, restored.headers.get('ETag')]).toEqual([200, `"${revision + 1}"`]);
      const version = (restored.body.version ?? 0) - 1;
      const destroy = () =>
        user('DELETE', `${base}/versions/${base === '/key' ? version : 1}${query}`, undefined, {
          'If-Match': `"${revision + 1}"`,
        });
      const destroyed = await destroy();
      expect([destroyed.status, destroyed.headers.get('ETag')]).toEqual([200, `"${revision + 2}"`]);
      expect((await destroy()).status).toBe(412);
    }
  });

  test('lets one of 50 changes at once through, and tells the others', async () => {
    const name = await add();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => user('PUT', path(name), { api_key: `${i}` }, { 'If-Match': '"1"' })),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, ...Array<number>(49).fill(412)]);
    expect(await read(name)).toMatchObject({ api_key: String(statuses.indexOf(200)), revision: 2, version: 2 });
  });
});
