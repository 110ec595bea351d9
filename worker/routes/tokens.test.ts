/** Service tokens: made, shown, rotated and revoked, and what ends them. */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { serviceTokenHash } from '../../core/crypto/service-token.ts';
import { maxScopesPerToken, maxTokenRefusals, maxTokensPerOwner } from '../../core/limits.ts';
import { type Client, startVault, testDb } from '../testing/vault.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;
let user: Client;
let people: Record<string, Client>;

const password = 'a good password';
const person = (name: string) => people[name] as Client;
const join = async (username: string) => {
  await admin('POST', '/users', { username, password });
  return vault.signIn(username, password);
};

beforeAll(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
  user = await vault.signIn('user', 'user123');
  await testDb().exec('UPDATE users SET must_change_password = 0');
  people = {};
  for (const name of ['manager', 'editor', 'viewer', 'stranger', 'full']) people[name] = await join(name);
  await person('manager')('POST', '/projects', { name: 'shop' });
  for (const role of ['editor', 'viewer']) await person('manager')('PUT', `/projects/shop/members/${role}`, { role });
  await person('manager')('POST', '/keys', { key_name: 'shop/prod/STRIPE', api_key: 'sk-1' });
  await user('POST', '/keys', { key_name: 'mine', api_key: 'my value' });
});

const fields = { name: 'deploy', access: 'read', scopes: ['*'] };
const make = async (client: Client, change: object = {}) => {
  const { status, body, text } = await client('POST', '/tokens', { ...fields, ...change });
  if (status !== 201) throw new Error(`POST /tokens: ${status} ${text}`);
  return { id: body.id, token: body.token ?? '', use: vault.client(body.token ?? ''), body };
};

const rows = async (sql: string, ...values: unknown[]) =>
  (
    await testDb()
      .prepare(sql)
      .bind(...values)
      .all<Record<string, unknown>>()
  ).results;
const events = (most: number) =>
  rows(
    'SELECT action, target, outcome, reason, actor_id, actor_name, actor_role, token_id, token, project FROM audit_events ORDER BY id DESC LIMIT ?',
    most,
  );
const count = async () => (await rows('SELECT count(*) AS count FROM audit_events'))[0]?.count as number;
const must = (client: Client) => client('PUT', '/users/2', { must_change_password: true });

describe('a new token', () => {
  test('is shown once, and the database has its hash only', async () => {
    const { id, token, body } = await make(user, { scopes: ['shop/prod/*', 'stripe', 'stripe'], expires_in_days: 30 });
    expect(body).toEqual({
      ...{ id, name: 'deploy', owner: 'user', project: null, scopes: ['shop/prod/*', 'stripe'], access: 'read' },
      ...{ allowed_addresses: [], created_at: body.created_at, created_by: 'user', expires_at: body.expires_at },
      ...{
        last_used_at: null,
        last_used_address: null,
        rotated_at: null,
        grace_ends_at: null,
        revoked_at: null,
        token,
      },
    });
    expect(Date.parse(body.expires_at ?? '') - Date.now()).toBeGreaterThan(29.99 * 86_400_000);
    expect(serviceTokenHash(token)).not.toBeNull();
    const { token: _, ...shown } = body;
    expect((await user('GET', `/tokens/${id}`)).body).toEqual(shown);
    expect((await user('GET', '/tokens')).body.tokens?.[0]).toEqual(shown);
    const kept = [
      ...(await rows('SELECT * FROM token_secrets')),
      ...(await rows('SELECT * FROM service_tokens')),
      ...(await rows('SELECT * FROM audit_events')),
    ];
    expect(JSON.stringify(kept)).not.toContain(token);
    expect(JSON.stringify(kept)).toContain(serviceTokenHash(token));
  });

  test('is in the log with what it is for, and not with its secret', async () => {
    await make(person('manager'), { name: 'ci', project: 'shop', access: 'write', scopes: ['shop/prod/*', 'shop/X'] });
    expect(await events(1)).toMatchObject([
      {
        ...{ action: 'token.create', target: 'ci', outcome: 'allowed', actor_name: 'manager', token_id: null },
        reason: 'of the project shop, write: shop/prod/*, shop/X',
      },
    ]);
    expect((await admin('GET', '/logs?action=add_token&limit=1')).body.logs).toMatchObject([{ key_name: null }]);
  });

  test.each([
    ['no name', { name: '' }],
    ['a name with a control character', { name: 'a\u0007' }],
    ['a long name', { name: 'n'.repeat(101) }],
    ['no scopes', { scopes: [] }],
    ['scopes that are a text', { scopes: '*' }],
    ['a scope that is a number', { scopes: [1] }],
    ['an empty scope', { scopes: [''] }],
    ['a scope that cuts a segment', { scopes: ['a/b*'] }],
    ['a scope with white space around it', { scopes: [' shop/*'] }],
    ['a scope with a control character', { scopes: ['a\n/*'] }],
    ['a scope that is dots', { scopes: ['..'] }],
    ['a scope with dots', { scopes: ['shop/../*'] }],
    ['a scope that is too long', { scopes: [`${'n'.repeat(256)}/*`] }],
    ['too many scopes', { scopes: Array.from({ length: maxScopesPerToken + 1 }, (_, index) => `k${index}`) }],
    ['a lone surrogate', { scopes: ['\ud800'] }],
    ['no access', { access: undefined }],
    ['an unknown access', { access: 'admin' }],
    ['the access to the log and scopes', { access: 'audit' }],
    ['no scopes at all', { scopes: undefined }],
    ['an access in capitals', { access: 'Read' }],
    ['a scope outside its project', { project: 'shop', scopes: ['shop/X', 'web/X'] }],
    ['a scope that only looks like its project', { project: 'shop', scopes: ['shopping/*'] }],
    ['an address that is none', { allowed_addresses: ['10.0.0.0/33'] }],
    ['addresses that are a text', { allowed_addresses: '10.0.0.0/8' }],
    ['zero days', { expires_in_days: 0 }],
    ['half a day', { expires_in_days: 0.5 }],
    ['days that are a text', { expires_in_days: '30' }],
    ['a time that is past', { expires_at: '2020-01-01' }],
    ['a time that is none', { expires_at: 'tomorrow' }],
    ['both', { expires_in_days: 1, expires_at: '2099-01-01' }],
  ])('with %s: 400 that says what to change', async (_, change) => {
    const answer = await person('manager')('POST', '/tokens', { ...fields, ...change });
    expect([answer.status, answer.body.error]).toEqual([400, expect.stringMatching(/\w+.*\.$/)]);
    expect(await events(1)).toMatchObject([{ action: 'token.create', outcome: 'invalid' }]);
  });

  test('may have 100 scopes, and takes addresses in any way of writing them', async () => {
    const scopes = Array.from({ length: maxScopesPerToken }, (_, index) => `k${index}`);
    const { body } = await make(user, {
      scopes,
      allowed_addresses: ['10.1.2.3/8', '10.0.0.0/8', '2001:DB8::1/32', '::ffff:192.0.2.1', '198.51.100.7'],
      expires_at: '2099-01-01',
    });
    expect(body.scopes).toEqual(scopes);
    expect(body.allowed_addresses).toEqual(['10.0.0.0/8', '2001:db8::/32', '192.0.2.1/32', '198.51.100.7/32']);
    expect(body.expires_at).toBe('2099-01-01T00:00:00.000Z');
  });

  test('of a project is made by its managers and by admins', async () => {
    const project = { project: 'shop' };
    const status = async (client: Client) => (await client('POST', '/tokens', { ...fields, ...project })).status;
    const given = [person('manager'), admin, person('editor'), person('viewer'), person('stranger')];
    expect(await Promise.all(given.map(status))).toEqual([201, 201, 403, 403, 404]);
    const foreign = await person('stranger')('POST', '/tokens', { ...fields, ...project });
    const missing = await person('stranger')('POST', '/tokens', { ...fields, project: 'nothing' });
    expect([missing.status, missing.text]).toEqual([404, foreign.text]);
    const { body } = await make(person('manager'), project);
    expect(body).toMatchObject({ owner: null, project: 'shop', created_by: 'manager' });
  });

  test('cannot be made by whoever must change the password', async () => {
    await must(admin);
    expect((await user('POST', '/tokens', fields)).status).toBe(403);
    expect(await events(1)).toMatchObject([{ outcome: 'denied', reason: 'must_change_password' }]);
    await admin('PUT', '/users/2', { must_change_password: false });
    expect((await user('POST', '/tokens', fields)).status).toBe(201);
  });

  test('is one of so many; revoked ones make room, and the oldest of those go', async () => {
    const full = person('full');
    const first = await make(full);
    await testDb()
      .prepare(
        `WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?)
        INSERT INTO service_tokens (name, user_id, access, scopes, created_at, created_by) SELECT 'many', (SELECT id FROM users WHERE name = 'full'), 'read', '["*"]', 0, 'full' FROM n`,
      )
      .bind(maxTokensPerOwner - 1)
      .run();
    const refused = await full('POST', '/tokens', fields);
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, '60']);
    expect((await full('DELETE', `/tokens/${first.id}`)).status).toBe(200);
    expect((await full('POST', '/tokens', fields)).status).toBe(201);
    await testDb().exec("UPDATE service_tokens SET revoked_at = 1 WHERE created_by = 'full'");
    await make(full);
    expect((await full('GET', '/tokens')).body.tokens).toHaveLength(101);
    expect((await full('GET', `/tokens/${first.id}`)).status).toBe(404);
  });
});

describe('who sees a token', () => {
  test('is its person, the managers of its project, and admins', async () => {
    const own = await make(user);
    const shared = await make(person('manager'), { project: 'shop' });
    const sees = async (client: Client, id: number | undefined) => (await client('GET', `/tokens/${id}`)).status;
    const names = ['manager', 'editor', 'viewer', 'stranger'];
    for (const name of names) expect(await sees(person(name), own.id), name).toBe(404);
    expect(await Promise.all(names.map((name) => sees(person(name), shared.id)))).toEqual([200, 404, 404, 404]);
    expect([await sees(user, own.id), await sees(admin, own.id), await sees(admin, shared.id)]).toEqual([
      200, 200, 200,
    ]);
    const ids = async (client: Client) => ((await client('GET', '/tokens')).body.tokens ?? []).map(({ id }) => id);
    expect(await ids(user)).toContain(own.id);
    expect(await ids(user)).not.toContain(shared.id);
    expect(await ids(person('manager'))).toContain(shared.id);
    expect(await ids(person('editor'))).toEqual([]);
    expect(await ids(admin)).toEqual(expect.arrayContaining([own.id, shared.id]));
  });

  test("gets the same answer for somebody else's token and for a missing one, and nothing changes", async () => {
    const { id, use } = await make(user, { name: 'hidden name' });
    const requests = [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/rotate'],
    ] as const;
    for (const [method, end] of requests) {
      const foreign = await person('stranger')(method, `/tokens/${id}${end}`);
      const missing = await person('stranger')(method, `/tokens/99999${end}`);
      expect([foreign.status, foreign.text]).toEqual([404, missing.text]);
    }
    for (const id of ['0', '-1', '1.0', '0x1', '9'.repeat(20), 'self']) {
      expect((await admin('GET', `/tokens/${id}`)).status, id).toBe(404);
    }
    expect((await use('GET', '/keys/mine')).status).toBe(200);
    const { body } = await person('stranger')('GET', '/logs?limit=20');
    expect(JSON.stringify(body)).not.toContain('not_owner');
    expect(JSON.stringify(body)).not.toContain('hidden name');
  });

  test('reads long lists in pages, the newest first', async () => {
    const first = (await admin('GET', '/tokens?limit=2')).body;
    const second = (await admin('GET', `/tokens?limit=2&before=${first.next}`)).body;
    const all = (await admin('GET', '/tokens')).body.tokens ?? [];
    expect([...(first.tokens ?? []), ...(second.tokens ?? [])].map(({ id }) => id)).toEqual(
      all.slice(0, 4).map(({ id }) => id),
    );
  });
});

describe('the use of a token', () => {
  test('is in the log with the token beside the person, and is what the list says of its last use', async () => {
    const { id, use } = await make(user, { name: 'backup job' });
    await use('GET', '/keys/mine', undefined, { 'CF-Connecting-IP': '198.51.100.9' });
    expect(await events(1)).toMatchObject([
      {
        action: 'secret.read',
        outcome: 'allowed',
        actor_id: 2,
        actor_name: 'user',
        actor_role: 'user',
        token_id: id,
        token: 'backup job',
        project: null,
      },
    ]);
    const { body } = await user('GET', `/tokens/${id}`);
    expect(body.last_used_address).toBe('198.51.100.9');
    expect(Date.now() - Date.parse(body.last_used_at ?? '')).toBeLessThan(60_000);
    const [entry] = (await user('GET', '/logs?action=view_key&limit=1')).body.logs ?? [];
    expect(entry).toMatchObject({ user_name: 'user', role: 'user', project: null, token: 'backup job', token_id: id });
    // Requests beyond the limit are refused before anybody looks at their address.
    await testDb().exec(
      `INSERT INTO audit_events (at, request_id, action, outcome, reason, address, user_agent, token_id) VALUES (${Date.now() + 1000}, 'x', 'request.send', 'denied', 'too_many_requests', '203.0.113.66', '', ${id})`,
    );
    expect((await user('GET', `/tokens/${id}`)).body.last_used_address).toBe('198.51.100.9');
  });

  test("of a project is in the log under the project's name, and counts for no account", async () => {
    const { id, use } = await make(person('manager'), { project: 'shop', name: 'ci' });
    expect((await use('GET', '/keys/shop%2Fprod%2FSTRIPE')).body.api_key).toBe('sk-1');
    const [event] = await events(1);
    expect(event).toMatchObject({ actor_name: 'shop', actor_role: null, token_id: id, token: 'ci', project: 'shop' });
    expect(event?.actor_id).toBeLessThan(0);
    const [entry] = (await admin('GET', '/logs?action=view_key&limit=1')).body.logs ?? [];
    expect(entry).toMatchObject({ user_name: 'shop', role: null, project: 'shop', token: 'ci', token_id: id });
  });

  test('does not show other entries of the log, and a person sees what their tokens did', async () => {
    const [one, other] = [await make(admin, { name: 'one' }), await make(admin, { name: 'other' })];
    await other.use('GET', '/keys');
    await one.use('GET', '/keys');
    const { body } = await one.use('GET', '/logs');
    expect(body.logs?.map(({ token, action }) => [token, action])).toEqual([['one', 'list_keys']]);
    expect((await one.use('GET', '/logs?user_name=user')).body.logs).toEqual([]);
    expect((await one.use('GET', '/logs?user_name=admin&limit=500')).body.logs?.length).toBe(3);
    const { activity } = (await one.use('GET', '/logs/activity')).body;
    expect(activity?.reduce((sum, { allowed }) => sum + allowed, 0)).toBe(4);
    const mine = (await admin('GET', '/logs?limit=10')).body.logs ?? [];
    expect(new Set(mine.map(({ token }) => token))).toEqual(new Set(['one', 'other', 'ci', null]));
    const theirs = (await user('GET', '/logs?limit=500')).body.logs ?? [];
    expect(theirs.map(({ user_name }) => user_name).filter((name) => name !== 'user')).toEqual([]);
    expect(theirs.map(({ token }) => token)).toContain('backup job');
  });

  test('learns of no last use but its own, and a person of theirs and those of their tokens', async () => {
    await person('stranger')('POST', '/keys', { key_name: 'read by others', api_key: 'x' });
    await user('POST', '/keys', { key_name: 'read by a token', api_key: 'x' });
    await user('POST', '/keys', { key_name: 'read by its owner', api_key: 'x' });
    const [one, other] = [await make(admin, { name: 'uses' }), await make(user, { name: 'other uses' })];
    const ofProject = await make(person('manager'), { project: 'shop', name: 'uses of shop' });
    await admin('GET', '/keys/read%20by%20others');
    await user('GET', '/keys/read%20by%20its%20owner');
    await other.use('GET', '/keys/read%20by%20a%20token');
    const named = async (client: Client) =>
      (await client('GET', '/logs/uses')).body.uses?.map(({ key_name }) => key_name) ?? [];
    for (const { use } of [one, ofProject]) expect(await named(use)).toEqual([]);
    await one.use('GET', '/keys/read%20by%20others');
    await ofProject.use('GET', '/keys/shop%2Fprod%2FSTRIPE');
    expect(await named(one.use)).toEqual(['read by others']);
    expect(await named(other.use)).toEqual(['read by a token']);
    expect(await named(ofProject.use)).toEqual(['shop/prod/STRIPE']);
    expect((await named(user)).slice(0, 2)).toEqual(['read by a token', 'read by its owner']);
    expect(await named(user)).not.toContain('read by others');
    expect(await named(admin)).toEqual(expect.arrayContaining(['read by others', 'shop/prod/STRIPE']));
    expect((await vault.client(`${one.token.slice(0, -1)}!`)('GET', '/logs/uses')).status).toBe(401);
  });

  test('that the vault does not know, or has refused often, costs no hash of a password', async () => {
    const revoked = await make(admin);
    await admin('DELETE', `/tokens/${revoked.id}`);
    for (let sent = 0; sent < maxTokenRefusals; sent += 1) await revoked.use('GET', '/keys');
    const { newServiceToken } = await import('../../core/crypto/service-token.ts');
    const before = await count();
    for (const use of [vault.client(newServiceToken()), revoked.use]) {
      for (const [method, path, body] of [
        ['POST', '/users', { username: 'costly', password }],
        ['POST', '/auth/password', { current_password: password, new_password: `${password} too` }],
        ['PUT', '/keys/mine', { key_name: 'not mine' }],
      ] as const) {
        vault.trips.count = 0;
        expect((await use(method, path, body)).status, path).toBe(401);
        // The hash would come between two.
        expect(vault.trips.count, path).toBe(1);
      }
    }
    expect(await count()).toEqual(before);
  });

  test('with a typing error, or with a token that the vault does not know: 401, and no row', async () => {
    const { token } = await make(user);
    const before = await count();
    const unknown = `ks_${'0'.repeat(30)}`;
    const typo = `${token.slice(0, -1)}${token.endsWith('x') ? 'y' : 'x'}`;
    vault.trips.count = 0;
    for (const text of [typo, unknown, 'ks_', `${token}0`, token.slice(0, -1)]) {
      expect((await vault.client(text)('GET', '/keys')).status, text).toBe(401);
    }
    expect(vault.trips.count).toBe(0);
    const { newServiceToken } = await import('../../core/crypto/service-token.ts');
    for (const [method, path, body] of [
      ['GET', '/keys'],
      ['GET', '/keys/mine'],
      ['PUT', '/keys/mine', { api_key: 'x' }],
      ['POST', '/keys/values', { prefix: 'a/' }],
      ['GET', '/users'],
      ['POST', '/tokens', fields],
      ['GET', '/logs'],
    ] as const) {
      vault.trips.count = 0;
      expect((await vault.client(newServiceToken())(method, path, body)).status).toBe(401);
      expect(vault.trips.count, path).toBe(1);
    }
    for (const [method, path, body] of [
      ['PUT', '/keys/mine', { key_name: 'yours' }],
      ['POST', '/keys/import', { entries: [{ key_name: 'a', api_key: 'b' }] }],
      ['POST', '/keys/import', { entries: [{ key_name: 'a', api_key: 'b' }], dry_run: true }],
    ] as const) {
      expect((await vault.client(newServiceToken())(method, path, body)).status).toBe(401);
    }
    expect(await count()).toBe(before);
    expect((await user('GET', '/keys/mine')).body.api_key).toBe('my value');
  });

  test('counts for its person, beside what they send themselves', async () => {
    const small = await startVault({ MAX_REQUESTS_PER_MINUTE: '20' });
    const client = await small.signIn('user', 'user123');
    const made = await client('POST', '/tokens', fields);
    const use = small.client(made.body.token ?? '');
    await use('GET', '/keys');
    const answers: number[] = [];
    for (let index = 0; index < 30; index++) answers.push((await use('GET', '/keys')).status);
    expect(answers.filter((status) => status === 429).length).toBeGreaterThan(5);
    expect((await client('GET', '/keys')).status).toBe(429);
    expect(
      await rows(
        "SELECT actor_name, token, actor_id FROM audit_events WHERE action = 'request.send' ORDER BY id DESC LIMIT 1",
      ),
    ).toEqual([{ actor_name: 'user', token: 'deploy', actor_id: 2 }]);
  });

  test('tell nobody at a foreign address that the token works elsewhere, and count none of their requests', async () => {
    const small = await startVault({ MAX_REQUESTS_PER_MINUTE: '20' });
    const client = await small.signIn('user', 'user123');
    const made = await client('POST', '/tokens', { ...fields, allowed_addresses: ['198.51.100.9'] });
    const use = small.client(made.body.token ?? '');
    const from = async (address: string) =>
      (await use('GET', '/keys', undefined, { 'CF-Connecting-IP': address })).status;
    const seen = new Set<number>();
    for (let index = 0; index < 15; index++) {
      expect(await from('198.51.100.9')).toBe(200);
      seen.add(await from('203.0.113.66'));
    }
    for (let index = 0; index < 15; index++) await from('198.51.100.9');
    seen.add(await from('203.0.113.66'));
    expect(seen).toEqual(new Set([401]));
  });
});

const refusedAs = async (use: Client, address = '192.0.2.50') => {
  const answer = await use('GET', '/keys', undefined, { 'CF-Connecting-IP': address });
  const [event] = await events(1);
  return [answer.status, answer.text, event?.reason, event?.outcome] as const;
};

describe('a token that is no longer good', () => {
  const expired = { expires_at: 1 };
  test('is refused with one and the same 401, whatever ended it, and the log knows', async () => {
    const kinds: [string, (id: number | undefined) => Promise<unknown>][] = [
      ['token_revoked', (id) => user('DELETE', `/tokens/${id}`)],
      ['token_rotated', (id) => user('POST', `/tokens/${id}/rotate`)],
      ['token_expired', (id) => rows('UPDATE service_tokens SET expires_at = ? WHERE id = ?', expired.expires_at, id)],
      [
        'token_address',
        (id) =>
          rows(
            `UPDATE service_tokens SET allowed_addresses = '[["x","${'0'.repeat(32)}","${'0'.repeat(32)}"]]' WHERE id = ?`,
            id,
          ),
      ],
    ];
    const texts = new Set<string>([(await vault.client('ks_no')('GET', '/keys')).text]);
    for (const [reason, end] of kinds) {
      const { id, use } = await make(user);
      expect((await use('GET', '/keys')).status).toBe(200);
      await end(id);
      const [status, text, found, outcome] = await refusedAs(use);
      expect([status, found, outcome]).toEqual([401, reason, 'unauthenticated']);
      texts.add(text);
    }
    expect(texts.size).toBe(1);
  });

  test('leaves at most ten rows for each address in 15 minutes, whatever it asks for', async () => {
    const { id, use } = await make(user);
    await user('DELETE', `/tokens/${id}`);
    const before = await count();
    const from = (address: string) => ({ 'CF-Connecting-IP': address });
    for (let index = 0; index < 25; index++) {
      expect((await use('GET', '/keys', undefined, from('192.0.2.60'))).status).toBe(401);
      expect((await use('POST', '/keys/values', { names: ['a', 'b'] }, from('192.0.2.60'))).status).toBe(401);
    }
    expect((await count()) - before).toBe(maxTokenRefusals);
    await use('GET', '/keys', undefined, from('192.0.2.61'));
    expect((await count()) - before).toBe(maxTokenRefusals + 1);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 15 * 60_000 + 1000 });
    await use('GET', '/keys', undefined, from('192.0.2.60'));
    vi.useRealTimers();
    expect((await count()) - before).toBe(maxTokenRefusals + 2);
    expect((await user('GET', `/tokens/${id}`)).body.last_used_at).toBeNull();
  });

  test('from another address is refused there, and works where it may be used', async () => {
    const { use } = await make(user, { allowed_addresses: ['192.0.2.0/24', '2001:db8::/32'] });
    const from = async (address: string) =>
      (await use('GET', '/keys/mine', undefined, { 'CF-Connecting-IP': address })).status;
    const addresses = [
      '192.0.2.7',
      '198.51.100.7',
      '2001:db8::9',
      '2001:db9::9',
      '::ffff:192.0.2.9',
      'unknown',
      '192.0.2.7',
    ];
    const found: number[] = [];
    for (const address of addresses) found.push(await from(address));
    expect(found).toEqual([200, 401, 200, 401, 200, 401, 200]);
  });

  test('stops with the next request when its person is switched off, and works again with them', async () => {
    const stranger = await join('leaving');
    const { use } = await make(stranger);
    const id = (await admin('GET', '/users')).body.users?.find(({ username }) => username === 'leaving')?.id;
    expect((await use('GET', '/keys')).status).toBe(200);
    await admin('PUT', `/users/${id}`, { is_active: false });
    expect((await refusedAs(use))[0]).toBe(401);
    expect((await events(1))[0]).toMatchObject({ reason: 'token_of_inactive_account', actor_name: 'leaving' });
    await admin('PUT', `/users/${id}`, { is_active: true });
    expect((await use('GET', '/keys')).status).toBe(200);
    await admin('DELETE', `/users/${id}`);
    expect((await use('GET', '/keys')).status).toBe(401);
    expect(await events(2)).toMatchObject([
      { action: 'token.revoke', target: 'deploy', reason: 'owner_deleted' },
      { action: 'user.delete' },
    ]);
    await admin('POST', '/users', { username: 'leaving', password });
    expect((await use('GET', '/keys')).status).toBe(401);
    expect((await (await vault.signIn('leaving', password))('GET', '/tokens')).body.tokens).toEqual([]);
  });

  test('goes with its project, and a new project of the name inherits none', async () => {
    await person('manager')('POST', '/projects', { name: 'short' });
    const { use } = await make(person('manager'), { project: 'short', access: 'manage' });
    expect((await use('GET', '/keys')).status).toBe(200);
    expect((await person('manager')('DELETE', '/projects/short')).status).toBe(200);
    expect(await events(2)).toMatchObject([
      { action: 'token.revoke', reason: 'project_deleted' },
      { action: 'project.delete' },
    ]);
    expect((await use('GET', '/keys')).status).toBe(401);
    await person('manager')('POST', '/projects', { name: 'short' });
    expect((await use('GET', '/keys')).status).toBe(401);
  });

  test('of a project works on when the manager who made it has left', async () => {
    const leaver = await join('leaver');
    await person('manager')('PUT', '/projects/shop/members/leaver', { role: 'manager' });
    const { use } = await make(leaver, { project: 'shop' });
    const id = (await admin('GET', '/users')).body.users?.find(({ username }) => username === 'leaver')?.id;
    await admin('DELETE', `/users/${id}`);
    expect((await use('GET', '/keys/shop%2Fprod%2FSTRIPE')).status).toBe(200);
  });

  test('can be revoked by an admin, and revoking it again changes nothing', async () => {
    const { id } = await make(user);
    expect((await admin('DELETE', `/tokens/${id}`)).body).toEqual({ message: 'Token revoked successfully' });
    const { revoked_at } = (await user('GET', `/tokens/${id}`)).body;
    expect(revoked_at).toMatch(/Z$/);
    expect((await user('DELETE', `/tokens/${id}`)).status).toBe(200);
    expect((await user('GET', `/tokens/${id}`)).body.revoked_at).toBe(revoked_at);
  });
});

describe('rotating a token', () => {
  const rotate = (client: Client, id: number | undefined, body?: unknown) =>
    client('POST', `/tokens/${id}/rotate`, body);

  test('gives the same token another secret, and the old one ends at once', async () => {
    const made = await make(user, { expires_in_days: 30 });
    const { status, body } = await rotate(user, made.id);
    expect(status).toBe(200);
    expect([body.id, body.expires_at, body.grace_ends_at]).toEqual([made.id, made.body.expires_at, null]);
    expect(body.token).not.toBe(made.token);
    expect((await made.use('GET', '/keys')).status).toBe(401);
    expect((await vault.client(body.token ?? '')('GET', '/keys')).status).toBe(200);
    expect((await user('GET', `/tokens/${made.id}`)).body.rotated_at).toMatch(/Z$/);
  });

  test('with a grace keeps the old secret until it ends; a second rotation ends it', async () => {
    const first = await make(user);
    const second = (await rotate(user, first.id, { grace_minutes: 60 })).body;
    expect(Math.round((Date.parse(second.grace_ends_at ?? '') - Date.now()) / 60_000)).toBe(60);
    const works = async (token: string | undefined) => (await vault.client(token ?? '')('GET', '/keys')).status;
    expect([await works(first.token), await works(second.token)]).toEqual([200, 200]);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60 * 60_000 + 1000 });
    expect([await works(first.token), await works(second.token)]).toEqual([401, 200]);
    vi.useRealTimers();
    expect(await works(first.token)).toBe(200);
    const third = (await rotate(user, first.id, { grace_minutes: 60 })).body;
    expect([await works(first.token), await works(second.token), await works(third.token)]).toEqual([401, 200, 200]);
    await rotate(user, first.id);
    await rotate(user, first.id);
    expect(await rows('SELECT count(*) AS kept FROM token_secrets WHERE token_id = ?', first.id)).toEqual([
      { kept: 2 },
    ]);
    for (const old of [first, second, third]) expect(await works(old.token)).toBe(401);
  });

  test.each([-1, 10_081, 0.5, '60', null, []])('with a grace of %j: 400', async (grace_minutes) => {
    const { id, use } = await make(user);
    expect((await rotate(user, id, { grace_minutes })).status).toBe(400);
    expect((await use('GET', '/keys')).status).toBe(200);
  });

  test('without a grace is for good, also when the clock is set back', async () => {
    const first = await make(user);
    const second = (await rotate(user, first.id, { grace_minutes: 60 })).body;
    const third = (await rotate(user, first.id)).body;
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 60 * 60_000 });
    const works = async (token: string | undefined) => (await vault.client(token ?? '')('GET', '/keys')).status;
    const found = [await works(first.token), await works(second.token), await works(third.token)];
    vi.useRealTimers();
    expect(found).toEqual([401, 401, 200]);
  });

  test('takes a grace of a week', async () => {
    const { id } = await make(user);
    expect((await rotate(user, id, { grace_minutes: 10_080 })).status).toBe(200);
  });

  test('is for its owner: admins rotate their own and those of projects', async () => {
    const [own, shared, admins] = [
      await make(user),
      await make(person('manager'), { project: 'shop' }),
      await make(admin),
    ];
    const refused = await rotate(admin, own.id);
    expect([refused.status, (await events(1))[0]?.reason]).toEqual([403, 'token_of_other']);
    expect((await own.use('GET', '/keys')).status).toBe(200);
    expect((await rotate(admin, shared.id)).status).toBe(200);
    expect((await rotate(admin, admins.id)).status).toBe(200);
    expect((await rotate(person('editor'), shared.id)).status).toBe(404);
  });

  test('of one that has ended: 409', async () => {
    const { id } = await make(user);
    await user('DELETE', `/tokens/${id}`);
    expect((await rotate(user, id)).status).toBe(409);
    const other = await make(user);
    await rows('UPDATE service_tokens SET expires_at = 1 WHERE id = ?', other.id);
    expect((await rotate(user, other.id)).status).toBe(409);
  });

  test('is not for whoever must change the password', async () => {
    const { id } = await make(user);
    await must(admin);
    expect((await rotate(user, id)).status).toBe(403);
    expect((await user('DELETE', `/tokens/${id}`)).status).toBe(200);
    await admin('PUT', '/users/2', { must_change_password: false });
  });
});
