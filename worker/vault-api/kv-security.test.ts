/** One suite for every route of `/v1/secret`: who gets what, and what nobody gets. A new route is covered, or a test fails. */
import { beforeAll, describe, expect, test } from 'vitest';
import { newServiceToken } from '../../core/crypto/service-token.ts';
import { accesses } from '../../core/policy/policy.ts';
import { type Client, startVault, testDb } from '../testing/vault.ts';
import { type VaultClient, vaultClient } from '../testing/vault-client.ts';

type Started = Awaited<ReturnType<typeof startVault>>;

let vault: Started;
let admin: Client;
let user: Client;
let made = 0;

beforeAll(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
  user = await vault.signIn('user', 'user123');
  await testDb().exec('UPDATE users SET must_change_password = 0');
});

const routes = (await startVault()).app.routes
  .filter(({ method, path }) => method !== 'ALL' && path.startsWith('/v1/secret'))
  .map(({ method, path }) => ({ method, path, route: `${method} ${path}` }));
type Route = (typeof routes)[number];

const bodies: Record<string, unknown> = {
  data: { data: { value: 'walked' } },
  delete: { versions: [1] },
  undelete: { versions: [1] },
  destroy: { versions: [1] },
  metadata: { custom_metadata: { walked: 'yes' } },
};

/** Asks a route about a path. A list is a GET, too. */
const ask = (use: VaultClient, { method, path }: Route, about = 'nothing', headers: Record<string, string> = {}) => {
  const body = method === 'GET' || method === 'DELETE' ? undefined : bodies[path.split('/')[3] ?? ''];
  return use(method, path.replace('/v1/', '').replace('*', about), body, headers);
};
const listRoute: Route = {
  method: 'GET',
  path: '/v1/secret/metadata/*?list=true',
  route: 'LIST /v1/secret/metadata/*',
};
const aboutPaths = [...routes.filter(({ path }) => path.endsWith('*')), listRoute];

const as = (client: Client) => vaultClient(vault, client.token);
const newToken = async (client: Client, access: string, scopes: string[], project: string | null = null) => {
  await testDb().exec('UPDATE service_tokens SET revoked_at = 1');
  const { body, status, text } = await client('POST', '/tokens', { name: 'walker', access, scopes, project });
  if (status !== 201) throw new Error(text);
  return { id: body.id, use: vaultClient(vault, body.token ?? '') };
};

const eventCount = async () =>
  (await testDb().prepare('SELECT count(*) AS n FROM audit_events').first<number>('n')) ?? 0;
const newestEvent = () =>
  testDb().prepare('SELECT * FROM audit_events ORDER BY id DESC LIMIT 1').first<Record<string, unknown>>();

const denied = '{"errors":["permission denied"]}';
const nothing = '{"errors":[]}';

/** Without what differs from answer to answer whatever is asked. */
const bytes = ({ status, text, headers }: { status: number; text: string; headers: Headers }) => [
  status,
  text.replace(/"request_id":"[^"]+"/, ''),
  [...headers],
];

test('the suite knows every route below secret', () => {
  const methods = (name: string, ...all: string[]) => all.map((method) => `${method} /v1/secret/${name}`);
  expect(routes.map(({ route }) => route).toSorted()).toEqual(
    [
      ...methods('config', 'GET'),
      ...methods('data/*', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE'),
      ...methods('metadata/*', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE'),
      ...['delete/*', 'undelete/*', 'destroy/*'].flatMap((name) => methods(name, 'POST', 'PUT')),
      ...methods('subkeys/*', 'GET'),
    ].toSorted(),
  );
});

describe.each([...routes, listRoute])('$route', (route) => {
  test('answers the same 403 to every credential that is none, without asking the database', async () => {
    const [header, payload, signature] = admin.token.split('.');
    vault.trips.count = 0;
    const sent: Record<string, string>[] = [
      {},
      { 'X-Vault-Token': '' },
      { 'X-Vault-Token': 'root' },
      { 'X-Vault-Token': `${newServiceToken().slice(0, -6)}000000` },
      { 'X-Vault-Token': `${header}.${payload}.` },
      { 'X-Vault-Token': `${header}.${payload}.${signature?.slice(0, -4)}AAAA` },
      { 'X-Vault-Token': 'root', Authorization: `Bearer ${admin.token}` },
      { Authorization: `Basic ${admin.token}` },
      { Cookie: admin.cookie },
      { Cookie: admin.cookie, 'Sec-Fetch-Site': 'same-origin' },
    ];
    for (const headers of sent) {
      const answer = await ask(vaultClient(vault, ''), route, 'nothing', headers);
      expect.soft([answer.status, answer.text], JSON.stringify(headers).slice(0, 80)).toEqual([403, denied]);
    }
    expect(vault.trips.count).toBe(0);
  });

  test('answers the same 403 to what has ended, and records it', async () => {
    const session = await vault.signIn('user', 'user123');
    const { id, use } = await newToken(user, 'manage', ['*']);
    await session('POST', '/auth/logout');
    await user('DELETE', `/tokens/${id}`);
    for (const ended of [as(session), use]) {
      const before = await eventCount();
      const answer = await ask(ended, route);
      expect([answer.status, answer.text]).toEqual([403, denied]);
      expect([await eventCount(), (await newestEvent())?.outcome]).toEqual([before + 1, 'unauthenticated']);
    }
    const before = await eventCount();
    const unknown = await ask(vaultClient(vault, newServiceToken()), route);
    expect([unknown.status, unknown.text, await eventCount()]).toEqual([403, denied, before]);
  });

  test.each(['a session', 'a token'])(
    'answers %s in one round trip with one event, in two if it changes something, or in three if it writes a value',
    async (kind) => {
      const use = kind === 'a session' ? as(user) : (await newToken(user, 'manage', ['*'])).use;
      const before = await eventCount();
      vault.trips.count = 0;
      const answer = await ask(use, route, `trips${++made}`);
      const isWrite = /data/.test(route.path) && /POST|PUT/.test(route.method) && !route.path.includes('metadata');
      expect(answer.status).toBeLessThan(500);
      const most = isWrite ? 3 : /POST|PUT|PATCH|DELETE/.test(route.method) ? 2 : 1;
      expect(vault.trips.count).toBeLessThanOrEqual(most);
      expect(await eventCount()).toBe(before + 1);
      expect(await newestEvent()).toMatchObject({ actor_name: 'user' });
    },
  );

  test('changes nothing and reveals nothing when the log cannot be written', async () => {
    const path = `unlogged${++made}`;
    await user('POST', '/keys', { key_name: path, api_key: 'v' });
    const rows = () => testDb().prepare('SELECT * FROM secrets JOIN secret_versions ON id = secret_id').all();
    const before = (await rows()).results;
    const { use } = await newToken(user, 'manage', ['*']);
    await testDb().exec(
      "CREATE TRIGGER no_log BEFORE INSERT ON audit_events BEGIN SELECT RAISE(ABORT, 'log is full'); END",
    );
    try {
      for (const client of [use, as(user)]) {
        const answer = await ask(client, route, path);
        expect([answer.status, Object.keys(answer.body)]).toEqual([503, ['errors']]);
        expect(answer.text).not.toMatch(/log is full|SQLITE|trigger/i);
      }
    } finally {
      await testDb().exec('DROP TRIGGER no_log');
    }
    expect((await rows()).results).toEqual(before);
  });

  test('has the security headers and is not cached', async () => {
    const { headers } = await ask(as(user), route);
    expect(headers.get('Content-Security-Policy')).toContain("default-src 'none'");
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(headers.get('Cache-Control')).toBe('no-store');
  });

  test('refuses what would give the request another meaning', async () => {
    for (const headers of [{ 'X-Vault-Namespace': 'team' }, { 'X-Vault-Wrap-TTL': '60s' }] as Record<string, string>[])
      expect((await ask(as(admin), route, 'nothing', headers)).status).toBe(400);
    expect(
      (await ask(as(user), route, `plain${++made}`, { 'X-Vault-Namespace': '', 'X-Vault-Request': 'true' })).status,
    ).not.toBe(400);
  });

  test('answers another method with 405 and the methods that it accepts', async () => {
    const answer = await as(admin)('OPTIONS', route.path.replace('/v1/', '').replace('*', 'x'));
    expect([answer.status, answer.body.errors?.[0]]).toEqual([405, 'unsupported operation']);
    expect(answer.headers.get('Allow')).toContain(route.method);
  });
});

/** What a route asks for: the least access that may. */
const leastAccess = ({ method, path }: Route): (typeof accesses)[number] => {
  if (path.includes('destroy') || (path.includes('metadata') && method === 'DELETE')) return 'manage';
  return method === 'GET' ? 'read' : 'write';
};

describe.each(aboutPaths)('$route with a service token', (route) => {
  test.each(accesses)('of access %s does what that access may, whether the path is there or not', async (access) => {
    await admin('POST', '/projects', { name: 'walk' });
    for (const [client, project] of [
      [user, null],
      [admin, null],
      [admin, 'walk'],
    ] as const) {
      const { use } = await newToken(client, access, ['*'], project);
      const name = `${project ?? 'own'}/k${++made}`;
      await client('POST', '/keys', { key_name: name, api_key: 'v' });
      const may = accesses.indexOf(access) >= accesses.indexOf(leastAccess(route));
      const [there, missing] = [await ask(use, route, name), await ask(use, route, `${project ?? 'own'}/m${++made}`)];
      if (may) for (const { status } of [there, missing]) expect(status).not.toBe(403);
      else {
        expect([there.status, there.body.errors]).toEqual([
          403,
          ['permission denied', expect.stringMatching(/access/)],
        ]);
        expect(bytes(there)).toEqual(bytes(missing));
        expect(await newestEvent()).toMatchObject({ outcome: 'denied', reason: 'token_access' });
      }
    }
  });

  test('answers outside its scopes the same 403 for what is there and what is not, byte for byte, and does nothing', async () => {
    const base = `scoped${++made}`;
    const there = [`${base}/prod/K`, `${base}/prod`, `${base}x/K`, `${base}/pro`, `${base}/prod2/K`];
    for (const key_name of there) await user('POST', '/keys', { key_name, api_key: 'v' });
    await user('DELETE', `/keys/${encodeURIComponent(`${base}/prod2/K`)}`);
    await as(user)('POST', `secret/metadata/${base}y`, { custom_metadata: { a: 'b' } });
    const rows = () =>
      testDb()
        .prepare(
          'SELECT name, revision, deleted_at, labels, (SELECT count(*) FROM path_entries) AS n FROM secrets ORDER BY id',
        )
        .all();
    const before = (await rows()).results;
    const { use } = await newToken(user, 'manage', [`${base}/dev/*`, `${base}/test/ONE`]);
    const expected = bytes(await ask(use, route, `elsewhere${made}`));
    expect([expected[0], expected[1]]).toEqual([403, denied]);
    for (const path of [
      ...there,
      `${base}y`,
      `${base}/prod/missing`,
      `${base}/de`,
      `${base}/devx`,
      `${base}/test/ON`,
      `${base}/test/ONE/x`,
      `${base}/TEST/ONE`,
      base.toUpperCase(),
    ])
      expect.soft(bytes(await ask(use, route, path)), path).toEqual(expected);
    expect((await rows()).results).toEqual(before);
  });

  test('of a project is outside of it everywhere else', async () => {
    for (const name of ['walk', 'other']) await admin('POST', '/projects', { name });
    for (const key_name of ['other/K', `walk${++made}`]) await admin('POST', '/keys', { key_name, api_key: 'v' });
    const { use } = await newToken(admin, 'manage', ['*'], 'walk');
    for (const path of ['other/K', 'other/missing', 'other', 'nowhere', `walk${made}`, 'walking/K'])
      expect.soft([path, (await ask(use, route, path)).text]).toEqual([path, denied]);
  });
});

describe.each(aboutPaths)('$route for a stranger', (route) => {
  const isWrite = /POST|PUT|PATCH/.test(route.method) && /\/(data|metadata)\//.test(route.path);

  test("answers the same for what is somebody else's and for what is not there, byte for byte, and does nothing", async () => {
    const base = `hidden${++made}`;
    await admin('POST', '/projects', { name: base });
    const personal = [`p${base}/K`, `p${base}`];
    for (const key_name of [...personal, `${base}/prod/K`, `${base}/gone`])
      await admin('POST', '/keys', { key_name, api_key: 'v' });
    await admin('DELETE', `/keys/${encodeURIComponent(`${base}/gone`)}`);
    await as(admin)('POST', `secret/metadata/${base}/said`, { custom_metadata: { a: 'b' } });
    const rows = () => testDb().prepare('SELECT name, revision, deleted_at, labels FROM secrets ORDER BY id').all();
    const before = (await rows()).results;
    const stranger = as(user);
    const inProject = [`${base}/prod/K`, `${base}/prod`, `${base}/gone`, `${base}/said`, `${base}/nothing`];
    // A new name beside that of somebody else is refused as on the other routes, and counted (60 an hour).
    const paths = isWrite ? inProject : [...inProject, ...personal, base];
    const missing = isWrite ? `${base}/missing` : `missing${made}`;
    const expected = bytes(await ask(stranger, route, missing));
    for (const path of paths) expect.soft(bytes(await ask(stranger, route, path)), path).toEqual(expected);
    expect((await rows()).results).toEqual(before);
    if (!isWrite) return;
    expect(expected[0]).toBe(route.method === 'PATCH' && !route.path.includes('metadata') ? 404 : 403);
  });

  test('answers a viewer of the project who may not with 403, and does nothing', async () => {
    const base = `viewed${++made}`;
    await admin('POST', '/projects', { name: base });
    await admin('PUT', `/projects/${base}/members/user`, { role: 'viewer' });
    await admin('POST', '/keys', { key_name: `${base}/K`, api_key: 'v' });
    const answer = await ask(as(user), route, `${base}/K`);
    if (route.method === 'GET') expect(answer.status).toBe(route.route.startsWith('LIST') ? 404 : 200);
    // Nothing of it is in the trash, so there is nothing to be refused.
    else if (route.path.includes('undelete')) expect(answer.status).toBe(204);
    else expect([answer.status, answer.body.errors?.[0]]).toEqual([403, 'permission denied']);
    expect((await admin('GET', `/keys/${base}%2FK`)).body).toMatchObject({ version: 1, revision: 1 });
  });
});

describe('a token above whose path its scopes are', () => {
  test('finds only what it reaches: in values, lists, subkeys and metadata', async () => {
    const base = `above${++made}`;
    for (const name of ['prod/A', 'prod/B', 'dev/C', 'D', 'prod/deep/E'])
      await user('POST', '/keys', { key_name: `${base}/${name}`, api_key: name });
    const { use } = await newToken(user, 'read', [`${base}/prod/A`, `${base}/prod/deep/*`]);
    expect((await use('GET', `secret/metadata/${base}?list=true`)).body.data?.keys).toEqual(['prod/']);
    expect((await use('GET', `secret/metadata/${base}/prod?list=true`)).body.data?.keys).toEqual(['A', 'deep/']);
    expect((await use('GET', 'secret/metadata/?list=true')).body.data?.keys).toEqual([`${base}/`]);
    expect((await use('GET', `secret/data/${base}/prod`)).body.data?.data).toEqual({ A: 'prod/A' });
    expect((await use('GET', `secret/subkeys/${base}/prod`)).body.data).toMatchObject({ subkeys: { A: null } });
    expect((await use('GET', `secret/data/${base}`)).text).toBe(nothing);
    expect((await use('GET', `secret/data/${base}/prod/B`)).text).toBe(denied);
    expect((await use('GET', `secret/metadata/${base}/dev?list=true`)).text).toBe(denied);
  });

  test('finds no key of the path itself, in use or in the trash, if it reaches only what is below', async () => {
    const base = `above${++made}`;
    await user('POST', '/keys', { key_name: `${base}/prod`, api_key: 'not for it' });
    await user('POST', '/keys', { key_name: `${base}/prod/A`, api_key: 'a' });
    const { use } = await newToken(user, 'manage', [`${base}/prod/*`]);
    expect((await use('GET', `secret/data/${base}/prod`)).body.data?.data).toEqual({ A: 'a' });
    expect((await use('GET', `secret/metadata/${base}/prod`)).body.data).toMatchObject({ current_version: 1 });
    expect((await use('DELETE', `secret/metadata/${base}/prod`)).status).toBe(204);
    expect((await use('GET', `secret/data/${base}/prod`)).text).toBe(nothing);
    expect((await user('GET', `/keys/${base}%2Fprod`)).body.api_key).toBe('not for it');
    await user('DELETE', `/keys/${base}%2Fprod`);
    for (const route of aboutPaths.filter(({ method, path }) => method === 'GET' || /destroy|undelete/.test(path)))
      expect
        .soft([route.route, (await ask(use, route, `${base}/prod`)).text])
        .toEqual([route.route, route.path.includes('undelete') ? '' : nothing]);
    expect((await use('POST', `secret/data/${base}/prod`, { data: { value: 'x' } })).text).toBe(denied);
    expect((await user('GET', '/trash')).text).toContain(`"${base}/prod"`);
  });

  test('changes only what it reaches, and says nothing of a folder that it does not hold whole', async () => {
    const base = `above${++made}`;
    for (const name of ['A', 'B']) await user('POST', '/keys', { key_name: `${base}/${name}`, api_key: name });
    const { use } = await newToken(user, 'manage', [`${base}/A`]);
    expect((await use('POST', `secret/data/${base}`, { data: { A: 'a2', B: 'b2' } })).text).toBe(denied);
    expect((await use('PATCH', `secret/data/${base}`, { data: { B: null } })).text).toBe(denied);
    expect((await use('PATCH', `secret/data/${base}`, { data: { missing: null } })).text).toBe(denied);
    expect((await use('POST', `secret/data/${base}`, { data: { A: 'a2' } })).body.warnings).toBeNull();
    expect((await use('POST', `secret/metadata/${base}`, { custom_metadata: { a: 'b' } })).text).toBe(denied);
    await as(user)('POST', `secret/metadata/${base}`, { custom_metadata: { a: 'b' } });
    expect((await use('DELETE', `secret/metadata/${base}`)).status).toBe(204);
    expect((await as(user)('GET', `secret/data/${base}`)).body.data).toMatchObject({
      data: { B: 'B' },
      metadata: { custom_metadata: { a: 'b' } },
    });
  });

  test('is not told what is said of a folder that it does not hold whole, nor whether anything is', async () => {
    const base = `above${++made}`;
    const custom_metadata = { owner: 'security', description: 'rotated by hand' };
    await user('POST', '/keys', { key_name: `${base}/prod/A`, api_key: 'a' });
    const silent = await newToken(user, 'read', [`${base}/prod/A`, `${base}/said/A`]);
    const before = bytes(await silent.use('GET', `secret/metadata/${base}/said`));
    for (const path of [base, `${base}/prod`, `${base}/said`])
      await as(user)('POST', `secret/metadata/${path}`, { custom_metadata });
    expect((await silent.use('GET', `secret/metadata/${base}/prod`)).body.data).toMatchObject({
      custom_metadata: null,
    });
    expect((await silent.use('GET', `secret/data/${base}/prod`)).body.data?.metadata).toMatchObject({
      custom_metadata: null,
    });
    expect((await silent.use('GET', `secret/subkeys/${base}/prod`)).body.data?.metadata).toMatchObject({
      custom_metadata: null,
    });
    expect(bytes(await silent.use('GET', `secret/metadata/${base}/said`))).toEqual(before);
    const { use } = await newToken(user, 'read', [`${base}/prod/*`, `${base}/said`]);
    expect((await use('GET', `secret/metadata/${base}/prod`)).body.data).toMatchObject({ custom_metadata });
    expect((await use('GET', `secret/metadata/${base}/said`)).body.data).toMatchObject({ custom_metadata });
  });
});

describe('paths', () => {
  test.each([
    'a//b',
    '/a',
    'a/',
    'a/./b%2f',
    '%2e%2e%2fb',
    'a%2f..%2fb',
    'a%2f%2e',
    'a%2f',
    '%2fa',
    'a%00b',
    'a%0ab',
    '%20a',
    'a%20',
    '%',
    'a%ff',
    '',
    'x'.repeat(256),
  ])('that are none are refused with a sentence: "%s"', async (path) => {
    for (const route of routes.filter(({ path }) => path.endsWith('*'))) {
      const { status, body } = await ask(as(admin), route, path);
      expect.soft([route.route, status, body.errors], path).toEqual([route.route, 400, [expect.stringMatching(/\.$/)]]);
    }
  });

  test('are decoded once: an encoded slash is a slash, and an encoded percent sign is one', async () => {
    await user('POST', '/keys', { key_name: 'enc/a%2fb', api_key: 'percent' });
    await user('POST', '/keys', { key_name: 'enc/a/b', api_key: 'slash' });
    expect((await as(user)('GET', 'secret/data/enc%2Fa%2fb')).body.data?.data).toEqual({ value: 'slash' });
    expect((await as(user)('GET', 'secret/data/enc/a%252fb')).body.data?.data).toEqual({ value: 'percent' });
    expect((await as(user)('GET', 'secret/data/%65nc/a/b')).body.data?.data).toEqual({ value: 'slash' });
  });

  test('reach nothing by a detour: whatever is left of ".." is judged as any path', async () => {
    await user('POST', '/keys', { key_name: 'detour/secret', api_key: 'v' });
    const { use } = await newToken(user, 'manage', ['allowed/*']);
    for (const path of [
      'secret/data/allowed/../detour/secret',
      'secret/data/allowed/%2e%2e/detour/secret',
      'secret/data/allowed/.%2e/detour/secret',
      'secret/metadata/allowed/../detour/secret',
      'secret/data/allowed/..\\detour/secret',
    ])
      expect.soft([path, (await use('GET', path)).text]).toEqual([path, denied]);
    for (const path of [
      'secret/data/allowed/..%2f..%2fdetour/secret',
      'secret/data/allowed%2f..%2fdetour%2fsecret',
      'secret/data/allowed/;/../detour/secret',
    ])
      expect.soft((await use('GET', path)).status, path).toBeGreaterThanOrEqual(400);
    expect((await use('DELETE', 'secret/metadata/allowed/../detour/secret')).text).toBe(denied);
    expect((await as(user)('GET', 'secret/data/detour/secret')).status).toBe(200);
  });

  test('that are not served here are refused as those of any other engine: 403 without a credential, else 404', async () => {
    for (const path of [
      'secret/x',
      'secret',
      'kv/data/x',
      'cubbyhole/x',
      'sys/raw/x',
      'sys/policies/acl',
      'identity/entity',
      'auth/token/accessors',
      'auth/token/lookup-accessor',
      'secret/data',
      'Secret/data/x',
    ]) {
      expect.soft([path, (await vaultClient(vault, '')('GET', path)).text]).toEqual([path, denied]);
      const answer = await as(admin)('GET', path);
      expect
        .soft([path, [400, 404, 405].includes(answer.status), Object.keys(answer.body)])
        .toEqual([path, true, ['errors']]);
    }
  });

  test('of a list are not answered as reads, since a LIST arrives as a GET', async () => {
    await user('POST', '/keys', { key_name: 'listed/K', api_key: 'the value' });
    for (const path of ['data', 'subkeys']) {
      const answer = await as(user)('GET', `secret/${path}/listed/K?list=true`);
      expect([answer.status, answer.text.includes('the value')]).toEqual([405, false]);
    }
  });
});

describe('what was found in Vault and OpenBao', () => {
  test('CVE-2026-3605: a scope that ends in a glob deletes no metadata and no values outside of it', async () => {
    for (const key_name of ['glob/team-a/K', 'glob/team-b/K', 'glob/team-ab', 'glob/K'])
      await user('POST', '/keys', { key_name, api_key: 'v' });
    const { use } = await newToken(user, 'manage', ['glob/team-a/*']);
    for (const path of ['glob/team-b/K', 'glob/team-b', 'glob/team-ab', 'glob/K', 'glob/team-a/../team-b/K'])
      for (const area of ['data', 'metadata'])
        expect.soft([path, (await use('DELETE', `secret/${area}/${path}`)).status]).toEqual([path, 403]);
    expect((await use('DELETE', 'secret/metadata/glob')).status).toBe(204);
    expect((await as(user)('GET', 'secret/metadata/glob?list=true')).body.data?.keys).toEqual([
      'K',
      'team-a/',
      'team-ab',
      'team-b/',
    ]);
  });

  test('GHSA-xp3c-3jw3-4vcr: a list shows nothing of a folder that is not in the scopes, by any spelling', async () => {
    for (const key_name of ['lists/open/K', 'lists/shut/K']) await user('POST', '/keys', { key_name, api_key: 'v' });
    const { use } = await newToken(user, 'read', ['lists/open/*']);
    for (const path of ['lists/shut', 'lists/shut/', 'lists%2fshut', 'lists/shut%2f'])
      expect.soft([path, (await use('GET', `secret/metadata/${path}?list=true`)).text]).toEqual([path, denied]);
    expect((await use('GET', 'secret/metadata/lists/?list=true')).body.data?.keys).toEqual(['open/']);
  });

  test('CVE-2026-5006: what is said of a path reaches into no other, whatever slashes are in it', async () => {
    await user('POST', '/keys', { key_name: 'said/other', api_key: 'v' });
    const { use } = await newToken(user, 'write', ['said/mine/*']);
    const custom_metadata = { scope: '../other', path: 'said/other', description: 'said/other' };
    expect((await use('POST', 'secret/metadata/said/mine/K', { custom_metadata })).status).toBe(204);
    expect((await use('POST', 'secret/data/said/mine', { data: { '../other': 'x' } })).status).toBe(400);
    expect((await use('GET', 'secret/data/said/other')).text).toBe(denied);
  });

  test('CVE-2025-4166: a value in a body that is not valid is neither in the answer nor in the log', async () => {
    const secret = 'a-value-that-nobody-may-see';
    for (const body of [
      `{"data":{"value":"${secret}"`,
      `{"data":{"value":["${secret}"]}}`,
      `{"data":{"value":{"x":"${secret}"}}}`,
      `{"data":"${secret}"}`,
      `{"data":{"value":"x"},"options":{"cas":"${secret}"}}`,
      `{"data":{"A":"${secret}","B":7}}`,
      secret,
    ]) {
      const answer = await as(user)('POST', 'secret/data/malformed', body);
      expect([answer.status, answer.text.includes(secret)]).toEqual([400, false]);
      expect(JSON.stringify(await newestEvent())).not.toContain(secret);
    }
  });

  test('CVE-2025-6203 and CVE-2025-59043: a body of many levels or fields is refused before it costs anything', async () => {
    const many = Object.fromEntries(Array.from({ length: 30_000 }, (_, index) => [`k${index}`, '']));
    for (const body of [
      '['.repeat(200_000),
      `{"data":${'{"a":'.repeat(80_000)}1${'}'.repeat(80_000)}}`,
      JSON.stringify({ data: many }),
    ]) {
      vault.trips.count = 0;
      expect((await as(user)('POST', 'secret/data/deep', body)).status).toBe(400);
      expect(vault.trips.count).toBe(1);
    }
    const { status } = await as(user)('POST', 'secret/metadata/deep', { custom_metadata: many });
    expect(status).toBe(400);
  });

  test('CVE-2023-24999 and CVE-2024-8365: no accessor or id of a token is in an answer, and none ends another one', async () => {
    const { use } = await newToken(user, 'manage', ['*']);
    const { text } = await use('GET', 'secret/data/nothing');
    expect(text).toBe(nothing);
    for (const path of [
      'auth/token/revoke-accessor',
      'auth/approle/role/x/secret-id-accessor/destroy',
      'auth/token/revoke',
    ])
      expect.soft((await use('POST', path, { accessor: 'x', token: 'x' })).status, path).toBe(404);
  });

  test('one that writes in vain learns no more than from the other routes, and only so often in an hour', async () => {
    await admin('POST', '/keys', { key_name: 'taken', api_key: 'v' });
    const { status, body } = await as(user)('POST', 'secret/data/taken', { data: { value: 'x' } });
    expect([status, body.errors?.[0]]).toEqual([400, expect.stringMatching(/exists already/)]);
    expect(await newestEvent()).toMatchObject({ outcome: 'conflict', reason: 'name_held' });
    expect((await admin('GET', '/keys/taken')).body.api_key).toBe('v');
  });
});
