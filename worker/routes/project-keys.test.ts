/** Who reaches the keys of a project, and who may put one there. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Client, startVault, testDb } from '../testing/vault.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let people: Record<string, Client>;

const password = 'a good password';
const path = (name: string) => `/keys/${encodeURIComponent(name)}`;
const person = (name: string) => people[name] as Client;
const newest = async () => (await person('admin')('GET', '/logs?limit=1')).body.logs?.[0];

beforeAll(async () => {
  vault = await startVault();
  const admin = await vault.signIn('admin', 'admin123');
  people = { admin };
  for (const username of ['manager', 'editor', 'viewer', 'stranger', 'other']) {
    await admin('POST', '/users', { username, password });
    people[username] = await vault.signIn(username, password);
  }
  await person('manager')('POST', '/projects', { name: 'shop' });
  await person('other')('POST', '/projects', { name: 'web' });
  for (const role of ['editor', 'viewer']) {
    await person('manager')('PUT', `/projects/shop/members/${role}`, { role });
  }
  await person('editor')('POST', '/keys', { key_name: 'shop/prod/STRIPE', api_key: 'sk-1', description: 'd' });
});

/** What does not vary between two answers to the same request. */
const seen = ({ status, text, headers }: Answer) => [
  status,
  text,
  [...headers].filter(([name]) => name !== 'date').toSorted(),
];

describe.each([
  ['viewer', { read: 200, change: 403, remove: 403, create: 403 }],
  ['editor', { read: 200, change: 200, remove: 200, create: 201 }],
  ['manager', { read: 200, change: 200, remove: 200, create: 201 }],
  ['admin', { read: 200, change: 200, remove: 200, create: 201 }],
  ['stranger', { read: 404, change: 404, remove: 404, create: 404 }],
  ['other', { read: 404, change: 404, remove: 404, create: 404 }],
])('%s', (name, { read, change, remove, create }) => {
  test(`reads a key of the project: ${read}, changes one: ${change}, deletes one: ${remove}, adds one: ${create}`, async () => {
    const client = person(name);
    await person('manager')('POST', '/keys', { key_name: 'shop/dev/X', api_key: 'first' });
    const found = await client('GET', path('shop/dev/X'));
    expect([found.status, found.body.api_key]).toEqual([read, read === 200 ? 'first' : undefined]);
    expect((await client('PUT', path('shop/dev/X'), { api_key: 'second' })).status).toBe(change);
    expect((await person('manager')('GET', path('shop/dev/X'))).body.api_key).toBe(change === 200 ? 'second' : 'first');
    expect((await client('DELETE', path('shop/dev/X'))).status).toBe(remove);
    expect((await person('manager')('GET', path('shop/dev/X'))).status).toBe(remove === 200 ? 404 : 200);
    expect((await client('POST', '/keys', { key_name: 'shop/new', api_key: 'x' })).status).toBe(create);
    expect((await person('manager')('DELETE', path('shop/new'))).status).toBe(create === 201 ? 200 : 404);
  });

  test('gets the same answer to a taken name and to a free one, if they may not add keys', async () => {
    const client = person(name);
    const add = (key_name: string) => client('POST', '/keys', { key_name, api_key: 'x' });
    const taken = await add('shop/prod/STRIPE');
    if (create === 201) {
      expect(taken.status).toBe(409);
      return;
    }
    const names = ['shop/prod/FREE', 'shop/', 'shop//x', 'shop/../x', 'shop/prod/STRIPE\u3000', 'ｓhop/prod/STRIPE'];
    for (const free of names) expect(seen(await add(free)), free).toEqual(seen(taken));
    if (create === 404) expect(seen(await add('shop／prod／FREE'))).toEqual(seen(taken));
  });
});

describe('a key of a project', () => {
  test('belongs to the project and not to who made it', async () => {
    const { results } = await testDb()
      .prepare(
        "SELECT owner_id, secrets.created_by, projects.name FROM secrets JOIN projects ON projects.id = project_id WHERE secrets.name LIKE 'shop/prod/%'",
      )
      .all();
    expect(results).toEqual([{ owner_id: null, created_by: 'editor', name: 'shop' }]);
    await person('manager')('DELETE', '/projects/shop/members/editor');
    expect((await person('editor')('GET', path('shop/prod/STRIPE'))).status).toBe(404);
    expect((await person('viewer')('GET', path('shop/prod/STRIPE'))).body.api_key).toBe('sk-1');
    await person('manager')('PUT', '/projects/shop/members/editor', { role: 'editor' });
  });

  test('is to a stranger like a missing one, for every verb, in the log of the stranger as well', async () => {
    const stranger = person('stranger');
    for (const [method, body] of [['GET'], ['PUT', { description: 'x' }], ['DELETE']] as const) {
      const real = await stranger(method, path('shop/prod/STRIPE'), body);
      expect(await newest()).toMatchObject({ outcome: 'denied', reason: 'not_owner', user_name: 'stranger' });
      expect(seen(real)).toEqual(seen(await stranger(method, path('shop/prod/NONE'), body)));
      expect(seen(real)).toEqual(seen(await stranger(method, path('none/prod/NONE'), body)));
    }
    const { logs } = (await stranger('GET', '/logs?limit=9')).body;
    for (const entry of logs ?? []) expect(entry).toMatchObject({ outcome: 'not_found', reason: null });
  });

  test.each(['shop/', 'shop//x', 'shop/./x', 'shop/x/..', 'shop/x/', 'shop/.', 'shop/．．/y', 'shop/‥/z', 'shop/y／'])(
    'has no part that is empty or dots, or looks so: %s is 400',
    async (key_name) => {
      const refused = await person('editor')('POST', '/keys', { key_name, api_key: 'x' });
      expect(refused.status).toBe(400);
      expect(refused.body.error).toMatch(/between slashes/);
      expect(await newest()).toMatchObject({ outcome: 'invalid', reason: 'bad_segment' });
      // Outside of projects, names are as free as they were.
      expect((await person('editor')('POST', '/keys', { key_name: `free${key_name}`, api_key: 'x' })).status).toBe(201);
    },
  );

  test('cannot be copied by a name that only looks the same: for an editor the name is taken', async () => {
    for (const key_name of ['ｓhop/prod/STRIPE', 'ｓhop/other', 'shop／other']) {
      expect((await person('editor')('POST', '/keys', { key_name, api_key: 'x' })).status, key_name).toBe(409);
    }
  });

  test('is only what begins with the name and a slash', async () => {
    for (const key_name of ['shop', 'shopping/x', 'shop-x/y', '/shop/x', 'Shop/x', 'my shop/x']) {
      const added = await person('stranger')('POST', '/keys', { key_name, api_key: 'x' });
      expect(added.status, key_name).toBe(201);
      expect((await person('manager')('GET', path(key_name))).status, key_name).toBe(404);
    }
  });

  test('placed by strangers is counted with the names of others that they hit upon', async () => {
    const name =
      "INSERT INTO audit_events (at, request_id, actor_id, action, outcome, reason, address, user_agent) SELECT ?, 'r', id, 'secret.create', 'not_found', 'name_held', '', '' FROM users WHERE name = 'stranger'";
    await testDb().batch(Array.from({ length: 60 }, () => testDb().prepare(name).bind(Date.now())));
    expect((await person('stranger')('POST', '/keys', { key_name: 'shop/q', api_key: 'x' })).status).toBe(429);
    expect((await person('stranger')('POST', '/projects', { name: 'shop' })).status).toBe(429);
  });

  test('counts for the project, whoever stores it, and the project can be full', async () => {
    const small = await startVault({ MAX_KEYS_PER_USER: '3', MAX_MEGABYTES_PER_USER: '1' });
    const editor = await small.signIn('editor', password);
    for (const key of ['shop/1', 'shop/2', 'shop/3', 'shop/4']) {
      await editor('POST', '/keys', { key_name: key, api_key: 'x'.repeat(1000) });
    }
    const full = await editor('POST', '/keys', { key_name: 'shop/5', api_key: 'x' });
    expect([full.status, full.headers.get('Retry-After')]).toEqual([429, '60']);
    expect(full.body.error).toMatch(/^The project has as many keys/);
    const { owner_id } = (await testDb()
      .prepare(
        "SELECT count(*) AS owner_id FROM usage JOIN users ON users.id = owner_id WHERE name = 'editor' AND bytes > 9000",
      )
      .first()) as { owner_id: number };
    expect(owner_id).toBe(0);
    await testDb().exec("UPDATE projects SET bytes = 1024 * 1024 WHERE name = 'shop'");
    const heavy = await editor('PUT', path('shop/1'), { api_key: 'y' });
    expect([heavy.status, heavy.body.error]).toEqual([429, expect.stringMatching(/^The project has stored/)]);
    expect((await editor('PUT', path('shop/1'), { description: 'fits' })).status).toBe(200);
    // What a project is full of says nothing about the account.
    expect((await person('viewer')('POST', '/keys', { key_name: 'own', api_key: 'x' })).status).toBe(201);
  });
});

test('a role that is taken away ends with the next request, and 50 requests at once see one state or the other', async () => {
  await person('manager')('POST', '/keys', { key_name: 'shop/race', api_key: 'x' });
  const answers = await Promise.all([
    ...Array.from({ length: 25 }, () => person('editor')('GET', path('shop/race'))),
    person('manager')('DELETE', '/projects/shop/members/editor'),
    ...Array.from({ length: 25 }, () => person('editor')('GET', path('shop/race'))),
  ]);
  expect([200, 204, 404]).toEqual(expect.arrayContaining([...new Set(answers.map(({ status }) => status))]));
  expect((await person('editor')('GET', path('shop/race'))).status).toBe(404);
});
