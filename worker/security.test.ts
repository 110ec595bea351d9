/**
 * One suite for every route of the app. A new route is covered without being added here. Those of the Vault API answer in another form:
 * `vault-api/security.test.ts` has them.
 */
import { SignJWT, UnsecuredJWT } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { newServiceToken } from '../core/crypto/service-token.ts';
import { maxImportBytes, maxJsonBytes } from '../core/limits.ts';
import { accesses, roles, tokenPolicy } from '../core/policy/policy.ts';
import { requestedBy } from './http/route.ts';
import { type Client, startVault, testDb, testKeys } from './testing/vault.ts';

type Started = Awaited<ReturnType<typeof startVault>>;

const open = new Set(['POST /auth/login', 'GET /health', 'GET /health/live']);

let vault: Started;
let admin: Client;
let user: Client;
/** Each kind of forgery, with its token. */
let forgeries: [string, string][];

beforeAll(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
  user = await vault.signIn('user', 'user123');
  forgeries = await forged();
  // Otherwise nobody can make service tokens.
  await testDb().exec('UPDATE users SET must_change_password = 0');
  // From the first time on, the log has a key.
  await admin('POST', '/logs/checkpoint');
});

const routes = (await startVault()).app.routes
  .filter(({ method, path }) => method !== 'ALL' && !path.startsWith('/v1/') && !open.has(`${method} ${path}`))
  .map(({ method, path, handler }) => ({
    method,
    path,
    route: `${method} ${path}`,
    takesKey: requestedBy(handler)?.takesKey === true,
  }));

const at = (path: string) =>
  path
    .replace(/^\/key(?=\/|$).*/, '$&?key_name=nothing')
    .replace(':version', '3')
    .replace('trash/:id', 'trash/4711')
    .replace(':name', 'nothing')
    .replace(':user_name', 'nobody')
    .replace('/users/exposure', '/users/exposure?user_name=nobody')
    .replace('users/:id', 'users/4711')
    .replace('tokens/:id', 'tokens/4711')
    .replace(/sessions\/:(session_)?id/, 'sessions/no-session')
    .replace('proof/:id', 'proof/4711')
    .replace('/logs/consistency', '/logs/consistency?from=1')
    .replace(':level', '0')
    .replace(':tile{.+}', '000.p/1');

const bodies: Record<string, unknown> = {
  'POST /keys': { key_name: 'walked', api_key: 'value' },
  'PUT /keys/:name': { description: 'walked' },
  'PUT /key': { description: 'walked' },
  'POST /keys/:name/restore': { version: 3 },
  'POST /key/restore': { version: 3 },
  'POST /projects': { name: 'walked' },
  'PUT /projects/:name': { description: 'walked' },
  'PUT /projects/:name/members/:user_name': { role: 'viewer' },
  'POST /keys/values': { names: ['nothing'] },
  'POST /keys/import': { entries: [{ key_name: 'walked', api_key: 'value' }], dry_run: true },
  'POST /users/:id/exposure': { key_id: 4711, mark: 'rotated' },
  'POST /users': { username: 'walked', password: 'a good password' },
  'PUT /users/:id': { role: 'user' },
  'POST /tokens': { name: 'walked', access: 'read', scopes: ['*'] },
  'POST /auth/password': { current_password: 'not the password', new_password: 'short' },
};

/** So many sign-ins that admin would be throttled: only for routes that may end the session. */
const adminFor = ({ path }: Pick<Route, 'path'>) =>
  path.startsWith('/auth/') ? vault.signIn('admin', 'admin123') : admin;

/** With these bodies, a password is hashed: one round trip decides whether it may be, and one carries the action out. */
const hashing = new Set(['POST /users']);
/** Sealing reads and writes after the decision. */
const sealing = new Set(['POST /logs/checkpoint']);
/** Sealing as well, if it is an admin's; then come the entries, as far as the client reads. */
const streaming = new Set(['GET /logs/export']);

/**
 * What changes rows of which it cannot be said beforehand what they will be, or which it finds otherwise than by their name: it asks for
 * them first, and their seals are checked. Everything else does so only if a row is not known, or has changed.
 */
const looksFirst = new Set([
  'POST /auth/password',
  'POST /keys/:name/restore',
  'POST /key/restore',
  'POST /keys/import',
  'POST /trash/:id/restore',
  'DELETE /trash/:id',
  'POST /projects',
  'PUT /projects/:name',
  'DELETE /projects/:name',
  'PUT /projects/:name/members/:user_name',
  'DELETE /projects/:name/members/:user_name',
  'POST /tokens/:id/rotate',
  'PUT /users/:id',
  'DELETE /users/:id',
  'POST /users/:id/exposure',
]);

type Route = Pick<(typeof routes)[number], 'method' | 'path' | 'route'>;

const ask = (client: Client, { method, path, route }: Route, headers?: Record<string, string>) =>
  client(method, at(path), bodies[route] ?? (method === 'POST' || method === 'PUT' ? {} : undefined), headers);

const newestEvent = () =>
  testDb().prepare('SELECT * FROM audit_events ORDER BY id DESC LIMIT 1').first<Record<string, unknown>>();

const eventCount = () => testDb().prepare('SELECT count(*) AS count FROM audit_events').first<number>('count');

const encoded = (text: string) => new TextEncoder().encode(text);
const parts = (token: string) => token.split('.') as [string, string, string];
const json64 = (value: unknown) =>
  btoa(JSON.stringify(value)).replaceAll('=', '').replaceAll('+', '-').replaceAll('/', '_');
const claimsOf = (token: string) => JSON.parse(atob(parts(token)[1].replaceAll('-', '+').replaceAll('_', '/')));

const forged = async (): Promise<[string, string][]> => {
  const claims = claimsOf(admin.token);
  const [header, payload, signature] = parts(admin.token);
  const signed = (change: object, alg = 'HS256', key = testKeys.SECRET_KEY) =>
    new SignJWT({ ...claims, ...change }).setProtectedHeader({ alg }).sign(encoded(key));
  const { exp: _, ...endless } = claims;
  const rsa = (await crypto.subtle.generateKey(
    { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
    false,
    ['sign', 'verify'],
  )) as CryptoKeyPair;
  return [
    ['nothing at all', ''],
    ['alg none', new UnsecuredJWT(claims).encode()],
    ...['None', 'NONE', 'nOnE'].map((alg): [string, string] => [`alg ${alg}`, `${json64({ alg })}.${payload}.`]),
    ['alg none with the old signature', `${json64({ alg: 'none' })}.${payload}.${signature}`],
    ['HS512', await signed({}, 'HS512', testKeys.SECRET_KEY.repeat(2))],
    ['RS256', await new SignJWT(claims).setProtectedHeader({ alg: 'RS256' }).sign(rsa.privateKey)],
    ['another key', await signed({}, 'HS256', 'another key of more than 32 bytes length')],
    ['an edited role', `${header}.${json64({ ...claimsOf(user.token), role: 'admin' })}.${parts(user.token)[2]}`],
    ['no exp', await new SignJWT(endless).setProtectedHeader({ alg: 'HS256' }).sign(encoded(testKeys.SECRET_KEY))],
    ['an exp that is past', await signed({ exp: 1 })],
    ['an exp that is text', `${header}.${json64({ ...claims, exp: '9999999999' })}.${signature}`],
    ['100 KB', 'a'.repeat(100_000)],
    ['two dots and no more', '..'],
    ['a payload cut short', `${header}.${payload.slice(0, -2)}.${signature}`],
  ];
};

test('the suite covers every route of the API', () => {
  expect(routes.map(({ route }) => route)).toEqual(expect.arrayContaining(['GET /keys/:name', 'DELETE /users/:id']));
  expect(routes.length).toBeGreaterThanOrEqual(15);
});

describe.each(routes)('$route', (route) => {
  test('answers 401 to every forged token, without asking the database', async () => {
    vault.trips.count = 0;
    for (const [kind, token] of forgeries) {
      const answer = await ask(vault.client(token), route);
      expect.soft(answer.status, kind).toBe(401);
      expect.soft(answer.body.error, kind).toMatch(/token/);
    }
    expect(vault.trips.count).toBe(0);
  });

  test.runIf(route.method === 'POST')('with an Idempotency-Key answers 401 to every forged token, too', async () => {
    vault.trips.count = 0;
    for (const [kind, token] of forgeries) {
      const answer = await ask(vault.client(token), route, { 'Idempotency-Key': 'walked' });
      expect.soft(answer.status, kind).toBe(401);
    }
    expect(vault.trips.count).toBe(0);
  });

  test.runIf(route.method === 'POST' && !route.takesKey)('refuses an Idempotency-Key, and keeps nothing', async () => {
    const answer = await ask(await adminFor(route), route, { 'Idempotency-Key': 'walked' });
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatch(/^This request takes no Idempotency-Key/);
    expect(await newestEvent()).toMatchObject({ outcome: 'invalid' });
    expect(await testDb().prepare('SELECT count(*) AS count FROM kept_answers').first('count')).toBe(0);
  });

  test('accepts a credential only in the header or the cookie', async () => {
    const { method, path } = route;
    const url = `http://vault.test${at(path)}`;
    const refused = [
      new Request(`${url}${url.includes('?') ? '&' : '?'}token=${admin.token}&access_token=${admin.token}`, { method }),
      new Request(url, { method, headers: { Authorization: `Basic ${admin.token}` } }),
      new Request(url, { method, headers: { Authorization: admin.token } }),
      new Request(url, { method, headers: { Authorization: 'Bearer x', Cookie: admin.cookie } }),
    ];
    for (const request of refused) expect((await vault.raw(request)).status).toBe(401);
  });

  test('answers 403, which names both origins, to the cookie from a page of another origin', async () => {
    const { method, path } = route;
    vault.trips.count = 0;
    for (const foreign of [
      { Origin: 'http://evil.test' },
      { Origin: 'null' },
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site', Origin: 'http://vault.test' },
    ]) {
      const headers = { Cookie: admin.cookie, Host: 'vault.test', ...foreign };
      const answer = await vault.raw(new Request(`http://vault.test${at(path)}`, { method, headers }));
      const { error } = await answer.json<{ error: string }>();
      expect(answer.status).toBe(403);
      expect(error).toContain(
        `a page of ${foreign.Origin ?? 'another origin'}, but the vault was asked as http://vault.test,`,
      );
      expect(error).toMatch(/TRUSTED_PROXIES/);
    }
    expect(vault.trips.count).toBe(0);
  });

  test('answers a live session below 500, in one round trip, or more if it changes something, hashes, seals or streams, with one event', async () => {
    const client = await adminFor(route);
    vault.trips.count = 0;
    const before = await eventCount();
    const answer = await ask(client, route);
    const more = [hashing, sealing, sealing, streaming, streaming].filter((some) => some.has(route.route)).length;
    const looks = answer.status < 300 && looksFirst.has(route.route) && !isDryRun(bodies[route.route]);
    expect(vault.trips.count).toBe(1 + more + (streaming.has(route.route) ? 1 : 0) + (looks ? 1 : 0));
    expect(answer.status).toBeLessThan(500);
    expect(answer.status).not.toBe(401);
    expect(await eventCount()).toBe((before ?? 0) + 1);
    expect(await newestEvent()).toMatchObject({ actor_name: 'admin', actor_role: 'admin' });
  });

  test('answers 401 after the session has ended, and records it', async () => {
    // There are more routes than a person may sign in at once.
    await testDb().exec('DELETE FROM throttles');
    const client = await vault.signIn('user', 'user123');
    expect((await client('POST', '/auth/logout')).status).toBe(200);
    expect((await ask(client, route)).status).toBe(401);
    expect(await newestEvent()).toMatchObject({ outcome: 'unauthenticated', actor_id: null, actor_name: 'user' });
  });

  test('changes nothing and reveals nothing when the log cannot be written', async () => {
    const db = testDb();
    await db.exec("CREATE TRIGGER no_log BEFORE INSERT ON audit_events BEGIN SELECT RAISE(ABORT, 'log is full'); END");
    try {
      await db.exec("UPDATE secrets SET description = 'as it was'");
      const answer = await ask(admin, route);
      expect(answer.status).toBe(503);
      expect(Object.keys(answer.body)).toEqual(['error']);
      expect(answer.text).not.toMatch(/log is full|SQLITE|trigger/i);
    } finally {
      await db.exec('DROP TRIGGER no_log');
    }
  });

  test('has the security headers and is not cached', async () => {
    const { headers } = await ask(await adminFor(route), route);
    expect(headers.get('Content-Security-Policy')).toContain("default-src 'none'");
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(headers.get('Cache-Control')).toBe('no-store');
    expect(headers.get('Access-Control-Allow-Origin')).toBeNull();
  });

  test('answers another method with 405 and the methods that it accepts', async () => {
    const answer = await admin('PATCH', at(route.path));
    expect(answer.status).toBe(405);
    expect(answer.headers.get('Allow')).toContain(route.method);
  });
});

/** By action: what a route is called in the log says which one it is. */
const tokenActions: Record<string, unknown> = tokenPolicy;

describe.each(routes)('$route with a service token', (route) => {
  const made = async (client: Client, access: string, project: string | null = null) => {
    await testDb().exec('UPDATE service_tokens SET revoked_at = 1');
    const { status, body, text } = await client('POST', '/tokens', { name: 'walker', access, project, scopes: ['*'] });
    if (status !== 201) throw new Error(`POST /tokens: ${status} ${text}`);
    return { id: body.id, use: vault.client(body.token ?? '') };
  };

  test.each(accesses)(
    'of access %s does what the policy of tokens says, in one round trip, with an event that names the token',
    async (access) => {
      await admin('POST', '/projects', { name: 'walk' });
      for (const [client, project] of [
        [admin, null],
        [user, null],
        [admin, 'walk'],
      ] as const) {
        const { id, use } = await made(client, access, project);
        vault.trips.count = 0;
        const answer = await ask(use, route);
        expect(vault.trips.count).toBe(streaming.has(route.route) ? 2 : 1);
        expect(answer.status).toBeLessThan(500);
        const event = (await newestEvent()) ?? {};
        expect(answer.status, `${project} ${JSON.stringify(event)}`).not.toBe(401);
        expect(event).toMatchObject({ token_id: id, token: 'walker' });
        const allowing = tokenActions[String(event.action)] as Record<string, boolean> | undefined;
        const isItself = event.action === 'token.read';
        // The project has no key of that name, so for its token the name is outside its scopes.
        if (project !== null && event.reason === 'token_scope')
          expect(answer.status).toBe(route.path === '/keys/values' ? 200 : 404);
        else if (!allowing?.[access] || isItself) expect([answer.status, event.outcome]).toEqual([403, 'denied']);
        else expect(String(event.reason)).not.toMatch(/^token(_access)?$/);
      }
    },
  );

  test('of access audit reads the log and nothing else, whatever its admin may do', async () => {
    const { body } = await admin('POST', '/tokens', { name: 'auditor', access: 'audit' });
    const answer = await ask(vault.client(body.token ?? ''), route);
    const { action = '', outcome } = (await newestEvent()) ?? {};
    const isAllowed = /^event\.(?!mark)|^token\.end$|^child\./.test(String(action));
    expect(outcome === 'denied').toBe(!isAllowed);
    if (!isAllowed) expect([403, 404]).toContain(answer.status);
  });

  test('that is revoked, unknown or mistyped gets the same 401 as no token, and only the revoked one is recorded', async () => {
    const { id, use } = await made(user, 'manage');
    await user('DELETE', `/tokens/${id}`);
    const before = (await eventCount()) ?? 0;
    const refused = await ask(use, route);
    expect([refused.status, await eventCount()]).toEqual([401, before + 1]);
    expect(await newestEvent()).toMatchObject({ outcome: 'unauthenticated', reason: 'token_revoked', token_id: id });
    for (const token of [newServiceToken(), `${newServiceToken().slice(0, -6)}000000`, 'ks_x', '']) {
      const answer = await ask(vault.client(token), route);
      expect([answer.status, answer.text], token).toEqual([401, refused.text]);
    }
    expect(await eventCount()).toBe(before + 1);
  });

  test('changes nothing and reveals nothing when the log cannot be written', async () => {
    const db = testDb();
    const { use } = await made(admin, 'manage');
    await db.exec("CREATE TRIGGER no_log BEFORE INSERT ON audit_events BEGIN SELECT RAISE(ABORT, 'log is full'); END");
    try {
      const answer = await ask(use, route);
      expect([answer.status, Object.keys(answer.body)]).toEqual([503, ['error']]);
    } finally {
      await db.exec('DROP TRIGGER no_log');
    }
  });
});

/** How a route succeeds: what it needs first, and then the request; of which each takes one round trip unless this says why not. */
interface Success {
  client?: Client;
  path?: string;
  body?: unknown;
  trips?: number;
}

let made = 0;
const named = () => `succeeding/${++made}`;
const encodedName = encodeURIComponent;
const make = async () => {
  const key_name = named();
  await admin('POST', '/keys', { key_name, api_key: 'value 1' });
  await admin('PUT', `/keys/${encodedName(key_name)}`, { api_key: 'value 2' });
  return encodedName(key_name);
};
const trashed = async () => (await admin('DELETE', `/keys/${await make()}`)).headers.get('Trash-Id');
const project = async () => {
  const name = `project ${++made}`;
  await admin('POST', '/projects', { name });
  await admin('PUT', `/projects/${encodedName(name)}/members/user`, { role: 'viewer' });
  return `/projects/${encodedName(name)}`;
};
const somebody = async () =>
  (await admin('POST', '/users', { username: `walked ${++made}`, password: 'a good password' })).body.id;
const token = async () =>
  (await admin('POST', '/tokens', { name: `token ${++made}`, access: 'read', scopes: ['*'] })).body.id;
const asKey = async (rest = '') => ({ path: `/keys/${await make()}${rest}` });
const asQuery = async (rest = '') => ({ path: `/key${rest}?key_name=${await make()}` });
const hash = 'one decides whether a password may be hashed, one carries it out';
const bindings =
  'one reads the bindings of all versions, which only JavaScript can make anew, one decides again and stores';
const values = 'one compares values, which only JavaScript can open, one decides again and stores';

/** Each route, and each way to ask for it that takes another number of round trips: then the second word says why. */
type Way = [route: string, why: string, () => Success | Promise<Success>];
const successes: Way[] = [
  ['POST /auth/logout', '', () => ({})],
  [
    'POST /auth/password',
    hash,
    async () => {
      await somebody();
      const client = await vault.signIn(`walked ${made}`, 'a good password');
      return { client, body: { current_password: 'a good password', new_password: 'another good password' }, trips: 2 };
    },
  ],
  ['GET /auth/session', '', () => ({})],
  ['GET /auth/sessions', '', () => ({})],
  [
    'DELETE /auth/sessions/:id',
    '',
    async () => {
      await vault.signIn('admin', 'admin123');
      const { sessions } = (await admin('GET', '/auth/sessions')).body;
      return { path: `/auth/sessions/${sessions?.find(({ is_current }) => !is_current)?.id}` };
    },
  ],
  ['GET /keys', '', () => ({})],
  ['POST /keys', '', () => ({ body: { key_name: named(), api_key: 'value', labels: { a: 'b' }, expires_at: null } })],
  ['GET /keys/:name', '', () => asKey()],
  ['GET /keys/:name', '', () => asKey('?version=1')],
  ['PUT /keys/:name', '', async () => ({ ...(await asKey()), body: { api_key: 'value 3', description: 'd' } })],
  ['PUT /keys/:name', '', async () => ({ ...(await asKey()), body: { owner: 'user' } })],
  ['PUT /keys/:name', bindings, async () => ({ ...(await asKey()), body: { key_name: named() }, trips: 2 })],
  [
    'PUT /keys/:name',
    bindings,
    async () => ({ ...(await asKey()), body: { key_name: named(), owner: 'user', api_key: 'value 3' }, trips: 2 }),
  ],
  ['DELETE /keys/:name', '', () => asKey()],
  ['GET /keys/:name/versions', '', () => asKey('/versions')],
  ['DELETE /keys/:name/versions/:version', '', () => asKey('/versions/1')],
  ['POST /keys/:name/restore', '', async () => ({ ...(await asKey('/restore')), body: { version: 1 } })],
  ['GET /key', '', () => asQuery()],
  ['PUT /key', '', async () => ({ ...(await asQuery()), body: { description: 'd' } })],
  ['PUT /key', bindings, async () => ({ ...(await asQuery()), body: { key_name: named() }, trips: 2 })],
  ['DELETE /key', '', () => asQuery()],
  ['GET /key/versions', '', () => asQuery('/versions')],
  ['DELETE /key/versions/:version', '', () => asQuery('/versions/1')],
  ['POST /key/restore', '', async () => ({ ...(await asQuery('/restore')), body: { version: 1 } })],
  ['POST /keys/values', '', async () => ({ body: { names: [decodeURIComponent(await make()), 'nothing'] } })],
  ['POST /keys/values', '', () => ({ body: { prefix: 'succeeding/' } })],
  ['POST /keys/import', '', () => ({ body: { entries: [{ key_name: named(), api_key: 'x' }], dry_run: true } })],
  ['POST /keys/import', values, () => ({ body: { entries: [{ key_name: named(), api_key: 'x' }] }, trips: 2 })],
  ['GET /trash', '', () => ({})],
  ['POST /trash/:id/restore', '', async () => ({ path: `/trash/${await trashed()}/restore` })],
  [
    'POST /trash/:id/restore',
    bindings,
    async () => ({ path: `/trash/${await trashed()}/restore`, body: { key_name: named() }, trips: 2 }),
  ],
  ['DELETE /trash/:id', '', async () => ({ path: `/trash/${await trashed()}` })],
  ['GET /projects', '', () => ({})],
  ['POST /projects', '', () => ({ body: { name: `project ${++made}` } })],
  ['GET /projects/:name', '', async () => ({ path: await project() })],
  ['PUT /projects/:name', '', async () => ({ path: await project(), body: { description: 'd' } })],
  ['DELETE /projects/:name', '', async () => ({ path: await project() })],
  [
    'PUT /projects/:name/members/:user_name',
    '',
    async () => ({ path: `${await project()}/members/user`, body: { role: 'editor' } }),
  ],
  ['DELETE /projects/:name/members/:user_name', '', async () => ({ path: `${await project()}/members/user` })],
  ['GET /tokens', '', () => ({})],
  ['POST /tokens', '', () => ({ body: { name: 'new', access: 'read', scopes: ['a/*', 'b'], expires_in_days: 1 } })],
  ['GET /tokens/:id', '', async () => ({ path: `/tokens/${await token()}` })],
  ...['key', 'checkpoint', 'consistency', 'proof/:id', 'tile/:level/:tile{.+}', 'tile/entries/:tile{.+}', 'verify'].map(
    (path): Way => [`GET /logs/${path}`, '', () => ({ path: at(`/logs/${path}`).replace('4711', '1') })],
  ),
  ['POST /logs/checkpoint', 'one decides, one reads what is not sealed, one stores the tree', () => ({ trips: 3 })],
  [
    'POST /tokens/:id/rotate',
    '',
    async () => ({ path: `/tokens/${await token()}/rotate`, body: { grace_minutes: 1 } }),
  ],
  ['DELETE /tokens/:id', '', async () => ({ path: `/tokens/${await token()}` })],
  ['GET /care', '', () => ({})],
  ['GET /logs', '', () => ({})],
  ['GET /logs/activity', '', () => ({})],
  ['GET /logs/export', 'one decides, two seal the log, and one reads each part of it', () => ({ trips: 4 })],
  ['GET /logs/uses', '', () => ({})],
  ['GET /users', '', () => ({})],
  ['POST /users', hash, () => ({ body: { username: `walked ${++made}`, password: 'a good password' }, trips: 2 })],
  ['PUT /users/:id', '', async () => ({ path: `/users/${await somebody()}`, body: { is_active: false } })],
  [
    'PUT /users/:id',
    hash,
    async () => ({ path: `/users/${await somebody()}`, body: { password: 'another good password' }, trips: 2 }),
  ],
  ['DELETE /users/:id', '', async () => ({ path: `/users/${await somebody()}` })],
  ['DELETE /users/:id', '', async () => ({ path: `/users/${await somebody()}?transfer_to=user` })],
  ['GET /keys/:name/access', '', () => asKey('/access')],
  ['GET /key/access', '', () => asQuery('/access')],
  ['GET /users/exposure', '', () => ({ path: '/users/exposure?user_name=admin' })],
  ['GET /users/:id/exposure', '', () => ({ path: '/users/1/exposure' })],
  [
    'POST /users/:id/exposure',
    '',
    async () => {
      const path = await make();
      const key_name = decodeURIComponent(path);
      const key_id = await testDb().prepare('SELECT id FROM secrets WHERE name = ?').bind(key_name).first<number>('id');
      await admin('GET', `/keys/${path}`);
      return { path: '/users/1/exposure', body: { key_id, mark: 'rotated' } };
    },
  ],
  ['GET /users/:id/sessions', '', () => ({ path: '/users/2/sessions' })],
  ['DELETE /users/:id/sessions', '', async () => ({ path: `/users/${await somebody()}/sessions` })],
  [
    'DELETE /users/:id/sessions/:session_id',
    '',
    async () => {
      await vault.signIn('user', 'user123');
      const { sessions } = (await admin('GET', '/users/2/sessions')).body;
      return { path: `/users/2/sessions/${sessions?.[0]?.id}` };
    },
  ],
];

test('of every route it is known how many round trips it takes when it succeeds', () => {
  expect([...new Set(successes.map(([route]) => route))].toSorted()).toEqual(
    [...new Set(routes.map(({ route }) => route))].toSorted(),
  );
});

/** A key that gets another name or owner. */
const isMove = (body: unknown) => Object.keys(body ?? {}).some((field) => field === 'key_name' || field === 'owner');

const isDryRun = (body: unknown) => (body as { dry_run?: boolean } | undefined)?.dry_run === true;

test.each(successes)(
  '%s succeeds in one round trip, or in two if it looks at the rows first; or in one more: %s',
  async (route, why, prepare) => {
    const [method = '', pattern = ''] = route.split(' ');
    const { path = pattern, body, trips = 1, client = await adminFor({ path: pattern }) } = await prepare();
    expect(trips > 1).toBe(why !== '');
    vault.trips.count = 0;
    const answer = await client(method, path, body);
    expect([answer.status, answer.text]).toEqual([expect.toSatisfy((status) => status < 300), expect.any(String)]);
    const looks = looksFirst.has(route) ? !isDryRun(body) : method === 'PUT' && isMove(body);
    expect(vault.trips.count).toBe(looks ? trips + 1 : trips);
  },
);

describe.each(routes.filter(({ method }) => method === 'GET'))('HEAD of $path', ({ path }) => {
  test('has the headers of a GET and no body, and is recorded like one', async () => {
    await admin('POST', '/keys', { key_name: 'nothing', api_key: 'value' });
    const found = await admin('GET', at(path));
    const { id: _, at: __, request_id: ___, ...row } = (await newestEvent()) ?? {};
    const before = await eventCount();
    vault.trips.count = 0;
    const head = await admin('HEAD', at(path));
    // An export seals the log.
    expect([head.status, head.text, vault.trips.count]).toEqual([found.status, '', path === '/logs/export' ? 3 : 1]);
    expect([...head.headers.keys()].filter((name) => name !== 'content-length')).toEqual(
      [...found.headers.keys()].filter((name) => name !== 'content-length'),
    );
    expect(await eventCount()).toBe((before ?? 0) + 1);
    expect(await newestEvent()).toMatchObject(row);
    await admin('DELETE', '/keys/nothing');
  });
});

describe.each(routes.filter(({ path }) => path.startsWith('/users')))('$route', (route) => {
  test('is for admins: a user gets 403, even with an invalid body, and it is recorded', async () => {
    expect((await ask(user, route)).status).toBe(403);
    expect(await newestEvent()).toMatchObject({ outcome: 'denied', actor_name: 'user' });
    if (route.method === 'POST' || route.method === 'PUT') {
      expect((await user(route.method, at(route.path), '[')).status).toBe(403);
    }
  });
});

describe.each(
  routes.filter(({ method }) => method === 'POST' || method === 'PUT').filter(({ route }) => bodies[route]),
)('the body of $route', ({ method, path }) => {
  test.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['null', 'null'],
    ['a list', '[]'],
    ['a text', '"text"'],
    ['a number', '1'],
    ['an empty object', '{}'],
    [
      'lists for texts',
      '{"key_name":[],"name":[],"api_key":[],"description":[],"username":[],"password":[],"role":[],"current_password":[]}',
    ],
    [
      'a lone surrogate',
      '{"key_name":"\\ud800","name":"\\ud800","api_key":"\\ud800","description":"\\ud800","username":"\\ud800","password":"\\ud800aaaaaaa","current_password":"a","new_password":"\\ud800aaaaaaa"}',
    ],
    ['250,000 levels', '['.repeat(250_000)],
    ['50,000 fields', `{${Array.from({ length: 50_000 }, (_, i) => `"${i}":1`).join()}}`],
    ['bytes that are not UTF-8', String.fromCharCode(0xff)],
  ])('%s: 400 that says what to change, and an event', async (_, body) => {
    const answer = await admin(method, at(path), body);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatch(/\w+.*\.$/);
    expect(await newestEvent()).toMatchObject({ outcome: 'invalid', actor_name: 'admin' });
  });

  test('more than 512 KiB, or 4 MiB for an import: 413, with or without a Content-Length', async () => {
    const most = path === '/keys/import' ? maxImportBytes : maxJsonBytes;
    const large = JSON.stringify({ key_name: 'x', api_key: 'y'.repeat(most) });
    expect((await admin(method, at(path), large)).status).toBe(413);
    const chunked = new Request(`http://vault.test${at(path)}`, {
      method,
      headers: { Authorization: `Bearer ${admin.token}`, 'Content-Type': 'application/json' },
      body: new Response(large).body,
      duplex: 'half',
    } as RequestInit);
    expect((await vault.raw(chunked)).status).toBe(413);
  });

  test('a form: 415', async () => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    expect((await admin(method, at(path), 'key_name=x', headers)).status).toBe(415);
  });
});

describe('/metrics, which is no part of the API above', () => {
  const token = 'the-token-of-the-metrics-of-a-suite';

  test('takes no credential of a person or a program, and its own token opens no other route', async () => {
    const measured = await startVault({ METRICS_TOKEN: token });
    const service = await admin('POST', '/tokens', { name: 'scraper', access: 'manage', scopes: ['*'] });
    const before = await eventCount();
    measured.trips.count = 0;
    for (const [kind, forged] of [...forgeries, ['an admin', admin.token], ['a program', service.body.token ?? '']]) {
      const answer = await measured.client(forged ?? '')('GET', '/metrics');
      expect.soft([answer.status, Object.keys(answer.body)], kind).toEqual([401, ['error']]);
    }
    const cookie = await measured.client('')('GET', '/metrics', undefined, { Cookie: admin.cookie });
    expect(cookie.status).toBe(401);
    for (const route of routes) expect.soft((await ask(measured.client(token), route)).status, route.route).toBe(401);
    expect([measured.trips.count, await eventCount()]).toEqual([0, before]);
  });

  test('does not exist unless it is switched on', async () => {
    for (const client of [vault.anonymous, admin, vault.client(token)])
      expect((await client('GET', '/metrics')).text).toBe((await client('GET', '/metrics/')).text);
    expect((await admin('GET', '/metrics')).status).toBe(404);
  });
});

test('the policy of tokens never allows what is about accounts, members, sessions, or other tokens', async () => {
  for (const action of Object.keys(tokenPolicy))
    expect(action).not.toMatch(/^(user|member|session|password)\.|^project\.(?!list|read)/);
  expect(Object.keys(tokenPolicy).filter((action) => action.startsWith('token.'))).toEqual(['token.read', 'token.end']);
  for (const [action, allowed] of Object.entries(tokenPolicy))
    expect(allowed.audit, action).toBe(/^(event|child)\.|^token\.(read|end)$/.test(action));
});

test.each(roles)('the policy names every action for the role %s', async (role) => {
  const { policy } = await import('../core/policy/policy.ts');
  for (const reach of Object.values(policy)) expect(['none', 'own', 'any']).toContain(reach[role]);
});
