/** What a service token reaches: the person's or the project's keys, within its scopes, by its access. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Client, startVault, testDb } from '../testing/vault.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;
let user: Client;
let other: Client;
const password = 'a good password';

const path = (name: string, end = '') => `/keys/${encodeURIComponent(name)}${end}`;
const add = async (client: Client, key_name: string, api_key = `value of ${key_name}`) => {
  const answer = await client('POST', '/keys', { key_name, api_key });
  if (answer.status !== 201) throw new Error(`${key_name}: ${answer.text}`);
};

beforeAll(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
  user = await vault.signIn('user', 'user123');
  await testDb().exec('UPDATE users SET must_change_password = 0');
  for (const username of ['other', 'viewer']) await admin('POST', '/users', { username, password });
  other = await vault.signIn('other', password);
  for (const name of ['shop', 'web']) await user('POST', '/projects', { name });
  await other('POST', '/projects', { name: 'bank' });
  await user('PUT', '/projects/shop/members/viewer', { role: 'viewer' });
  for (const name of ['stripe', 'stripe2', 'shop/prod/A', 'shop/prod/B', 'shop/dev/A', 'shopping/X', 'web/X'])
    await add(user, name);
  for (const name of ['others', 'bank/X']) await add(other, name);
});

const make = async (
  client: Client,
  scopes: string[],
  access = 'read',
  project: string | null = null,
): Promise<Client> => {
  const { status, body, text } = await client('POST', '/tokens', { name: 'bot', access, scopes, project });
  if (status !== 201) throw new Error(text);
  return vault.client(body.token ?? '');
};
const names = ({ body }: Answer) => body.keys?.map(({ key_name }) => key_name);
const newest = () =>
  testDb()
    .prepare('SELECT action, target, outcome, reason FROM audit_events ORDER BY id DESC LIMIT 1')
    .first<Record<string, unknown>>();

describe('the list of keys', () => {
  test.each([
    [['*'], ['shop/dev/A', 'shop/prod/A', 'shop/prod/B', 'shopping/X', 'stripe', 'stripe2', 'web/X']],
    [['shop/*'], ['shop/dev/A', 'shop/prod/A', 'shop/prod/B']],
    [
      ['stripe', 'shop/prod/*'],
      ['shop/prod/A', 'shop/prod/B', 'stripe'],
    ],
    [
      ['shop/prod/*', 'shop/*', 'shop/prod/A'],
      ['shop/dev/A', 'shop/prod/A', 'shop/prod/B'],
    ],
    [['shop', 'SHOP/*', 'bank/*', 'others', 'nothing/*'], []],
  ])('shows what is in %j, and nothing else', async (scopes, expected) => {
    expect(names(await (await make(user, scopes))('GET', '/keys'))).toEqual(expected);
  });

  test('is filtered and read in pages within the scopes', async () => {
    const use = await make(user, ['shop/prod/*', 'stripe', 'web/*']);
    expect(names(await use('GET', '/keys?prefix=s'))).toEqual(['shop/prod/A', 'shop/prod/B', 'stripe']);
    expect(names(await use('GET', '/keys?project=shop'))).toEqual(['shop/prod/A', 'shop/prod/B']);
    expect(names(await use('GET', '/keys?project=bank'))).toEqual([]);
    expect(names(await use('GET', '/keys?q=s')), 'q').toEqual(['shop/prod/A', 'shop/prod/B', 'stripe']);
    const first = await use('GET', '/keys?limit=2');
    expect(names(first)).toEqual(['shop/prod/A', 'shop/prod/B']);
    expect(names(await use('GET', `/keys?limit=2&after=${first.body.next}`))).toEqual(['stripe', 'web/X']);
  });

  test('of a label, and of what is due, stays within the scopes', async () => {
    for (const name of ['shop/prod/A', 'shop/dev/A']) {
      await user('PUT', path(name), { labels: { env: 'x' }, expires_at: '2020-01-01' });
    }
    for (const client of [user, admin]) {
      const use = await make(client, ['shop/prod/*']);
      expect(names(await use('GET', '/keys?label=env:x'))).toEqual(['shop/prod/A']);
      expect(names(await use('GET', '/keys?due=1'))).toEqual(['shop/prod/A']);
    }
  });

  test("of an admin's token is everybody's, within its scopes", async () => {
    const use = await make(admin, ['bank/*', 'others', 'shop/dev/*']);
    expect(names(await use('GET', '/keys'))).toEqual(['bank/X', 'others', 'shop/dev/A']);
    expect((await use('GET', path('bank/X'))).body.api_key).toBe('value of bank/X');
    expect((await use('GET', path('shop/prod/A'))).status).toBe(404);
  });

  test('is long: every key comes once, in order, whatever the scopes are', async () => {
    const many = Array.from(
      { length: 150 },
      (_, index) => `many/${String(index % 3)}/${String(index).padStart(3, '0')}`,
    );
    const entries = many.map((key_name) => ({ key_name, api_key: 'v' }));
    expect((await user('POST', '/keys/import', { entries })).status).toBe(200);
    const scopes = ['many/2/*', 'many/0/*', ...many.filter((name) => name.startsWith('many/1/')).slice(0, 50)];
    const use = await make(user, scopes);
    expect(names(await use('GET', '/keys'))).toEqual(many.toSorted());
    expect(names(await (await make(admin, scopes))('GET', '/keys'))).toEqual(many.toSorted());
  });
});

/** Every way to ask for one key by its name. */
const ways = (name: string): [method: string, path: string, body?: unknown][] => [
  ['GET', path(name)],
  ['GET', `/key?key_name=${encodeURIComponent(name)}`],
  ['PUT', path(name), { description: 'new' }],
  ['PUT', path(name), { key_name: 'shop/prod/NEW' }],
  ['DELETE', path(name)],
  ['GET', path(name, '/versions')],
  ['POST', path(name, '/restore'), { version: 1 }],
  ['DELETE', path(name, '/versions/1')],
];

describe('a key outside the scopes', () => {
  test.each(['read', 'write', 'manage'])(
    'is as if it were missing, in every way to ask for it, with access to %s',
    async (access) => {
      const use = await make(user, ['shop/prod/*'], access);
      const missing = ways('shop/dev/NOTHING');
      for (const [index, [method, url, body]] of ways('shop/dev/A').entries()) {
        const answer = await use(method, url, body);
        expect([answer.status, answer.text], `${method} ${url}`).toEqual([404, expect.stringMatching(/no such key/)]);
        expect(await newest(), url).toMatchObject({ outcome: 'denied', reason: 'token_scope', target: 'shop/dev/A' });
        const [, other = ''] = missing[index] ?? [];
        expect((await use(method, other, body)).text).toBe(answer.text);
      }
      expect((await user('GET', path('shop/dev/A'))).body).toMatchObject({ api_key: 'value of shop/dev/A' });
    },
  );

  test.each([
    ...[
      'shop/prod',
      'shop/prodA',
      'shop/PROD/A',
      'SHOP/prod/A',
      ' shop/prod/A',
      'shop/./prod/A',
      'shop%2Fprod%2FA',
      'ｓhop/prod/A',
      'shop／prod／A',
    ],
  ])('is one that only looks like it: %j', async (name) => {
    const use = await make(user, ['shop/prod/*'], 'manage');
    const expected = name === ' shop/prod/A' ? 200 : 404;
    expect((await use('GET', path(name))).status).toBe(expected);
    expect((await use('GET', `/key?key_name=${encodeURIComponent(name)}`)).status).toBe(expected);
    if (expected === 404) expect((await use('POST', '/keys', { key_name: name, api_key: 'x' })).status).toBe(404);
  });
});

describe('the access', () => {
  const expectations: [string, Record<string, [number, number, number]>][] = [
    ['GET', { '': [200, 200, 200], '/versions': [200, 200, 200] }],
    ['PUT', { '': [403, 200, 200] }],
    ['DELETE', { '/versions/1': [403, 403, 200] }],
    ['POST', { '/restore': [403, 200, 200] }],
  ];
  const accesses = ['read', 'write', 'manage'];

  test.each([
    ['a person', null, 'own/'],
    ['a project', 'shop', 'shop/t/'],
  ])('of the token of %s says what it may do with a key', async (_, project, prefix) => {
    for (const [index, access] of accesses.entries()) {
      const use = await make(user, [`${prefix}*`], access, project);
      const name = `${prefix}${access}`;
      await add(user, name, 'first');
      await user('PUT', path(name), { api_key: 'second' });
      for (const [method, ends] of expectations) {
        for (const [end, statuses] of Object.entries(ends)) {
          const body = method === 'PUT' ? { api_key: 'third' } : method === 'POST' ? { version: 2 } : undefined;
          expect((await use(method, path(name, end), body)).status, `${access} ${method} ${end}`).toBe(statuses[index]);
        }
      }
      expect((await use('POST', '/keys', { key_name: `${name}2`, api_key: 'x' })).status).toBe(
        access === 'read' ? 403 : 201,
      );
      expect((await use('POST', '/keys/import', { entries: [{ key_name: `${name}3`, api_key: 'x' }] })).status).toBe(
        access === 'read' ? 403 : 200,
      );
      expect((await use('DELETE', path(name))).status).toBe(access === 'read' ? 403 : 200);
    }
  });

  test('is not enough: 403 that names what is needed, and the log says so', async () => {
    const use = await make(user, ['shop/*']);
    const answer = await use('DELETE', path('shop/prod/A'));
    expect([answer.status, answer.body.error]).toEqual([403, expect.stringContaining('"write"')]);
    expect(await newest()).toMatchObject({
      action: 'secret.delete',
      outcome: 'denied',
      reason: 'token_access',
      target: 'shop/prod/A',
    });
    const missing = await use('DELETE', path('shop/prod/NOTHING'));
    expect([missing.status, missing.text]).toEqual([403, answer.text]);
    expect((await use('PUT', path('shop/prod/A'), '[')).status).toBe(403);
  });

  test('does not go beyond what the person may do', async () => {
    const viewer = await vault.signIn('viewer', password);
    const use = await make(viewer, ['*'], 'manage');
    expect((await use('GET', path('shop/prod/A'))).status).toBe(200);
    expect((await use('PUT', path('shop/prod/A'), { description: 'x' })).status).toBe(403);
    expect((await newest())?.reason).toBe('project_role');
    expect((await use('GET', path('stripe'))).status).toBe(404);
    await user('DELETE', '/projects/shop/members/viewer');
    expect((await use('GET', path('shop/prod/A'))).status).toBe(404);
    await user('PUT', '/projects/shop/members/viewer', { role: 'viewer' });
  });
});

describe('a token of a project', () => {
  test('reaches its project and nothing else, whoever made it', async () => {
    const use = await make(admin, ['*'], 'manage', 'web');
    expect(names(await use('GET', '/keys'))).toEqual(['web/X']);
    for (const name of ['shop/prod/A', 'stripe', 'others', 'bank/X', 'nothing']) {
      expect((await use('GET', path(name))).status, name).toBe(404);
      expect((await use('PUT', path(name), { description: 'x' })).status, name).toBe(404);
    }
    for (const key_name of ['mine', 'shop/NEW', 'bank/NEW', 'webs/NEW']) {
      expect((await use('POST', '/keys', { key_name, api_key: 'x' })).status, key_name).toBe(404);
      expect((await newest())?.reason).toBe('outside_scopes');
    }
    expect((await use('POST', '/keys', { key_name: 'web/NEW', api_key: 'x' })).status).toBe(201);
    expect(
      await testDb().prepare("SELECT owner_id, secrets.created_by FROM secrets WHERE name = 'web/NEW'").first(),
    ).toEqual({ owner_id: null, created_by: 'web' });
    expect((await use('GET', '/projects')).body.projects).toMatchObject([
      { name: 'web', role: 'manager', key_count: 2 },
    ]);
    expect((await use('GET', '/projects/shop')).status).toBe(404);
  });
});

describe('reading in bulk', () => {
  test('answers the intersection, and an event for each', async () => {
    const use = await make(user, ['shop/prod/*', 'stripe']);
    const below = await use('POST', '/keys/values', { prefix: 'shop/' });
    expect(JSON.parse(below.text)).toEqual({
      values: { 'shop/prod/A': 'value of shop/prod/A', 'shop/prod/B': 'value of shop/prod/B' },
      missing: [],
    });
    const named = await use('POST', '/keys/values', {
      names: ['stripe', 'shop/dev/A', 'nothing', 'shop/prod/A', 'others'],
    });
    expect(JSON.parse(named.text)).toEqual({
      values: { stripe: 'value of stripe', 'shop/prod/A': 'value of shop/prod/A' },
      missing: ['shop/dev/A', 'nothing', 'others'],
    });
    const { results } = await testDb()
      .prepare('SELECT target, outcome, reason, token FROM audit_events ORDER BY id DESC LIMIT 5')
      .all();
    expect(results.toReversed()).toEqual(
      [
        ['stripe', 'allowed', null],
        ['shop/dev/A', 'denied', 'token_scope'],
        ['nothing', 'denied', 'token_scope'],
        ['shop/prod/A', 'allowed', null],
        ['others', 'denied', 'token_scope'],
      ].map(([target, outcome, reason]) => ({ target, outcome, reason, token: 'bot' })),
    );
    for (const prefix of ['web/', 'bank/', 'shop/dev/']) {
      expect(JSON.parse((await use('POST', '/keys/values', { prefix })).text)).toEqual({ values: {}, missing: [] });
    }
    const ofAdmin = await make(admin, ['bank/*']);
    expect(JSON.parse((await ofAdmin('POST', '/keys/values', { prefix: 'bank/' })).text).values).toEqual({
      'bank/X': 'value of bank/X',
    });
    const ofProject = await make(user, ['*'], 'read', 'shop');
    expect(
      Object.keys(JSON.parse((await ofProject('POST', '/keys/values', { prefix: 'shop/prod/' })).text).values),
    ).toHaveLength(2);
  });
});

describe('a new name', () => {
  test('needs both names in the scopes', async () => {
    const use = await make(user, ['shop/prod/*', 'mine/*'], 'manage');
    await add(user, 'shop/prod/R');
    const rename = async (from: string, key_name: string) => (await use('PUT', path(from), { key_name })).status;
    expect(await rename('shop/prod/R', 'shop/dev/R')).toBe(404);
    expect((await newest())?.reason).toBe('outside_scopes');
    expect(await rename('shop/prod/R', 'shop/dev/A')).toBe(404);
    expect(await rename('shop/dev/A', 'shop/prod/A2')).toBe(404);
    expect(await rename('shop/prod/R', 'shop/prod/R2')).toBe(200);
    expect(await rename('shop/prod/R2', 'mine/R')).toBe(200);
    expect((await user('GET', path('mine/R'))).body.api_key).toBe('value of shop/prod/R');
  });

  test('outside the project takes access to manage, also for an admin', async () => {
    for (const client of [user, admin]) {
      const use = await make(client, ['shop/*', 'mine/*'], 'write');
      await add(user, 'shop/prod/T');
      expect((await use('PUT', path('shop/prod/T'), { key_name: 'mine/T' })).status).toBe(403);
      expect(await newest()).toMatchObject({ action: 'secret.rename', reason: 'token_access' });
      expect((await use('PUT', path('shop/prod/T'), { key_name: 'shop/dev/T' })).status).toBe(200);
      await user('DELETE', path('shop/dev/T'));
    }
  });

  test('in an import is within the scopes, or nothing is stored and nothing is told', async () => {
    const use = await make(user, ['shop/prod/*'], 'write');
    const entries = [
      { key_name: 'shop/prod/I', api_key: 'x' },
      { key_name: 'shop/dev/I', api_key: 'x' },
    ];
    for (const dry_run of [true, false]) {
      const answer = await use('POST', '/keys/import', { entries, dry_run });
      expect([answer.status, answer.body.error]).toEqual([404, expect.stringMatching(/outside the scopes/)]);
    }
    expect((await user('GET', path('shop/prod/I'))).status).toBe(404);
    const changed = { entries: [{ key_name: 'shop/dev/A', api_key: 'stolen' }], on_conflict: 'update' };
    expect((await use('POST', '/keys/import', changed)).status).toBe(404);
    expect((await use('POST', '/keys/import', { entries: entries.slice(0, 1) })).status).toBe(200);
    expect((await user('GET', path('shop/prod/I'))).status).toBe(200);
  });
});

describe('the trash', () => {
  test('is shown and emptied within the scopes only', async () => {
    const ids: Record<string, string> = {};
    for (const name of ['shop/prod/D1', 'shop/prod/D2', 'shop/dev/D', 'loose']) {
      await add(user, name);
      ids[name] = (await user('DELETE', path(name))).headers.get('Trash-Id') ?? '';
    }
    const shown = async (use: Client) =>
      JSON.parse((await use('GET', '/trash')).text).keys.map(({ key_name }: { key_name: string }) => key_name);
    const use = await make(user, ['shop/prod/*', 'loose'], 'write');
    const trashed = ['loose', 'shop/prod/D2', 'shop/prod/D1'];
    expect((await shown(use)).filter((name: string) => /D|loose/.test(name))).toEqual(trashed);
    expect((await use('POST', `/trash/${ids['shop/dev/D']}/restore`)).status).toBe(404);
    expect(await newest()).toMatchObject({ reason: 'token_scope', target: `trash ${ids['shop/dev/D']}` });
    expect((await use('POST', '/trash/99999/restore')).status).toBe(404);
    const log = (await use('GET', '/logs?limit=3')).body.logs?.filter(({ action }) => action === 'restore_key');
    expect(new Set(log?.map(({ outcome, reason }) => `${outcome} ${reason}`))).toEqual(new Set(['not_found null']));
    expect((await use('POST', `/trash/${ids['shop/prod/D1']}/restore`, { key_name: 'shop/dev/D1' })).status).toBe(404);
    expect((await use('POST', `/trash/${ids['shop/prod/D1']}/restore`)).status).toBe(200);
    expect((await use('DELETE', `/trash/${ids['shop/prod/D2']}`)).status).toBe(403);
    const manages = await make(user, ['shop/prod/*'], 'manage');
    expect((await manages('DELETE', `/trash/${ids.loose}`)).status).toBe(404);
    expect((await manages('DELETE', `/trash/${ids['shop/prod/D2']}`)).status).toBe(200);
    const reads = await make(user, ['shop/prod/*']);
    expect((await reads('GET', '/trash')).status).toBe(403);
    for (const id of [ids['shop/dev/D'], ids['shop/prod/D1'], '99999'])
      expect((await reads('DELETE', `/trash/${id}`)).status).toBe(403);
    const ofProject = await make(user, ['*'], 'write', 'shop');
    expect(await shown(ofProject)).toContain('shop/dev/D');
    expect(await shown(ofProject)).not.toContain('loose');
  });
});

describe("a person's own log", () => {
  const own = async (most: number) =>
    (await user('GET', `/logs?limit=${most}`)).body.logs?.map(({ outcome, reason, target }) => [
      outcome,
      reason,
      target,
    ]);

  test("does not tell by the scopes of a token what is in somebody else's trash", async () => {
    await add(other, 'buried/treasure');
    const id = (await other('DELETE', path('buried/treasure'))).headers.get('Trash-Id');
    for (const scopes of [['nothing/*'], ['buried/*'], ['buried/treasure']]) {
      const use = await make(user, scopes, 'manage');
      for (const [method, end] of [
        ['DELETE', ''],
        ['POST', '/restore'],
      ] as const) {
        const [there, missing] = [await use(method, `/trash/${id}${end}`), await use(method, `/trash/99999${end}`)];
        expect([there.status, there.text]).toEqual([404, missing.text]);
        expect(await own(2), `${scopes} ${method}`).toEqual([
          ['not_found', null, 'trash 99999'],
          ['not_found', null, `trash ${id}`],
        ]);
      }
    }
  });

  test('does not tell by the scopes of a token that somebody else has a key with white space around its name', async () => {
    await add(other, 'padded');
    await testDb().exec("UPDATE secrets SET name = ' padded' WHERE name = 'padded'");
    const use = await make(user, ['padded', 'absent']);
    for (const name of [' padded', ' absent']) {
      expect((await use('GET', path(name))).status).toBe(404);
      expect(await own(1)).toEqual([['not_found', null, name.trim()]]);
    }
  });
});

describe('projects', () => {
  test('are those with names in the scopes, with the keys in them, and without people', async () => {
    const use = await make(user, ['shop/prod/A', 'shop/prod/B', 'stripe', 'bank/*']);
    expect((await use('GET', '/projects')).body.projects).toMatchObject([{ name: 'shop', key_count: 2 }]);
    const one = await use('GET', '/projects/shop');
    expect([one.status, one.body.members, one.body.key_count]).toEqual([200, [], 2]);
    for (const name of ['web', 'bank', 'nothing'])
      expect((await use('GET', `/projects/${name}`)).status, name).toBe(404);
    const all = await make(user, ['*']);
    const [shop, web] = (await user('GET', '/projects')).body.projects ?? [];
    expect((await all('GET', '/projects')).body.projects).toEqual([shop, web]);
    const ofAdmin = await make(admin, ['bank/*']);
    expect((await ofAdmin('GET', '/projects')).body.projects).toMatchObject([{ name: 'bank', role: 'admin' }]);
  });
});

describe('what no token may do', () => {
  const requests: [string, string, unknown?][] = [
    ['GET', '/users'],
    ['POST', '/users', { username: 'made', password }],
    ['PUT', '/users/2', { role: 'admin' }],
    ['DELETE', '/users/3'],
    ['GET', '/auth/session'],
    ['GET', '/auth/sessions'],
    ['DELETE', '/auth/sessions/x'],
    ['POST', '/auth/logout'],
    ['POST', '/auth/password', { current_password: 'user123', new_password: 'another good password' }],
    ['POST', '/projects', { name: 'made' }],
    ['PUT', '/projects/shop', { description: 'x' }],
    ['DELETE', '/projects/web'],
    ['PUT', '/projects/shop/members/other', { role: 'manager' }],
    ['DELETE', '/projects/shop/members/viewer'],
    ['GET', '/tokens'],
    ['POST', '/tokens', { name: 'made', access: 'read', scopes: ['*'] }],
    ['GET', '/tokens/1'],
    ['DELETE', '/tokens/1'],
    ['POST', '/tokens/1/rotate'],
    ['PUT', '/keys/stripe', { owner: 'other' }],
  ];

  test.each(requests)('%s %s: 403, whoever it belongs to', async (method, url, body) => {
    for (const [client, project] of [
      [user, null],
      [admin, null],
      [user, 'shop'],
    ] as const) {
      const use = await make(client, ['*'], 'manage', project);
      if (project !== null && url === '/keys/stripe') continue;
      const answer = await use(method, url, body);
      expect([answer.status, answer.body.error], project ?? '').toEqual([403, expect.stringMatching(/token/)]);
      expect(await newest()).toMatchObject({ outcome: 'denied', reason: 'token' });
    }
  });

  test('but it may look at itself', async () => {
    const use = await make(user, ['stripe', 'shop/*'], 'write');
    const { status, body } = await use('GET', '/tokens/self');
    expect([status, body.owner, body.scopes, body.access]).toEqual([200, 'user', ['stripe', 'shop/*'], 'write']);
    expect((await use('GET', `/tokens/${body.id}`)).body.id).toBe(body.id);
    expect(await newest()).toMatchObject({ action: 'token.read', target: `token ${body.id}` });
  });
});

test('a value that does not open is logged as a failure of the token', async () => {
  await add(user, 'shop/prod/BROKEN');
  await testDb().exec(
    "UPDATE secret_versions SET binding = 'x' WHERE secret_id = (SELECT id FROM secrets WHERE name = 'shop/prod/BROKEN')",
  );
  for (const use of [await make(user, ['*']), await make(user, ['*'], 'read', 'shop')]) {
    expect((await use('GET', path('shop/prod/BROKEN'))).status).toBe(500);
    const event = await testDb().prepare('SELECT outcome, token FROM audit_events ORDER BY id DESC LIMIT 1').first();
    expect(event).toEqual({ outcome: 'failed', token: 'bot' });
    expect((await use('POST', '/keys/values', { names: ['shop/prod/BROKEN'] })).status).toBe(500);
  }
  await user('DELETE', path('shop/prod/BROKEN'));
});
