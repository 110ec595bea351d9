import { beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Client, startVault, testDb } from '../testing/vault.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;
/** Members of `shop` and of nothing else; `stranger` is in no project. */
let manager: Client;
let editor: Client;
let viewer: Client;
let stranger: Client;

const password = 'a good password';
const join = async (username: string) => {
  await admin('POST', '/users', { username, password });
  return vault.signIn(username, password);
};

beforeAll(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
  [manager, editor, viewer, stranger] = (await Promise.all(['manager', 'editor', 'viewer', 'stranger'].map(join))) as [
    Client,
    Client,
    Client,
    Client,
  ];
  await manager('POST', '/projects', { name: 'shop', description: 'the shop' });
  await manager('PUT', '/projects/shop/members/editor', { role: 'editor' });
  await manager('PUT', '/projects/shop/members/viewer', { role: 'viewer' });
});

let looks = 0;
const at = (name: string) => `/projects/${encodeURIComponent(name)}`;
const seat = (project: string, user: string) => `${at(project)}/members/${encodeURIComponent(user)}`;
const newest = async (query = '') => (await admin('GET', `/logs?limit=1${query}`)).body.logs?.[0];
const rolesIn = async (project: string) =>
  Object.fromEntries((await admin('GET', at(project))).body.members?.map((each) => [each.user_name, each.role]) ?? []);

/** What does not vary between two answers to the same request. */
const seen = ({ status, text, headers }: Answer) => [
  status,
  text,
  [...headers].filter(([name]) => name !== 'date').toSorted(),
];

describe('a project', () => {
  test('is made by any user, who becomes its manager, and shows its counts', async () => {
    const made = await stranger('POST', '/projects', { name: 'mine', description: 'd' });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ name: 'mine', description: 'd', role: 'manager', key_count: 0, member_count: 1 });
    expect(await newest()).toMatchObject({ action: 'add_project', target: 'mine', key_name: null, success: true });
    await stranger('POST', '/keys', { key_name: 'mine/a', api_key: 'x' });
    expect((await stranger('GET', '/projects')).body).toEqual({
      projects: [
        {
          name: 'mine',
          description: 'd',
          role: 'manager',
          key_count: 1,
          member_count: 1,
          created_at: expect.stringMatching(/^\d{4}-.*Z$/),
        },
      ],
    });
    const { body } = await stranger('GET', '/projects/mine');
    expect(body).toMatchObject({ name: 'mine', role: 'manager', key_count: 1, member_count: 1 });
    expect(body.members).toEqual([
      { user_name: 'stranger', role: 'manager', added_at: expect.any(String), added_by: 'stranger' },
    ]);
    expect(await newest('&action=view_project')).toMatchObject({ target: 'mine', user_name: 'stranger' });
    const trashed = (await stranger('DELETE', '/keys/mine%2Fa')).headers.get('Trash-Id');
    expect((await stranger('DELETE', '/projects/mine')).status).toBe(409);
    await stranger('DELETE', `/trash/${trashed}`);
    expect((await stranger('DELETE', '/projects/mine')).status).toBe(200);
  });

  test('is listed for its members only; admins see all, as admin where they are no members', async () => {
    expect((await viewer('GET', '/projects')).body.projects).toMatchObject([{ name: 'shop', role: 'viewer' }]);
    expect((await stranger('GET', '/projects')).body.projects).toEqual([]);
    expect((await admin('GET', '/projects')).body.projects).toMatchObject([{ name: 'shop', role: 'admin' }]);
    expect((await admin('GET', '/projects/shop')).body.role).toBe('admin');
    await admin('PUT', seat('shop', 'admin'), { role: 'viewer' });
    expect((await admin('GET', '/projects/shop')).body.role).toBe('viewer');
    await admin('DELETE', seat('shop', 'admin'));
  });

  test('is to a stranger like a missing one, byte for byte, whatever is asked', async () => {
    const requests: [string, string, unknown?][] = [
      ['GET', ''],
      ['PUT', '', { description: 'x' }],
      ['DELETE', ''],
      ['PUT', '/members/viewer', { role: 'manager' }],
      ['PUT', '/members/nobody', { role: 'manager' }],
      ['DELETE', '/members/viewer'],
      ['DELETE', '/members/stranger'],
    ];
    for (const [method, rest, body] of requests) {
      const other = await stranger(method, `/projects/shop${rest}`, body);
      const missing = await stranger(method, `/projects/none${rest}`, body);
      expect(seen(other), `${method} ${rest}`).toEqual(seen(missing));
      expect(other.status).toBe(404);
    }
    const own = (await stranger('GET', '/logs?limit=14')).body.logs;
    for (const entry of own ?? []) expect(entry).toMatchObject({ outcome: 'not_found', reason: null });
    expect(await rolesIn('shop')).toEqual({ manager: 'manager', editor: 'editor', viewer: 'viewer' });
  });

  test.each([
    ['viewer', 403],
    ['editor', 403],
    ['manager', 200],
    ['admin', 200],
  ])('is changed, and its members are, by a %s: %i', async (name, status) => {
    const client = { viewer, editor, manager, admin }[name] as Client;
    expect((await client('PUT', '/projects/shop', { description: name })).status).toBe(status);
    expect((await client('PUT', seat('shop', 'stranger'), { role: 'viewer' })).status).toBe(status);
    expect((await client('DELETE', seat('shop', 'stranger'))).status).toBe(status);
    if (status === 403) {
      expect(await newest()).toMatchObject({ outcome: 'denied', reason: 'project_role' });
      expect((await client('DELETE', '/projects/shop')).status).toBe(403);
    }
    expect((await admin('GET', '/projects/shop')).body.description).toBe(status === 200 ? name : 'the shop');
    await admin('PUT', '/projects/shop', { description: 'the shop' });
  });

  test.each([
    ['a slash', 'a/b'],
    ['a slash of full width', 'a／b'],
    ['a star', 'a*'],
    ['a dot', '.'],
    ['two dots', '..'],
    ['nothing', '  '],
    ['256 bytes', 'x'.repeat(256)],
    ['a line break', 'a\nb'],
    ['an invisible character', 'a\u200bb'],
  ])('cannot be called %s', async (_, name) => {
    const answer = await admin('POST', '/projects', { name });
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatch(/^name /);
  });

  test.each(['a b', 'ü', '__proto__', 'constructor', '%2F', 'a?b#c', "x'; DROP TABLE users", 'v1.2', 'x'.repeat(255)])(
    'may be called %s',
    async (name) => {
      expect((await stranger('POST', '/projects', { name })).status).toBe(201);
      expect((await stranger('GET', at(name))).body.name).toBe(name);
      expect((await stranger('DELETE', at(name))).status).toBe(200);
    },
  );

  test.each(['shop', ' shop ', 'SHOP', 'ѕhop', 'ｓhop', 'sh0p'])(
    'cannot be called %j beside shop, and all conflicts answer the same',
    async (name) => {
      await admin('POST', '/keys', { key_name: 'held/x', api_key: 'x' });
      const refused = await stranger('POST', '/projects', { name });
      expect(refused.status).toBe(409);
      expect(seen(refused)).toEqual(seen(await stranger('POST', '/projects', { name: 'held' })));
      expect(await newest('&user_name=stranger')).toMatchObject({ outcome: 'conflict', reason: 'name_held' });
      expect((await stranger('GET', '/logs?limit=1')).body.logs).toMatchObject([{ reason: 'name_taken' }]);
    },
  );

  test('is deleted only when it holds no key, neither in use nor in the trash', async () => {
    await manager('POST', '/projects', { name: 'full' });
    await manager('POST', '/keys', { key_name: 'full/x', api_key: 'x' });
    expect((await manager('DELETE', '/projects/full')).status).toBe(409);
    const id = (await manager('DELETE', '/keys/full%2Fx')).headers.get('Trash-Id');
    expect((await manager('GET', '/projects/full')).body.key_count).toBe(0);
    const refused = await manager('DELETE', '/projects/full');
    expect(refused.status).toBe(409);
    expect(refused.body.error).toMatch(/trash/);
    await manager('DELETE', `/trash/${id}`);
    expect((await manager('DELETE', '/projects/full')).status).toBe(200);
  });

  test('is deleted with what has been in its trash for too long: nobody can see that any more. The log names it', async () => {
    await manager('POST', '/projects', { name: 'stale' });
    const keys = ['stale/x', 'stale/y'];
    for (const key_name of keys) await manager('POST', '/keys', { key_name, api_key: 'x' });
    const usage = 'SELECT count(*) FROM secret_versions';
    const versions = await testDb().prepare(usage).first<number>('count(*)');
    await testDb().exec("UPDATE secrets SET deleted_at = 1, deleted_by = 'x' WHERE name LIKE 'stale/%'");
    expect((await manager('DELETE', '/projects/stale')).status).toBe(200);
    const { body } = await admin('GET', '/logs?limit=3');
    expect(body.logs?.map(({ action, target, user_name, reason }) => [action, target, user_name, reason])).toEqual([
      ['destroy_key', 'stale/y', null, 'trash_emptied'],
      ['destroy_key', 'stale/x', null, 'trash_emptied'],
      ['delete_project', 'stale', 'manager', null],
    ]);
    expect(await testDb().prepare(usage).first('count(*)')).toBe((versions ?? 0) - 2);
  });

  test('of an old name inherits neither members nor keys', async () => {
    await manager('POST', '/projects', { name: 'again' });
    await manager('PUT', seat('again', 'viewer'), { role: 'manager' });
    await manager('DELETE', '/projects/again');
    await stranger('POST', '/projects', { name: 'again' });
    expect(await rolesIn('again')).toEqual({ stranger: 'manager' });
    expect((await viewer('GET', '/projects/again')).status).toBe(404);
    await stranger('DELETE', '/projects/again');
  });

  test('takes in the keys of its maker whose names begin like it, with an entry for each', async () => {
    for (const key_name of ['moving/a', 'moving/b/c', 'moving', 'moving-on/a', 'moving0']) {
      await editor('POST', '/keys', { key_name, api_key: 'x' });
    }
    const made = await editor('POST', '/projects', { name: 'moving' });
    expect(made.body).toMatchObject({ key_count: 2 });
    const { body } = await admin('GET', '/logs?limit=3');
    expect(body.logs).toMatchObject([
      { action: 'transfer_key', key_name: 'moving/b/c', reason: 'into the project moving', user_name: 'editor' },
      { action: 'transfer_key', key_name: 'moving/a', reason: 'into the project moving' },
      { action: 'add_project', target: 'moving', reason: '2 keys moved in' },
    ]);
    const owners = 'SELECT name FROM secrets WHERE project_id IS NULL AND name LIKE ? ORDER BY name';
    const { results } = await testDb().prepare(owners).bind('moving%').all();
    expect(results.map(({ name }) => name)).toEqual(['moving', 'moving-on/a', 'moving0']);
    expect((await editor('GET', '/keys/moving%2Fa')).body.api_key).toBe('x');
  });

  test('takes in the keys of others only if an admin says so', async () => {
    await stranger('POST', '/keys', { key_name: 'legacy/a', api_key: 'old' });
    expect((await editor('POST', '/projects', { name: 'legacy', adopt: true })).status).toBe(409);
    expect((await admin('POST', '/projects', { name: 'legacy' })).status).toBe(409);
    expect((await stranger('GET', '/keys/legacy%2Fa')).body.api_key).toBe('old');
    expect((await admin('POST', '/projects', { name: 'legacy', adopt: true })).status).toBe(201);
    expect((await stranger('GET', '/keys/legacy%2Fa')).status).toBe(404);
    expect((await admin('GET', '/keys/legacy%2Fa')).body.api_key).toBe('old');
  });

  test.each<[string, () => Client]>([
    ['somebody else', () => stranger],
    ['its maker', () => editor],
  ])('is not made while a key of %s only looks as if it were in it', async (_, owner) => {
    const key_name = `ｌook ${++looks}/x`;
    const name = key_name.replace('ｌ', 'l').replace('/x', '');
    await owner()('POST', '/keys', { key_name, api_key: 'x' });
    for (const [client, adopt] of [
      [editor, false],
      [admin, true],
    ] as const) {
      const answer = await client('POST', '/projects', { name, adopt });
      expect([answer.status, answer.body.error]).toEqual([409, expect.stringMatching(/names/)]);
    }
    await owner()('PUT', `/keys/${encodeURIComponent(key_name)}`, { key_name: `${name} other/x` });
    expect((await editor('POST', '/projects', { name })).status).toBe(201);
  });

  test('is not hindered by keys in the trash', async () => {
    await stranger('POST', '/keys', { key_name: 'trashed/a', api_key: 'x' });
    await testDb().exec("UPDATE secrets SET deleted_at = 1, deleted_by = 'x' WHERE name = 'trashed/a'");
    expect((await editor('POST', '/projects', { name: 'trashed' })).body).toMatchObject({ key_count: 0 });
    const { results } = await testDb()
      .prepare("SELECT owner_id, project_id FROM secrets WHERE name = 'trashed/a'")
      .all();
    expect(results).toMatchObject([{ owner_id: expect.any(Number), project_id: null }]);
  });

  test('an account makes so many of, and no more', async () => {
    await testDb().exec(
      "INSERT INTO projects (name, likeness, key_likeness, creator_id, created_by, created_at) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) SELECT 'many ' || i, 'many ' || i, 'many ' || i, (SELECT id FROM users WHERE name = 'viewer'), 'viewer', 1 FROM n",
    );
    const refused = await viewer('POST', '/projects', { name: 'one more' });
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, '60']);
    await testDb().exec("DELETE FROM projects WHERE name LIKE 'many %'");
    expect((await viewer('POST', '/projects', { name: 'one more' })).status).toBe(201);
    await viewer('DELETE', '/projects/one%20more');
  });

  test('of one name is made once, however many try at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 ? editor : manager)('POST', '/projects', { name: 'race' })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array(19).fill(409)]);
  });
});

describe('lists of projects and members', () => {
  test('are paged by name', async () => {
    for (const name of ['p a', 'p b', 'p c']) await stranger('POST', '/projects', { name });
    for (const client of [stranger, admin]) {
      const first = (await client('GET', '/projects?limit=2&after=p')).body;
      expect(first.projects?.map(({ name }) => name)).toEqual(['p a', 'p b']);
      expect(first.next).toBe('p b');
      const second = (await client('GET', `/projects?limit=1&after=${first.next}`)).body;
      expect(second.projects?.map(({ name }) => name)).toEqual(['p c']);
    }
    expect((await stranger('GET', '/projects?limit=3')).body.next).toBeUndefined();
    for (const name of ['p a', 'p b', 'p c']) await stranger('DELETE', at(name));
    const members = (await viewer('GET', '/projects/shop?limit=2')).body;
    expect(members.members?.map(({ user_name }) => user_name)).toEqual(['editor', 'manager']);
    expect(members.next).toBe('manager');
    const rest = (await viewer('GET', '/projects/shop?limit=2&after=manager')).body;
    expect(rest.members?.map(({ user_name }) => user_name)).toEqual(['viewer']);
    expect([rest.next, rest.member_count]).toEqual([undefined, 3]);
    expect((await viewer('GET', '/projects/shop?after=zzz')).body).toMatchObject({ name: 'shop', members: [] });
  });

  test.each(['limit=0', 'limit=1001', 'limit=x', 'after=%ff'])('refuse %s', async (query) => {
    expect((await admin('GET', `/projects?${query}`)).status).toBe(query === 'after=%ff' ? 200 : 400);
    expect((await admin('GET', `/projects/shop?${query}`)).status).toBe(query === 'after=%ff' ? 200 : 400);
  });
});

describe('a member', () => {
  test('is added and changed by a manager, and the log says what changed', async () => {
    expect((await manager('PUT', seat('shop', 'stranger'), { role: 'viewer' })).status).toBe(200);
    expect(await newest()).toMatchObject({ action: 'set_member', target: 'shop', reason: 'stranger: viewer' });
    await manager('PUT', seat('shop', 'stranger'), { role: 'editor' });
    expect(await newest()).toMatchObject({ action: 'set_member', reason: 'stranger: viewer to editor' });
    expect((await manager('GET', '/projects/shop')).body.members).toContainEqual({
      user_name: 'stranger',
      role: 'editor',
      added_at: expect.any(String),
      added_by: 'manager',
    });
    await manager('DELETE', seat('shop', 'stranger'));
    expect(await newest()).toMatchObject({ action: 'remove_member', target: 'shop', reason: 'stranger: editor' });
    expect((await stranger('GET', '/projects/shop')).status).toBe(404);
  });

  test('that is no user, or not in the project, is 404', async () => {
    for (const answer of [
      await manager('PUT', seat('shop', 'nobody'), { role: 'viewer' }),
      await manager('DELETE', seat('shop', 'nobody')),
      await manager('DELETE', seat('shop', 'stranger')),
    ]) {
      expect(answer.status).toBe(404);
    }
    expect(await newest()).toMatchObject({ outcome: 'not_found', reason: 'no_member' });
  });

  test.each(['owner', '', null, 7, ['manager'], 'Manager'])('cannot have the role %j', async (role) => {
    expect((await manager('PUT', seat('shop', 'viewer'), { role })).status).toBe(400);
  });

  test('may leave', async () => {
    await manager('PUT', seat('shop', 'stranger'), { role: 'viewer' });
    expect((await stranger('DELETE', seat('shop', 'stranger'))).status).toBe(200);
    expect((await stranger('GET', '/projects/shop')).status).toBe(404);
  });

  test('that is the last active manager stays, unless an admin says otherwise', async () => {
    for (const answer of [
      await manager('DELETE', seat('shop', 'manager')),
      await manager('PUT', seat('shop', 'manager'), { role: 'editor' }),
    ]) {
      expect(answer.status).toBe(400);
      expect(answer.body.error).toMatch(/last active manager/);
    }
    expect((await manager('PUT', seat('shop', 'manager'), { role: 'manager' })).status).toBe(200);
    // An inactive manager does not count.
    const gone = await join('switched off');
    await manager('PUT', seat('shop', 'switched off'), { role: 'manager' });
    const { users } = (await admin('GET', '/users')).body;
    const id = users?.find(({ username }) => username === 'switched off')?.id;
    expect((await admin('PUT', `/users/${id}`, { is_active: false })).status).toBe(200);
    expect((await gone('GET', '/projects/shop')).status).toBe(401);
    expect((await manager('DELETE', seat('shop', 'manager'))).status).toBe(400);
    expect((await manager('DELETE', seat('shop', 'switched off'))).status).toBe(200);
    expect((await admin('PUT', seat('shop', 'manager'), { role: 'viewer' })).status).toBe(200);
    expect((await admin('DELETE', seat('shop', 'manager'))).status).toBe(200);
    await admin('PUT', seat('shop', 'manager'), { role: 'manager' });
  });

  test('two managers who remove each other at once leave one', async () => {
    for (let round = 0; round < 5; round++) {
      await manager('PUT', seat('shop', 'editor'), { role: 'manager' });
      await Promise.all([
        manager('DELETE', seat('shop', 'editor')),
        editor('DELETE', seat('shop', 'manager')),
        manager('PUT', seat('shop', 'manager'), { role: 'viewer' }),
      ]);
      expect(Object.values(await rolesIn('shop')).filter((role) => role === 'manager')).toHaveLength(1);
      await admin('PUT', seat('shop', 'manager'), { role: 'manager' });
      await admin('PUT', seat('shop', 'editor'), { role: 'editor' });
    }
  });
});
