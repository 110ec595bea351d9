/** One suite for every route of `/v1/auth` and `/v1/sys`. A new route is covered without being added here, or a test fails. */
import { beforeAll, describe, expect, test } from 'vitest';
import { newServiceToken } from '../../core/crypto/service-token.ts';
import { type Answer, type Client, startVault, testDb } from '../testing/vault.ts';

type Started = Awaited<ReturnType<typeof startVault>>;

/** Whoever asks gets the same. */
const open = new Set([
  'GET /v1/sys/health',
  'GET /v1/sys/seal-status',
  'GET /v1/sys/leader',
  'GET /v1/sys/internal/ui/mounts',
]);
/** The credential is in the body. */
const logins = new Set(
  ['POST', 'PUT'].flatMap((method) => [`${method} /v1/auth/approle/login`, `${method} /v1/auth/userpass/login/:user`]),
);
/** It says the same to every credential, so that the database is not asked about it. */
const constant = new Set(['GET /v1/sys/internal/ui/mounts/*']);

let vault: Started;
let admin: Client;
let user: Client;

beforeAll(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
  user = await vault.signIn('user', 'user123');
  await testDb().exec('UPDATE users SET must_change_password = 0');
});

const all = (await startVault()).app.routes
  .filter(({ method, path }) => method !== 'ALL' && /^\/v1\/(auth|sys)\//.test(path))
  .map(({ method, path }) => ({ method, path, route: `${method} ${path}` }));
const governed = all.filter(({ route }) => !open.has(route) && !logins.has(route) && !constant.has(route));
const withCredential = all.filter(({ route }) => !open.has(route) && !logins.has(route));

type Route = (typeof all)[number];
const at = ({ path }: Route) => path.replace(':user', 'nobody').replace('*', 'secret/x');
const ask = (client: Client, route: Route, headers: Record<string, string> = {}) =>
  client(route.method, at(route), route.method === 'GET' ? undefined : {}, headers);

const eventCount = () => testDb().prepare('SELECT count(*) AS count FROM audit_events').first<number>('count');
const newestEvent = () =>
  testDb().prepare('SELECT * FROM audit_events ORDER BY id DESC LIMIT 1').first<Record<string, unknown>>();

const newToken = async (client = user, access = 'manage') => {
  await testDb().exec('UPDATE service_tokens SET revoked_at = 1');
  const { body } = await client('POST', '/tokens', { name: 'walker', access, scopes: ['*'] });
  return { id: body.id, secret: body.token ?? '', use: vault.client(body.token ?? '') };
};
const childOf = async (use: Client) => {
  const { text } = await use('POST', '/v1/auth/token/create', {});
  return vault.client((JSON.parse(text) as { auth: { client_token: string } }).auth.client_token);
};

const denied = '{"errors":["permission denied"]}';

test('the suite knows every route below auth and sys', () => {
  expect(all.map(({ route }) => route).toSorted()).toEqual([
    'GET /v1/auth/token/lookup-self',
    'GET /v1/sys/health',
    'GET /v1/sys/internal/ui/mounts',
    'GET /v1/sys/internal/ui/mounts/*',
    'GET /v1/sys/leader',
    'GET /v1/sys/seal-status',
    'POST /v1/auth/approle/login',
    'POST /v1/auth/token/create',
    'POST /v1/auth/token/renew-self',
    'POST /v1/auth/token/revoke-self',
    'POST /v1/auth/userpass/login/:user',
    'PUT /v1/auth/approle/login',
    'PUT /v1/auth/token/create',
    'PUT /v1/auth/token/renew-self',
    'PUT /v1/auth/token/revoke-self',
    'PUT /v1/auth/userpass/login/:user',
  ]);
});

describe.each(withCredential)('$route', (route) => {
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
      { 'X-Vault-Token': 'x'.repeat(10_000) },
      // Vault's header comes first: a good bearer token beside it does not count.
      { 'X-Vault-Token': 'root', Authorization: `Bearer ${admin.token}` },
      { Authorization: `Basic ${admin.token}` },
      { Authorization: admin.token },
      { Authorization: `Bearer ${admin.token}, Bearer x` },
      { Cookie: admin.cookie },
      { Cookie: admin.cookie, 'Sec-Fetch-Site': 'same-origin' },
    ];
    for (const headers of sent) {
      const answer = await ask(vault.anonymous, route, headers);
      expect.soft([answer.status, answer.text], JSON.stringify(headers).slice(0, 80)).toEqual([403, denied]);
      expect(answer.headers.get('WWW-Authenticate')).toBeNull();
    }
    expect(vault.trips.count).toBe(0);
  });

  test('refuses what would give the request another meaning', async () => {
    vault.trips.count = 0;
    for (const headers of [
      { 'X-Vault-Namespace': 'team' },
      { 'X-Vault-Namespace': '/' },
      { 'X-Vault-Wrap-TTL': '60s' },
    ]) {
      const answer = await ask(admin, route, headers as Record<string, string>);
      expect([answer.status, Object.keys(JSON.parse(answer.text))]).toEqual([400, ['errors']]);
    }
    expect(vault.trips.count).toBe(0);
  });

  test('has the security headers and is not cached', async () => {
    const { headers } = await ask((await newToken()).use, route);
    expect(headers.get('Content-Security-Policy')).toContain("default-src 'none'");
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(headers.get('Cache-Control')).toBe('no-store');
    expect(headers.get('Set-Cookie')).toBeNull();
  });

  test('answers another method with 405 and the methods that it accepts', async () => {
    const answer = await admin('PATCH', at(route));
    expect([answer.status, Object.keys(JSON.parse(answer.text))]).toEqual([405, ['errors']]);
    expect(answer.headers.get('Allow')).toContain(route.method);
  });
});

describe.each(governed)('$route', (route) => {
  /** Every kind of credential that works, each fresh, since some routes end it. */
  const kinds: [string, () => Promise<Client>][] = [
    ['a session', () => vault.signIn('user', 'user123')],
    ['a child of a session', async () => childOf(await vault.signIn('user', 'user123'))],
    ['a service token', async () => (await newToken(user, 'read')).use],
    ['a child of a service token', async () => childOf((await newToken(user, 'read')).use)],
    [
      "a child of a project's token",
      async () => {
        await admin('POST', '/projects', { name: 'walk' });
        await testDb().exec('UPDATE service_tokens SET revoked_at = 1');
        const { body } = await admin('POST', '/tokens', { name: 'p', access: 'read', project: 'walk', scopes: ['*'] });
        return childOf(vault.client(body.token ?? ''));
      },
    ],
  ];

  test.each(kinds)(
    'does it for %s in one round trip, or two if it makes a token of a token, with one event',
    async (kind, make) => {
      const use = await make();
      const before = (await eventCount()) ?? 0;
      vault.trips.count = 0;
      const answer = await ask(use, route);
      expect(answer.status).toBe(route.path.endsWith('revoke-self') ? 204 : 200);
      const trips = /create/.test(route.path) && /token/.test(kind) ? 2 : 1;
      expect([vault.trips.count, await eventCount()]).toEqual([trips, before + 1]);
      expect(await newestEvent()).toMatchObject({
        outcome: 'allowed',
        child: kind.includes('child') ? expect.stringMatching(/^[\w-]{8}$/) : null,
      });
    },
  );

  test('answers the same 403 to a credential that has ended, whatever it was, and says why in the log', async () => {
    const session = await vault.signIn('user', 'user123');
    const ofSession = await childOf(session);
    const { id, use } = await newToken();
    const ofToken = await childOf(use);
    await session('POST', '/auth/logout');
    await user('DELETE', `/tokens/${id}`);
    for (const [client, reason] of [
      [session, null],
      [ofSession, null],
      [use, 'token_revoked'],
      [ofToken, 'token_revoked'],
    ] as const) {
      const answer = await ask(client, route);
      expect([answer.status, answer.text]).toEqual([403, denied]);
      expect(await newestEvent()).toMatchObject({ outcome: 'unauthenticated', reason });
    }
    // One that was never there leaves no row.
    const before = await eventCount();
    const unknown = await ask(vault.client(newServiceToken()), route);
    expect([unknown.status, unknown.text, await eventCount()]).toEqual([403, denied, before]);
  });

  test('changes nothing and reveals nothing when the log cannot be written', async () => {
    const db = testDb();
    const { id, use } = await newToken();
    const child = await childOf(use);
    const rows = () =>
      db
        .prepare(
          'SELECT hash, ends_at, revoked_at FROM token_secrets JOIN service_tokens ON id = token_id ORDER BY hash',
        )
        .all();
    const before = (await rows()).results;
    await db.exec("CREATE TRIGGER no_log BEFORE INSERT ON audit_events BEGIN SELECT RAISE(ABORT, 'log is full'); END");
    try {
      for (const client of [use, child, admin]) {
        const answer = await ask(client, route);
        expect([answer.status, Object.keys(JSON.parse(answer.text))]).toEqual([503, ['errors']]);
        expect(answer.text).not.toMatch(/log is full|SQLITE|trigger/i);
      }
    } finally {
      await db.exec('DROP TRIGGER no_log');
    }
    expect((await rows()).results).toEqual(before);
    expect((await user('GET', `/tokens/${id}`)).body.revoked_at).toBeNull();
  });
});

describe.each(all.filter(({ method }) => method !== 'GET'))('the body of $route', (route) => {
  test.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['a text', '"text"'],
    ['a number', '1'],
    [
      'a lone surrogate',
      '{"password":"\\ud800","role_id":"\\ud800","secret_id":"\\ud800","ttl":"\\ud800","policies":["\\ud800"],"increment":"\\ud800"}',
    ],
    ['lists for texts', '{"password":[],"role_id":[],"secret_id":[],"ttl":[],"increment":[],"renewable":[],"type":[]}'],
    ['objects for texts', '{"password":{},"role_id":{},"secret_id":{},"ttl":{},"increment":{},"policies":{},"id":{}}'],
    ['a prototype', '{"__proto__":{"password":"x","ttl":"1h"},"constructor":1}'],
    ['250,000 levels', '['.repeat(250_000)],
    ['bytes that are not UTF-8', String.fromCharCode(0xff)],
  ])('%s: never a 5xx, and a sentence where it is refused', async (_, body) => {
    const { use } = await newToken();
    const answer = await use(route.method, at(route), body);
    expect(answer.status).toBeLessThan(500);
    if (answer.status >= 400) {
      const { errors } = JSON.parse(answer.text) as { errors: string[] };
      expect([answer.status, errors.length]).toEqual([400, 1]);
    }
  });
});

describe.each([...logins].map((route) => all.find((each) => each.route === route) as Route))('$route', (route) => {
  test('neither reads nor ends the credential in the head, and takes none from it', async () => {
    const { use } = await newToken();
    const answer = await ask(use, route);
    expect(answer.status).toBe(400);
    expect((await use('GET', '/v1/auth/token/lookup-self')).status).toBe(200);
  });
});

const errorsIn = ({ text }: Answer) => (JSON.parse(text) as { errors: string[] }).errors;
const login = (name: string, password: string, address: string) =>
  vault.anonymous('POST', `/v1/auth/userpass/login/${name}`, { password }, { 'CF-Connecting-IP': address });

describe('published weaknesses of Vault and OpenBao', () => {
  test('CVE-2025-6004, CVE-2025-54998: another spelling of a user name is no way around the throttle', async () => {
    const spellings = ['user', 'User', 'USER', 'uSER', 'user%20', '%20user', 'user%E2%80%8B'];
    let tried = 0;
    for (; tried < 20; tried++) {
      const { status } = await login(spellings[tried % spellings.length] as string, 'wrong', `203.0.113.${tried}`);
      if (status === 429) break;
    }
    expect(tried).toBeLessThan(12);
    for (const spelling of spellings) expect((await login(spelling, 'user123', '203.0.113.77')).status).not.toBe(200);
    await testDb().exec('DELETE FROM throttles');
  });

  test('CVE-2025-6011, CVE-2025-54999: an unknown name costs the same work and gets the same answer', async () => {
    const ask = async (name: string) => {
      vault.trips.count = 0;
      const { status, text } = await login(name, 'wrong', '203.0.113.78');
      return [status, text, vault.trips.count];
    };
    // That a hash is computed for either, worker/routes/hashing.test.ts says of the same sign-in.
    expect(await ask('nobody-at-all')).toEqual(await ask('user'));
    await testDb().exec('DELETE FROM throttles');
  });

  test('CVE-2025-5999: another spelling of a policy gives nothing', async () => {
    const { use } = await newToken(user, 'read');
    for (const policy of [
      ' manage',
      'MANAGE',
      'manage ',
      'ｍanage',
      'manage\u0000',
      'root',
      ' root',
      'ROOT',
      'admin',
    ]) {
      const answer = await use('POST', '/v1/auth/token/create', { policies: [policy] });
      expect(answer.status).toBe(200);
      expect((JSON.parse(answer.text) as { auth: { policies: string[] } }).auth.policies).toEqual(['default', 'read']);
    }
  });

  test('CVE-2021-32923: what is renewed just before its end does not live for ever', async () => {
    const { use } = await newToken();
    const child = await childOf(use);
    await testDb()
      .prepare('UPDATE token_secrets SET ends_at = ? WHERE generation > 0')
      .bind(Date.now() + 900)
      .run();
    expect((await child('POST', '/v1/auth/token/renew-self', { increment: 0 })).status).toBe(200);
    const ends = await testDb()
      .prepare('SELECT max(ends_at) AS ends FROM token_secrets WHERE generation > 0')
      .first<number>('ends');
    expect(ends).toBeGreaterThan(Date.now());
    expect(ends).toBeLessThan(Date.now() + 86_400_000 + 1_000);
  });

  test('CVE-2020-25816: nothing that a token has made outlives it', async () => {
    const { id, use } = await newToken();
    const end = Date.now() + 2_000;
    await testDb()
      .prepare('UPDATE service_tokens SET expires_at = ? WHERE id = ?')
      .bind(end, id ?? 0)
      .run();
    const child = await childOf(use);
    for (const client of [child, await childOf(child)])
      await client('POST', '/v1/auth/token/renew-self', { increment: '24h' });
    expect(
      await testDb()
        .prepare('SELECT max(ends_at) AS ends FROM token_secrets WHERE token_id = ?')
        .bind(id ?? 0)
        .first('ends'),
    ).toBe(end);
  });

  test('CVE-2023-24999: an accessor is good for nothing, neither as a token nor to reach somebody else', async () => {
    const { use } = await newToken();
    const { text } = await use('POST', '/v1/auth/token/create', {});
    const { accessor } = (JSON.parse(text) as { auth: { accessor: string } }).auth;
    for (const token of [accessor, `ks_${accessor}`, accessor.slice(0, 36)])
      expect(
        (await vault.anonymous('GET', '/v1/auth/token/lookup-self', undefined, { 'X-Vault-Token': token })).status,
      ).toBe(403);
    for (const path of [
      'lookup-accessor',
      'revoke-accessor',
      'renew-accessor',
      'lookup',
      'revoke',
      'revoke-orphan',
      'create-orphan',
      'create/role',
      'accessors',
    ])
      expect((await admin('POST', `/v1/auth/token/${path}`, { accessor, token: accessor })).status, path).toBe(404);
  });

  test('CVE-2025-62513: neither tokens nor passwords are in the log, however they are sent', async () => {
    const { id, secret, use } = await newToken();
    const child = await childOf(use);
    await vault.anonymous('POST', '/v1/auth/approle/login', { role_id: String(id), secret_id: secret });
    await vault.anonymous('POST', '/v1/auth/approle/login', { role_id: secret, secret_id: secret });
    await login('user', 'user123', '203.0.113.79');
    await login(secret, 'a secret password', '203.0.113.79');
    await use('POST', '/v1/auth/token/create', { id: secret, policies: [secret] });
    await use('POST', '/v1/auth/token/renew-self', { increment: secret });
    await child('GET', '/v1/auth/token/lookup-self');
    const { results } = await testDb().prepare('SELECT * FROM audit_events').all();
    const log = JSON.stringify(results);
    for (const secretText of [secret, child.token, 'user123', 'a secret password'])
      expect(log).not.toContain(secretText);
    expect(errorsIn(await use('POST', '/v1/auth/token/create', { ttl: secret }))[0]).not.toContain(secret);
  });

  test('what another person has cannot be told from what nobody has', async () => {
    const theirs = await newToken(admin);
    const mine = await user('POST', '/tokens', { name: 'mine', access: 'read', scopes: ['*'] });
    const ask = async (role_id: unknown) => {
      const { status, text } = await vault.anonymous('POST', '/v1/auth/approle/login', {
        role_id,
        secret_id: mine.body.token,
      });
      return [status, text];
    };
    expect(await ask(String(theirs.id))).toEqual(await ask('987654'));
  });
});
