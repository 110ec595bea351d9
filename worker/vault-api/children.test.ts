/** Children: what they reach, how long they live, and what ends them. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { maxChildGenerations, maxChildrenPerParent } from '../../core/limits.ts';
import { type Answer, type Client, startVault, testDb } from '../testing/vault.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;
let user: Client;

beforeAll(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
  user = await vault.signIn('user', 'user123');
  await testDb().exec('UPDATE users SET must_change_password = 0');
  for (const key_name of ['shop/prod/A', 'shop/dev/B', 'mine']) await user('POST', '/keys', { key_name, api_key: 'v' });
});

beforeEach(async () => {
  await testDb().exec('UPDATE service_tokens SET revoked_at = 1');
});

const scopes = ['shop/prod/*'];
const newToken = async (client = user, fields: object = {}) => {
  const { status, body, text } = await client('POST', '/tokens', {
    name: 'deploy',
    access: 'write',
    scopes,
    ...fields,
  });
  if (status !== 201) throw new Error(`${status} ${text}`);
  return { id: String(body.id), secret: body.token ?? '', use: vault.client(body.token ?? '') };
};

/** What a login, a new token or a renewal answers. */
interface Auth {
  client_token: string;
  accessor: string;
  policies: string[];
  lease_duration: number;
  renewable: boolean;
  orphan: boolean;
}
const authIn = ({ status, text }: Answer): Auth => {
  if (status !== 200) throw new Error(`${status} ${text}`);
  return (JSON.parse(text) as { auth: Auth }).auth;
};
const dataIn = ({ text }: Answer) => (JSON.parse(text) as { data: Record<string, unknown> }).data;

const appRole = async ({ id, secret }: { id: string; secret: string }) =>
  authIn(await vault.anonymous('POST', '/v1/auth/approle/login', { role_id: id, secret_id: secret }));
const create = async (use: Client, fields: object = {}) => authIn(await use('POST', '/v1/auth/token/create', fields));
const userpass = async (name = 'user', password = 'user123') =>
  authIn(await vault.anonymous('POST', `/v1/auth/userpass/login/${name}`, { password }));
const using = ({ client_token }: Auth) => vault.client(client_token);

const works = async (use: Client) => (await use('GET', '/v1/auth/token/lookup-self')).status === 200;
const readA = '/keys/shop%2Fprod%2FA';
const newestEvents = async (most: number) =>
  (await testDb().prepare('SELECT * FROM audit_events ORDER BY id DESC LIMIT ?').bind(most).all()).results;
const counted = (sql: string, ...values: unknown[]) =>
  testDb()
    .prepare(sql)
    .bind(...values)
    .first<number>('count');

describe('the reach of a child', () => {
  test('is that of its token: the same keys, and no others', async () => {
    const child = using(await appRole(await newToken()));
    expect((await child('GET', readA)).status).toBe(200);
    expect((await child('PUT', readA, { api_key: 'w' })).status).toBe(200);
    expect((await child('GET', '/keys/shop%2Fdev%2FB')).status).toBe(404);
    expect((await child('GET', '/keys/mine')).status).toBe(404);
    expect((await child('DELETE', '/trash/1')).status).toBe(403);
    for (const [method, path] of [
      ['GET', '/users'],
      ['POST', '/tokens'],
      ['POST', '/auth/password'],
      ['GET', '/auth/sessions'],
    ] as const)
      expect((await child(method, path, method === 'POST' ? {} : undefined)).status, path).toBe(403);
  });

  test('may be less, by the name of an access among its policies, and never more', async () => {
    const token = await newToken();
    const reader = await create(token.use, { policies: ['default', 'read'] });
    expect(reader.policies).toEqual(['default', 'read']);
    expect((await using(reader)('GET', readA)).status).toBe(200);
    expect((await using(reader)('PUT', readA, { api_key: 'x' })).status).toBe(403);
    // Nor does it get it back by a child of its own.
    const again = await create(using(reader));
    expect(again.policies).toEqual(['default', 'read']);
    for (const use of [token.use, using(reader)]) {
      const answer = await use('POST', '/v1/auth/token/create', { policies: ['manage'] });
      expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('subset')]);
    }
    expect(await newestEvents(1)).toMatchObject([
      { action: 'child.create', outcome: 'invalid', reason: 'child_access' },
    ]);
  });

  test('of a sign-in is what the person reaches with keys, and nothing about accounts, tokens or passwords', async () => {
    for (const child of [using(await userpass('admin', 'admin123')), using(await create(admin))]) {
      expect((await child('GET', readA)).status).toBe(200);
      expect((await child('GET', '/logs')).status).toBe(200);
      for (const [method, path, body] of [
        ['GET', '/users'],
        ['POST', '/users', { username: 'x', password: 'a good password' }],
        ['DELETE', '/users/2'],
        ['GET', '/tokens'],
        ['POST', '/tokens', { name: 'x', access: 'read', scopes: ['*'] }],
        ['DELETE', '/tokens/1'],
        ['POST', '/projects', { name: 'x' }],
        ['GET', '/auth/sessions'],
        ['POST', '/auth/password', { current_password: 'admin123', new_password: 'another good one' }],
      ] as const) {
        const answer = await child(method, path, body);
        expect([answer.status, answer.body.error], path).toEqual([403, expect.stringContaining('is for keys only')]);
      }
    }
    const reader = using(await create(admin, { policies: ['read'] }));
    expect((await reader('GET', readA)).status).toBe(200);
    expect((await reader('PUT', readA, { api_key: 'x' })).status).toBe(403);
    expect((await reader('DELETE', readA)).status).toBe(403);
  });

  test('shrinks with the role of the person, at once', async () => {
    await admin('POST', '/users', { username: 'demoted', password: 'a good password', role: 'admin' });
    const child = using(await userpass('demoted', 'a good password'));
    expect((await child('GET', readA)).status).toBe(200);
    await testDb().exec("UPDATE users SET role = 'user' WHERE name = 'demoted'");
    expect((await child('GET', readA)).status).toBe(404);
  });

  test('is refused outside the addresses of its token, like any other', async () => {
    const token = await newToken(user, { allowed_addresses: ['192.0.2.0/24'] });
    const from = (address: string) => ({ 'CF-Connecting-IP': address });
    const login = { role_id: token.id, secret_id: token.secret };
    expect((await vault.anonymous('POST', '/v1/auth/approle/login', login, from('198.51.100.1'))).status).toBe(400);
    const child = using(authIn(await vault.anonymous('POST', '/v1/auth/approle/login', login, from('192.0.2.7'))));
    expect((await child('GET', readA, undefined, from('192.0.2.8'))).status).toBe(200);
    expect((await child('GET', readA, undefined, from('198.51.100.1'))).status).toBe(401);
  });
});

describe('the life of a child', () => {
  test('is what it asks for, at most a day, and never longer than that of its parent', async () => {
    const token = await newToken(user, { expires_in_days: 1 });
    expect((await create(token.use, { ttl: '20m' })).lease_duration).toBe(1_200);
    expect((await create(token.use, { ttl: 90 })).lease_duration).toBe(90);
    expect((await create((await newToken()).use, { ttl: '720h' })).lease_duration).toBe(86_400);
    await testDb()
      .prepare('UPDATE service_tokens SET expires_at = ? WHERE id = ?')
      .bind(Date.now() + 60_000, token.id)
      .run();
    expect((await create(token.use, { ttl: '20m' })).lease_duration).toBeLessThanOrEqual(60);
    expect((await appRole(token)).lease_duration).toBeLessThanOrEqual(60);
    // Nor than that of the child that made it.
    const short = await create((await newToken()).use, { ttl: '5m' });
    expect((await create(using(short), { ttl: '1h' })).lease_duration).toBeLessThanOrEqual(300);
    const session = await vault.signIn('user', 'user123');
    await testDb().exec('UPDATE sessions SET expires_at = created_at + 120000');
    expect((await create(session)).lease_duration).toBeLessThanOrEqual(120);
    await testDb().exec('UPDATE sessions SET expires_at = created_at + 86400000 WHERE access IS NULL');
  });

  test.each(['token', 'session'])('of a %s is over at its end', async (kind) => {
    const made = await create(kind === 'token' ? (await newToken()).use : user, { ttl: '1h' });
    const child = using(made);
    expect(await works(child)).toBe(true);
    await testDb().exec('UPDATE token_secrets SET ends_at = 1 WHERE generation > 0');
    await testDb().exec('UPDATE sessions SET expires_at = 1 WHERE generation > 0');
    expect([await works(child), (await child('GET', readA)).status]).toEqual([false, 401]);
    expect((await child('POST', '/v1/auth/token/renew-self', {})).status).toBe(403);
  });

  test.each(['token', 'session'])(
    'of a %s is prolonged by a renewal, as far as its parent and its own bounds allow',
    async (kind) => {
      const parent = kind === 'token' ? (await newToken()).use : user;
      const child = using(await create(parent, { ttl: '10m' }));
      const age = async () => {
        await testDb().exec('UPDATE token_secrets SET ends_at = ends_at - 500000 WHERE generation > 0');
        await testDb().exec('UPDATE sessions SET expires_at = expires_at - 500000 WHERE generation > 0');
      };
      const renew = async (use: Client, fields: object = {}) =>
        authIn(await use('POST', '/v1/auth/token/renew-self', fields)).lease_duration;
      await age();
      expect(dataIn(await child('GET', '/v1/auth/token/lookup-self')).ttl).toBeLessThanOrEqual(100);
      expect(await renew(child)).toBe(600);
      expect(await renew(child, { increment: '30m' })).toBe(1_800);
      // It never gets shorter.
      expect(await renew(child, { increment: 5 })).toBeGreaterThan(1_700);
      // Its own child cannot outlive it.
      const grandchild = using(await create(child, { ttl: '10m' }));
      expect(await renew(grandchild, { increment: '24h' })).toBeLessThanOrEqual(1_800);
      for (const fields of [{ explicit_max_ttl: '15m' }, { renewable: false }]) {
        const bounded = await create(parent, { ttl: '10m', ...fields });
        expect(await renew(using(bounded), { increment: '24h' })).toBeLessThanOrEqual(
          'renewable' in fields ? 600 : 900,
        );
      }
      expect((await create(parent, { ttl: '10m', renewable: false })).renewable).toBe(false);
    },
  );

  test('of what is no child is only read by a renewal', async () => {
    const token = await newToken();
    const answer = authIn(await token.use('POST', '/v1/auth/token/renew-self', { increment: '1h' }));
    expect(answer).toMatchObject({ lease_duration: 0, renewable: false, client_token: token.secret });
    const before = await counted('SELECT sum(expires_at) AS count FROM sessions');
    expect(authIn(await user('POST', '/v1/auth/token/renew-self')).renewable).toBe(false);
    expect(await counted('SELECT sum(expires_at) AS count FROM sessions')).toBe(before);
  });
});

describe('a child ends with', () => {
  test('its token, when that is revoked, expires, or loses its person', async () => {
    for (const end of [
      (id: string) => user('DELETE', `/tokens/${id}`),
      (id: string) => testDb().exec(`UPDATE service_tokens SET expires_at = 1 WHERE id = ${id}`),
      () => testDb().exec("UPDATE users SET is_active = 0 WHERE name = 'user'"),
    ]) {
      const token = await newToken();
      const child = using(await appRole(token));
      const grandchild = using(await create(child));
      await end(token.id);
      expect([await works(child), await works(grandchild)]).toEqual([false, false]);
      await testDb().exec('UPDATE users SET is_active = 1');
    }
  });

  test('the secret that made it, when the token gets another one: at once, or with the grace', async () => {
    const token = await newToken();
    const old = using(await appRole(token));
    const { body } = await user('POST', `/tokens/${token.id}/rotate`);
    expect(await works(old)).toBe(false);
    const second = { id: token.id, secret: body.token ?? '' };
    const inGrace = using(await appRole(second));
    const below = using(await create(inGrace));
    await user('POST', `/tokens/${token.id}/rotate`, { grace_minutes: 10 });
    expect(dataIn(await inGrace('GET', '/v1/auth/token/lookup-self')).ttl).toBeLessThanOrEqual(600);
    expect(
      authIn(await inGrace('POST', '/v1/auth/token/renew-self', { increment: '24h' })).lease_duration,
    ).toBeLessThanOrEqual(600);
    // One that the old secret makes now, too.
    expect((await appRole(second)).lease_duration).toBeLessThanOrEqual(600);
    expect(await works(below)).toBe(true);
    await user('POST', `/tokens/${token.id}/rotate`, { grace_minutes: 10 });
    expect([await works(inGrace), await works(below)]).toEqual([false, false]);
    const { body: listed } = await user('GET', `/tokens/${token.id}`);
    expect(listed.grace_ends_at).not.toBeNull();
  });

  test('the session that made it: by signing out, by revoking it, by a new password, and when the person is switched off', async () => {
    await admin('POST', '/users', { username: 'leaver', password: 'a good password' });
    const id = await counted("SELECT id AS count FROM users WHERE name = 'leaver'");
    const signIn = () => vault.signIn('leaver', 'a good password');
    const ends: [string, (session: Client) => Promise<unknown>][] = [
      ['sign-out', (session) => session('POST', '/auth/logout')],
      ['revoke-self', (session) => session('POST', '/v1/auth/token/revoke-self')],
      [
        'revoked by the list',
        async () => {
          const other = await signIn();
          const { sessions = [] } = (await other('GET', '/auth/sessions')).body;
          for (const { id, is_current } of sessions) if (!is_current) await other('DELETE', `/auth/sessions/${id}`);
        },
      ],
      ['an admin sets a password', () => admin('PUT', `/users/${id}`, { password: 'a good password' })],
      ['switched off', () => admin('PUT', `/users/${id}`, { is_active: false })],
      ['deleted', () => admin('DELETE', `/users/${id}`)],
    ];
    for (const [how, end] of ends) {
      await testDb().exec('UPDATE users SET must_change_password = 0, is_active = 1');
      const session = await signIn();
      const child = using(await create(session));
      const grandchild = using(await create(child));
      expect([await works(child), await works(grandchild)], how).toEqual([true, true]);
      await end(session);
      expect([await works(session), await works(child), await works(grandchild)], how).toEqual([false, false, false]);
    }
  });

  test('its parent child, whose own parent stays', async () => {
    for (const parent of [(await newToken()).use, user]) {
      const child = using(await create(parent));
      const grandchild = using(await create(child));
      const sibling = using(await create(parent));
      expect((await child('PUT', '/v1/auth/token/revoke-self')).status).toBe(204);
      expect([await works(child), await works(grandchild)]).toEqual([false, false]);
      expect([await works(parent), await works(sibling)]).toEqual([true, true]);
    }
  });

  test('a service token that ends itself', async () => {
    const token = await newToken();
    const child = using(await appRole(token));
    expect((await token.use('POST', '/v1/auth/token/revoke-self')).status).toBe(204);
    expect([await works(token.use), await works(child)]).toEqual([false, false]);
    expect((await user('GET', `/tokens/${token.id}`)).body.revoked_at).not.toBeNull();
  });
});

describe('the number of children is bounded', () => {
  test('of a token: the oldest end first, but never the line of the one that makes another', async () => {
    const token = await newToken();
    const other = using(await appRole(await newToken(user, { name: 'other' })));
    const oldest = using(await appRole(token));
    const second = using(await appRole(token));
    const hash = await testDb()
      .prepare('SELECT hash FROM token_secrets WHERE token_id = ? AND generation = 0')
      .bind(token.id)
      .first('hash');
    await testDb()
      .prepare(
        `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${maxChildrenPerParent - 2})
         INSERT INTO token_secrets (hash, token_id, created_at, ends_at, parent, generation, lifetime, access, latest_end)
         SELECT 'filler ' || i, ?1, ?2 + 1, ?2 + 1e6, ?3, 1, 1000, 'read', ?2 + 1e6 FROM n`,
      )
      .bind(token.id, Date.now(), hash)
      .run();
    const count = () =>
      counted('SELECT count(*) AS count FROM token_secrets WHERE token_id = ? AND generation > 0', token.id);
    expect(await count()).toBe(maxChildrenPerParent);
    await create(oldest);
    expect(await count()).toBe(maxChildrenPerParent);
    expect([await works(oldest), await works(second), await works(other)]).toEqual([true, false, true]);
    await appRole(token);
    // Its own child has gone with it.
    expect([await count(), await works(oldest)]).toEqual([maxChildrenPerParent - 1, false]);
  });

  test('of a person: in all sign-ins together', async () => {
    const first = using(await create(user));
    const theirs = using(await userpass('admin', 'admin123'));
    await testDb()
      .prepare(
        `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${maxChildrenPerParent})
         INSERT INTO sessions (id, user_id, created_at, expires_at, address, user_agent, generation, lifetime, access, latest_end)
         SELECT 'filler ' || i, 2, ?1 + 1, ?1 + 1e6, '', '', 1, 1000, 'read', ?1 + 1e6 FROM n`,
      )
      .bind(Date.now())
      .run();
    const count = () => counted('SELECT count(*) AS count FROM sessions WHERE user_id = 2 AND access IS NOT NULL');
    const made = using(await userpass());
    expect(await count()).toBe(maxChildrenPerParent);
    expect([await works(first), await works(made), await works(user), await works(theirs)]).toEqual([
      false,
      true,
      true,
      true,
    ]);
    await create(user);
    expect(await count()).toBe(maxChildrenPerParent);
    await testDb().exec("DELETE FROM sessions WHERE id LIKE 'filler %'");
  });

  test('what has ended goes when another one is made', async () => {
    const token = await newToken();
    await appRole(token);
    await create(user);
    await testDb().exec('UPDATE token_secrets SET ends_at = 1 WHERE generation > 0');
    await testDb().exec('UPDATE sessions SET expires_at = 1 WHERE generation > 0');
    await appRole(token);
    await create(user);
    expect(
      await counted('SELECT count(*) AS count FROM token_secrets WHERE generation > 0 AND token_id = ?', token.id),
    ).toBe(1);
    expect(await counted('SELECT count(*) AS count FROM sessions WHERE generation > 0 AND user_id = 2')).toBe(1);
  });

  test('and their generations are, too', async () => {
    for (const start of [(await newToken()).use, user]) {
      let use = start;
      for (let generation = 1; generation <= maxChildGenerations; generation++) use = using(await create(use));
      expect((await use('POST', '/v1/auth/token/create', {})).status).toBe(400);
    }
  });
});

describe('a child is not listed', () => {
  test('among service tokens, whose secret and last use stay what they are', async () => {
    const token = await newToken();
    const before = (await user('GET', `/tokens/${token.id}`)).body;
    const child = using(await appRole(token));
    await child('GET', readA, undefined, { 'CF-Connecting-IP': '203.0.113.9' });
    const { tokens = [] } = (await user('GET', '/tokens')).body;
    expect(tokens.filter(({ id }) => String(id) === token.id)).toHaveLength(1);
    expect((await user('GET', `/tokens/${token.id}`)).body).toEqual({
      ...before,
      last_used_at: expect.any(String),
      last_used_address: '203.0.113.9',
    });
  });

  test('among sessions, unless it is the sign-in of a program, which a person can end', async () => {
    await testDb().exec('DELETE FROM sessions WHERE user_id = 2');
    const session = await vault.signIn('user', 'user123');
    const child = await create(session);
    const program = await userpass();
    const below = using(await create(using(program)));
    const { sessions = [] } = (await session('GET', '/auth/sessions')).body;
    expect(sessions.map(({ id }) => id)).toContain(program.accessor);
    expect(sessions.map(({ id }) => id)).not.toContain(child.accessor);
    expect(sessions).toHaveLength(2);
    // Those of people come first, however many programs sign in.
    expect(sessions[0]?.is_current).toBe(true);
    await session('DELETE', `/auth/sessions/${program.accessor}`);
    expect([await works(using(program)), await works(below)]).toEqual([false, false]);
    user = await vault.signIn('user', 'user123');
  });
});

describe('the log', () => {
  test('names the token, and says which child of it was sent', async () => {
    const token = await newToken();
    const login = await appRole(token);
    const id = login.accessor.slice(0, 8);
    expect(await newestEvents(1)).toMatchObject([
      { action: 'child.create', target: `child ${id}`, outcome: 'allowed', token_id: Number(token.id), child: null },
    ]);
    await using(login)('GET', readA);
    expect(await newestEvents(1)).toMatchObject([
      { action: 'secret.read', actor_name: 'user', token: 'deploy', token_id: Number(token.id), child: id },
    ]);
    const [entry] = (await user('GET', '/logs?action=view_key&limit=1')).body.logs ?? [];
    expect(entry).toMatchObject({ token: 'deploy', child: id });
    await user('GET', readA);
    const [own] = (await user('GET', '/logs?action=view_key&limit=1')).body.logs ?? [];
    expect(own).not.toHaveProperty('child');
    expect(JSON.stringify(await newestEvents(50))).not.toContain(login.client_token);
  });

  test('names the person, and says which child of the sign-in was sent', async () => {
    const program = await userpass();
    expect(await newestEvents(1)).toMatchObject([
      { action: 'session.create', outcome: 'allowed', reason: `child ${program.accessor.slice(0, 8)}` },
    ]);
    await using(program)('GET', readA);
    expect(await newestEvents(1)).toMatchObject([
      { action: 'secret.read', actor_name: 'user', token_id: null, child: program.accessor.slice(0, 8) },
    ]);
  });

  test('gets a bounded number of entries about a child that has ended', async () => {
    const token = await newToken();
    const child = using(await appRole(token));
    await testDb().exec('UPDATE token_secrets SET ends_at = 1 WHERE generation > 0');
    for (let i = 0; i < 15; i++) await child('GET', readA);
    expect(
      await counted(
        "SELECT count(*) AS count FROM audit_events WHERE reason = 'child_ended' AND token_id = ?",
        token.id,
      ),
    ).toBe(10);
  });
});
