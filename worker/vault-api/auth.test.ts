/** The logins, what a token is told about itself, and what clients ask about the vault before they log in. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Client, startVault, testDb } from '../testing/vault.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;
let user: Client;
let token: { id: string; secret: string; use: Client };

const newToken = async (fields: object = {}) => {
  const asked = { name: 'deploy', access: 'write', scopes: ['shop/*'], ...fields };
  const { body } = await user('POST', '/tokens', asked);
  return { id: String(body.id), secret: body.token ?? '', use: vault.client(body.token ?? '') };
};

beforeAll(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
  user = await vault.signIn('user', 'user123');
  await testDb().exec('UPDATE users SET must_change_password = 0');
  token = await newToken();
});

interface Envelope {
  auth: Record<string, unknown>;
  data: Record<string, unknown>;
  warnings: string[] | null;
  errors: string[];
}
const read = ({ text }: Answer) => JSON.parse(text) as Envelope;

const appRole = (body: unknown, headers?: Record<string, string>, method = 'POST') =>
  vault.anonymous(method, '/v1/auth/approle/login', body, headers);
const userpass = (name: string, body: unknown, headers?: Record<string, string>) =>
  vault.anonymous('POST', `/v1/auth/userpass/login/${name}`, body, headers);

const eventCount = () => testDb().prepare('SELECT count(*) AS count FROM audit_events').first<number>('count');

describe('an AppRole login', () => {
  test('answers a child with every field that clients read, in two round trips', async () => {
    vault.trips.count = 0;
    const answer = await appRole({ role_id: token.id, secret_id: token.secret }, {}, 'PUT');
    expect([answer.status, vault.trips.count]).toEqual([200, 2]);
    expect(read(answer)).toEqual({
      request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      lease_id: '',
      renewable: false,
      lease_duration: 0,
      data: null,
      wrap_info: null,
      warnings: null,
      mount_type: 'approle',
      auth: {
        client_token: expect.stringMatching(/^ks_\w{36}$/),
        accessor: expect.any(String),
        policies: ['default', 'write'],
        token_policies: ['default', 'write'],
        metadata: { role_name: 'deploy' },
        lease_duration: 86_400,
        renewable: true,
        entity_id: '',
        token_type: 'service',
        orphan: false,
        mfa_requirement: null,
        num_uses: 0,
      },
    });
    expect(answer.headers.get('Set-Cookie')).toBeNull();
    expect(answer.headers.get('Cache-Control')).toBe('no-store');
  });

  test('takes a number as role_id, and a body of another content type', async () => {
    expect((await appRole({ role_id: Number(token.id), secret_id: token.secret })).status).toBe(200);
    const text = JSON.stringify({ role_id: token.id, secret_id: token.secret });
    expect((await appRole(text, { 'Content-Type': 'text/plain;charset=UTF-8' })).status).toBe(200);
  });

  test('answers the same 400, whatever does not fit: the number, the token, or both', async () => {
    const other = await newToken({ name: 'other' });
    const revoked = await newToken({ name: 'revoked' });
    await user('DELETE', `/tokens/${revoked.id}`);
    const pairs: [unknown, unknown][] = [
      [other.id, token.secret],
      ['999999', token.secret],
      ['0', token.secret],
      [`${token.id}.0`, token.secret],
      [` ${token.id}`, token.secret],
      [`0${token.id}`, token.secret],
      [`${token.id}e0`, token.secret],
      ['9'.repeat(30), token.secret],
      [[token.id], `${token.secret} `],
      [{}, token.secret],
      [token.id, other.secret],
      [token.id, `${token.secret.slice(0, -1)}?`],
      [token.id, 'ks_x'],
      [token.id, 7],
      [token.id, [token.secret]],
      // A session is no secret_id.
      [token.id, user.token],
      [revoked.id, revoked.secret],
      ['deploy', token.secret],
    ];
    for (const [role_id, secret_id] of pairs) {
      const answer = await appRole({ role_id, secret_id });
      expect([answer.status, answer.text], JSON.stringify([role_id, secret_id])).toEqual([
        400,
        '{"errors":["invalid role or secret ID"]}',
      ]);
    }
    const { reason, outcome, action } =
      (await testDb()
        .prepare("SELECT * FROM audit_events WHERE reason = 'other_token' ORDER BY id DESC LIMIT 1")
        .first()) ?? {};
    expect([action, outcome, reason]).toEqual(['child.create', 'denied', 'other_token']);
  });

  test('says what is missing, and records nothing that is no login', async () => {
    const before = await eventCount();
    for (const [body, error] of [
      [{}, 'missing role_id'],
      [{ role_id: '1' }, 'missing secret_id'],
      [{ secret_id: 'x' }, 'missing role_id'],
      ['[]', 'Send the body as a JSON object.'],
      ['"x"', 'Send the body as a JSON object.'],
      ['{', 'The body is not valid JSON in UTF-8.'],
    ] as const) {
      const answer = await appRole(body);
      expect([answer.status, read(answer).errors]).toEqual([400, [error]]);
    }
    expect((await appRole(`{"a":"${'x'.repeat(600_000)}"}`)).status).toBe(413);
    expect(await eventCount()).toBe(before);
  });
});

describe('a login with a password', () => {
  test('is the sign-in of the product, and answers a token for keys', async () => {
    const answer = await userpass('user', { password: 'user123' });
    expect(answer.status).toBe(200);
    const { auth, warnings } = read(answer);
    expect(auth).toMatchObject({
      client_token: expect.any(String),
      lease_duration: 86_400,
      metadata: { username: 'user' },
      policies: ['default', 'manage'],
      orphan: true,
    });
    expect(warnings).toBeNull();
    expect(answer.headers.get('Set-Cookie')).toBeNull();
    const [entry] = (await admin('GET', '/logs?limit=2&action=login')).body.logs ?? [];
    expect(entry).toMatchObject({ user_name: 'user', action: 'login_success' });
    expect((await vault.client(String(auth.client_token))('GET', '/keys')).status).toBe(200);
  });

  test('answers the same 400 to an unknown name, a wrong password, and an account that is switched off', async () => {
    await admin('POST', '/users', { username: 'sleeper', password: 'a good password' });
    await testDb().exec("UPDATE users SET is_active = 0 WHERE name = 'sleeper'");
    for (const [name, password] of [
      ['nobody', 'x'],
      ['user', 'wrong'],
      ['sleeper', 'a good password'],
    ] as const) {
      const answer = await userpass(name, { password });
      expect([answer.status, answer.text], name).toEqual([400, '{"errors":["invalid username or password"]}']);
    }
    await testDb().exec('DELETE FROM throttles');
  });

  test('is throttled as every sign-in is: 429, before anything is hashed, also under other spellings of the name', async () => {
    const spellings = ['user', 'USER', 'user%20', '%20user', '%EF%BD%95ser', 'User'];
    const from = (i: number) => ({ 'CF-Connecting-IP': `203.0.113.${i}` });
    let status = 0;
    for (let i = 0; i < 12 && status !== 429; i++)
      ({ status } = await userpass(spellings[i % spellings.length] as string, { password: 'wrong' }, from(i)));
    expect(status).toBe(429);
    for (const spelling of spellings) {
      const answer = await userpass(spelling, { password: 'user123' }, from(99));
      expect([answer.status, read(answer).errors], spelling).toEqual([429, [expect.stringContaining('Wait')]]);
      expect(Number(answer.headers.get('Retry-After'))).toBeGreaterThan(0);
    }
    // An unknown name is throttled alike, so a lock-out does not tell that an account exists.
    status = 0;
    for (let i = 0; i < 12 && status !== 429; i++)
      ({ status } = await userpass('ghost', { password: 'x' }, from(i + 20)));
    expect(status).toBe(429);
    await testDb().exec('DELETE FROM throttles');
  });

  test('counts failures together with those of POST /auth/login', async () => {
    const from = { 'CF-Connecting-IP': '203.0.113.200' };
    for (let i = 0; i < 5; i++) await vault.anonymous('POST', '/auth/login', { username: 'user', password: 'x' }, from);
    await userpass('user', { password: 'x' }, from);
    expect((await userpass('user', { password: 'user123' }, from)).status).toBe(429);
    expect((await vault.anonymous('POST', '/auth/login', { username: 'user', password: 'user123' }, from)).status).toBe(
      429,
    );
    await testDb().exec('DELETE FROM throttles');
  });

  test('warns of a password that must be changed', async () => {
    await testDb().exec("UPDATE users SET must_change_password = 1 WHERE name = 'user'");
    expect(read(await userpass('user', { password: 'user123' })).warnings).toEqual([
      expect.stringContaining('/auth/password'),
    ]);
    await testDb().exec('UPDATE users SET must_change_password = 0');
  });

  test('refuses what can be no password or name', async () => {
    for (const [name, body] of [
      ['user', {}],
      ['user', { password: 7 }],
      ['user', { password: 'x'.repeat(2_000) }],
      ['%ff', { password: 'x' }],
      ['user', '['],
    ] as const) {
      const answer = await userpass(name, body);
      expect([answer.status, read(answer).errors], name).toEqual([400, [expect.any(String)]]);
    }
  });
});

describe('the lifetime of a login', () => {
  test('is the ttl that it asks for, also to lookup-self', async () => {
    const logins = [
      (ttl: unknown) => appRole({ role_id: token.id, secret_id: token.secret, ttl }),
      (ttl: unknown) => userpass('user', { password: 'user123', ttl }),
    ];
    for (const login of logins) {
      for (const [ttl, seconds] of [
        ['20m', 1_200],
        [90, 90],
        ['720h', 86_400],
        [undefined, 86_400],
      ] as const) {
        const { auth } = read(await login(ttl));
        expect(auth.lease_duration).toBe(seconds);
        const own = read(await vault.client(String(auth.client_token))('GET', '/v1/auth/token/lookup-self')).data;
        expect(own.creation_ttl).toBe(seconds);
      }
      expect((await login('soon')).status).toBe(400);
    }
  });
});

describe('lookup-self', () => {
  const lookup = async (use: Client) => read(await use('GET', '/v1/auth/token/lookup-self')).data;

  test('of a service token says what it is, with its own end', async () => {
    expect(await lookup(token.use)).toEqual({
      accessor: token.id,
      creation_time: expect.any(Number),
      creation_ttl: 0,
      display_name: 'token-deploy',
      entity_id: '',
      expire_time: null,
      explicit_max_ttl: 0,
      id: token.secret,
      issue_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      meta: { role_name: 'deploy' },
      num_uses: 0,
      orphan: true,
      path: 'auth/token/create',
      policies: ['default', 'write'],
      renewable: false,
      ttl: 0,
      type: 'service',
    });
    const { use } = await newToken({ name: 'short', expires_in_days: 1 });
    const { ttl, expire_time } = await lookup(use);
    expect(ttl).toBeGreaterThan(86_300);
    expect(Date.parse(String(expire_time)) - Date.now()).toBeGreaterThan(86_300_000);
  });

  test('of a session says until when it lasts', async () => {
    expect(await lookup(user)).toMatchObject({
      display_name: 'userpass-user',
      id: user.token,
      orphan: true,
      renewable: false,
      ttl: expect.any(Number),
      expire_time: expect.any(String),
    });
  });

  test.each(['X-Vault-Token', 'Authorization'])('takes the token in %s', async (header) => {
    const value = header === 'Authorization' ? `Bearer ${token.secret}` : token.secret;
    const answer = await vault.anonymous('GET', '/v1/auth/token/lookup-self', undefined, {
      [header]: value,
      'X-Vault-Request': 'true',
      'X-Vault-Namespace': '',
    });
    expect([answer.status, read(answer).data.id]).toEqual([200, token.secret]);
  });
});

describe('a new token', () => {
  const create = (fields: unknown, use = token.use) => use('POST', '/v1/auth/token/create', fields);

  test('is made whatever clients send that means nothing here', async () => {
    const answer = await create({
      ttl: '20m',
      lease: '',
      num_uses: 0,
      type: '',
      entity_alias: '',
      explicit_max_ttl: '0s',
      renewable: true,
      display_name: 'terraform',
      meta: { a: 'b' },
      policies: null,
      no_parent: false,
      no_default_policy: true,
      period: '',
      id: '',
    });
    expect([answer.status, read(answer).auth.lease_duration, read(answer).warnings]).toEqual([200, 1_200, null]);
    expect((await create(undefined)).status).toBe(200);
    expect((await create('null')).status).toBe(200);
  });

  test.each([
    ['num_uses', 1],
    ['no_parent', true],
    ['id', 'chosen'],
    ['entity_alias', 'x'],
    ['type', 'batch'],
    ['ttl', 'soon'],
    ['ttl', -1],
    ['explicit_max_ttl', {}],
    ['policies', 'read'],
    ['policies', [1]],
    ['renewable', 'yes'],
  ])('is refused with %s: %j, which would make it something else', async (name, value) => {
    const answer = await create({ [name]: value });
    expect([answer.status, read(answer).errors]).toEqual([400, [expect.stringContaining(name)]]);
    expect(await testDb().prepare('SELECT outcome FROM audit_events ORDER BY id DESC LIMIT 1').first('outcome')).toBe(
      'invalid',
    );
  });

  test('comes with a warning where it reaches more or lives less than was asked for', async () => {
    expect(read(await create({ policies: ['app-readonly'] })).warnings).toEqual([expect.stringContaining('policies')]);
    expect(read(await create({ ttl: '48h' })).warnings).toEqual([expect.stringContaining('86400 seconds')]);
    expect(read(await create({ policies: ['default', 'read', 'app'] })).warnings).toBeNull();
  });
});

describe('what clients ask before they log in', () => {
  test('health and seal-status say that the vault serves, without a credential', async () => {
    for (const path of ['/v1/sys/health?standbyok=true&perfstandbyok=1&standbycode=429', '/v1/sys/seal-status']) {
      const answer = await vault.anonymous('GET', path);
      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.text)).toMatchObject({
        initialized: true,
        sealed: false,
        version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      });
    }
    // The command `vault status` asks this as well, and fails without it.
    expect(JSON.parse((await vault.anonymous('GET', '/v1/sys/leader')).text)).toMatchObject({ ha_enabled: false });
    expect((await vault.anonymous('HEAD', '/v1/sys/health')).text).toBe('');
    expect((await vault.anonymous('GET', '/v1/sys/health?activecode=299')).status).toBe(299);
    expect((await vault.anonymous('GET', '/v1/sys/health?activecode=999')).status).toBe(400);
    expect((await vault.anonymous('GET', '/v1/sys/health?activecode=x')).status).toBe(400);
  });

  test.each([204, 205, 304])('health answers %i without a body, since that status has none', async (status) => {
    const answer = await vault.anonymous('GET', `/v1/sys/health?activecode=${status}`);
    expect([answer.status, answer.text]).toEqual([status, '']);
  });

  test('the mounts say that secret/ is a KV engine of version 2', async () => {
    const all = read(await vault.anonymous('GET', '/v1/sys/internal/ui/mounts')).data;
    expect(all).toMatchObject({ secret: { 'secret/': { type: 'kv', options: { version: '2' } } } });
    for (const path of ['secret', 'secret/', 'secret/shop/prod', 'secret/data/x'])
      expect(read(await token.use('GET', `/v1/sys/internal/ui/mounts/${path}`)).data).toMatchObject({
        path: 'secret/',
        options: { version: '2' },
      });
    for (const path of ['kv/x', 'secrets', '..', '%2e%2e/x', 'secret2/x'])
      expect((await token.use('GET', `/v1/sys/internal/ui/mounts/${path}`)).status, path).not.toBe(200);
    expect((await vault.anonymous('GET', '/v1/sys/internal/ui/mounts/secret/x')).status).toBe(403);
  });

  test('a vault that cannot serve is sealed', async () => {
    await testDb().exec('ALTER TABLE d1_migrations RENAME TO hidden');
    const broken = await startVaultWithout();
    await testDb().exec('ALTER TABLE hidden RENAME TO d1_migrations');
    expect(broken).toEqual([503, true, 200]);
  });
});

/** A vault that is asked for its health for the first time. */
const startVaultWithout = async () => {
  const { createApp } = await import('../app.ts');
  const { parseEnv } = await import('../env.ts');
  const { testKeys } = await import('../testing/vault.ts');
  const app = createApp(parseEnv({ DB: testDb(), ...testKeys, LOCAL_ONLY: 'yes' }));
  const ask = (path: string) => app.fetch(new Request(`http://vault.test/v1/sys/${path}`));
  const health = await ask('health');
  const { sealed } = await health.json<{ sealed: boolean }>();
  return [health.status, sealed, (await ask('health?sealedcode=200')).status];
};
