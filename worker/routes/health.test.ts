import { beforeEach, describe, expect, test, vi } from 'vitest';
import { parseKeyring, sealCanary } from '../../core/crypto/keyring.ts';
import worker from '../index.ts';
import { emptyDatabase, startVault, testDb, testKeys } from '../testing/vault.ts';

const otherKey = 'fQ7sJ1kZrV3xW9uYtL2mNpB6cDhE8gAoKiRwSvTzUq4=';
const adminPassword = 'an admin’s good password';

const canaryOf = (key: string) => {
  const { keyId, token } = sealCanary(parseKeyring(key));
  return [keyId, token];
};

beforeEach(emptyDatabase);

const rows = (table: string) => testDb().prepare(`SELECT count(*) AS n FROM ${table}`).first<number>('n');

describe('GET /health', () => {
  test('is healthy, in the shape of v0.6, and asks the database at most once a second', async () => {
    const { anonymous, trips } = await startVault();
    const now = Date.now();
    vi.useFakeTimers({ now, toFake: ['Date'] });
    try {
      const { status, body } = await anonymous('GET', '/health');
      expect([status, body]).toEqual([
        200,
        { status: 'healthy', timestamp: new Date(now).toISOString(), service: 'keystore', version: expect.any(String) },
      ]);
      trips.count = 0;
      await anonymous('GET', '/health');
      expect(trips.count).toBe(0);
      vi.setSystemTime(now + 1_001);
      await anonymous('GET', '/health');
      expect(trips.count).toBe(1);
      vi.setSystemTime(now - 86_400_000);
      await anonymous('GET', '/health');
      expect(trips.count).toBe(2);
    } finally {
      vi.useRealTimers();
    }
  });

  test('and /health/live and the UI cost no round trip', async () => {
    const { anonymous, trips } = await startVault();
    expect((await anonymous('GET', '/health/live')).body).toEqual({ status: 'alive', service: 'keystore' });
    await anonymous('GET', '/');
    expect(trips.count).toBe(0);
  });

  test('another ENCRYPTION_KEY: 503, both fingerprints, nothing is written, and the right key still opens', async () => {
    const { signIn } = await startVault();
    await (await signIn('user', 'user123'))('POST', '/keys', { key_name: 'k', api_key: 'v' });
    const [events, sessions] = [await rows('audit_events'), await rows('sessions')];
    const wrong = await startVault({ ENCRYPTION_KEY: otherKey });
    const health = await wrong.anonymous('GET', '/health');
    expect(health.status).toBe(503);
    expect(health.body).toMatchObject({ status: 'unhealthy', reason: 'wrong_key' });
    expect(health.body.error?.match(/\b[0-9a-f]{16}\b/g)).toHaveLength(2);
    const login = await wrong.anonymous('POST', '/auth/login', { username: 'admin', password: 'admin123' });
    expect(login.status).toBe(503);
    expect([await rows('audit_events'), await rows('sessions')]).toEqual([events, sessions]);
    const right = await startVault();
    expect((await (await right.signIn('user', 'user123'))('GET', '/keys/k')).body.api_key).toBe('v');
  });

  test('an old session token, under another ENCRYPTION_KEY: 503 on every route, nothing is written', async () => {
    const { signIn } = await startVault();
    const { token } = await signIn('admin', 'admin123');
    const wrong = (await startVault({ ENCRYPTION_KEY: otherKey })).client(token);
    expect((await wrong('POST', '/keys', { key_name: 'k', api_key: 'v' })).status).toBe(503);
    expect((await wrong('DELETE', '/users/2')).status).toBe(503);
    expect(await rows('secrets')).toBe(0);
    expect(await rows('users')).toBe(2);
  });

  test('a new key with the old one retired: new values use it, and old values still open', async () => {
    const { signIn } = await startVault();
    await (await signIn('user', 'user123'))('POST', '/keys', { key_name: 'old', api_key: 'sealed by the old key' });
    const keys = { ENCRYPTION_KEY: otherKey, RETIRED_ENCRYPTION_KEYS: testKeys.ENCRYPTION_KEY };
    const rotated = await startVault(keys);
    const user = await rotated.signIn('user', 'user123');
    await user('POST', '/keys', { key_name: 'new', api_key: 'sealed by the new key' });
    expect((await user('GET', '/keys/old')).body.api_key).toBe('sealed by the old key');
    expect((await user('GET', '/keys/new')).body.api_key).toBe('sealed by the new key');
    expect((await (await startVault()).anonymous('GET', '/health')).body.reason).toBe('wrong_key');
  });

  describe('an encryption key that is taken out while values are under it', () => {
    const thirdKey = 'Zm9ydHktdHdvIGlzIG5vdCBhIHNlY3JldCBidXQgMzI=';
    const idOf = (key: string) => parseKeyring(key).primary.id;

    /** Three values under the first key, one of them replaced under the second, and a new one under the third. */
    const rotatedTwice = async () => {
      const first = await (await startVault()).signIn('user', 'user123');
      for (const key_name of ['a', 'b', 'c']) await first('POST', '/keys', { key_name, api_key: `old ${key_name}` });
      const keys = { ENCRYPTION_KEY: otherKey, RETIRED_ENCRYPTION_KEYS: testKeys.ENCRYPTION_KEY };
      const second = await (await startVault(keys)).signIn('user', 'user123');
      await second('PUT', '/keys/c', { api_key: 'second c' });
      const retired = `${otherKey},${testKeys.ENCRYPTION_KEY}`;
      const third = await (await startVault({ ENCRYPTION_KEY: thirdKey, RETIRED_ENCRYPTION_KEYS: retired })).signIn(
        'user',
        'user123',
      );
      await third('POST', '/keys', { key_name: 'd', api_key: 'third d' });
    };

    test('degraded, by fingerprint and number, and the vault serves everything else', async () => {
      await rotatedTwice();
      const vault = await startVault({ ENCRYPTION_KEY: thirdKey, RETIRED_ENCRYPTION_KEYS: otherKey });
      const { status, body } = await vault.anonymous('GET', '/health');
      const fingerprint = idOf(testKeys.ENCRYPTION_KEY);
      expect([status, body]).toMatchObject([
        200,
        { status: 'degraded', missing_keys: [{ fingerprint, values: 2, versions: 1 }] },
      ]);
      expect(body.warning).toMatch(/^2 values and 1 older version .*RETIRED_ENCRYPTION_KEYS.*\.$/);
      expect(body.warning).toContain(fingerprint);
      const user = await vault.signIn('user', 'user123');
      for (const [name, value] of [
        ['c', 'second c'],
        ['d', 'third d'],
      ]) {
        expect((await user('GET', `/keys/${name}`)).body.api_key).toBe(value);
      }
    });

    test('every missing key is named, and with all of them back the vault is healthy', async () => {
      await rotatedTwice();
      await testDb()
        .prepare('UPDATE instance SET key_id = ?, canary = ?')
        .bind(...canaryOf(thirdKey))
        .run();
      const { body } = await (await startVault({ ENCRYPTION_KEY: thirdKey })).anonymous('GET', '/health');
      const missing = [
        { fingerprint: idOf(testKeys.ENCRYPTION_KEY), values: 2, versions: 1 },
        { fingerprint: idOf(otherKey), values: 1, versions: 0 },
      ];
      expect(body.missing_keys).toEqual(missing.toSorted((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1)));
      const keys = { ENCRYPTION_KEY: thirdKey, RETIRED_ENCRYPTION_KEYS: `${testKeys.ENCRYPTION_KEY},${otherKey}` };
      expect((await (await startVault(keys)).anonymous('GET', '/health')).body.status).toBe('healthy');
    });

    test('its values answer 500: an admin learns the fingerprint, a user whom to ask, and both can put a new value', async () => {
      await rotatedTwice();
      const vault = await startVault({ ENCRYPTION_KEY: thirdKey, RETIRED_ENCRYPTION_KEYS: otherKey });
      const [admin, user] = [await vault.signIn('admin', 'admin123'), await vault.signIn('user', 'user123')];
      const fingerprint = idOf(testKeys.ENCRYPTION_KEY);
      const forAdmin = await admin('GET', '/keys/a');
      expect([forAdmin.status, forAdmin.body.error]).toEqual([500, expect.stringContaining(fingerprint)]);
      expect(forAdmin.body.error).toContain('RETIRED_ENCRYPTION_KEYS');
      const forUser = await user('GET', '/keys/a');
      expect([forUser.status, forUser.body.error]).toEqual([500, expect.stringContaining('Ask an admin')]);
      expect(forUser.text).not.toContain(fingerprint);
      expect((await user('PUT', '/keys/a', { api_key: 'new a' })).status).toBe(200);
      expect((await user('GET', '/keys/a')).body.api_key).toBe('new a');
    });

    test('a fingerprint that somebody wrote into the database is never repeated', async () => {
      const { signIn } = await startVault();
      await (await signIn('admin', 'admin123'))('POST', '/keys', { key_name: 'k', api_key: 'v' });
      await testDb().exec("UPDATE secret_versions SET key_id = '<b>planted</b>'");
      const vault = await startVault();
      const { text, body } = await vault.anonymous('GET', '/health');
      expect(body).toMatchObject({ status: 'degraded', missing_keys: [{ fingerprint: null, values: 1 }] });
      expect(text).not.toContain('planted');
      const read = await (await vault.signIn('admin', 'admin123'))('GET', '/keys/k');
      expect([read.status, read.text]).toEqual([500, expect.not.stringContaining('planted')]);
    });

    test('costs a healthy vault no further round trip', async () => {
      const vault = await startVault();
      await (await vault.signIn('user', 'user123'))('POST', '/keys', { key_name: 'k', api_key: 'v' });
      const later = await startVault();
      later.trips.count = 0;
      expect((await later.anonymous('GET', '/health')).body.status).toBe('healthy');
      expect(later.trips.count).toBe(1);
    });
  });

  test.each([
    ['no tables at all', 'DROP TABLE d1_migrations', 'schema'],
    ['a table missing', 'DROP TABLE instance', 'schema'],
    [
      'a migration that this version does not know',
      "INSERT INTO d1_migrations (name) VALUES ('9999_later.sql')",
      'schema',
    ],
    ['no record of its key', 'DELETE FROM instance', 'damaged'],
    ['a canary that was altered', "UPDATE instance SET canary = 'x'", 'damaged'],
  ])('a database with %s: 503 with the reason, and no default accounts come back', async (_, damage, reason) => {
    const { signIn, anonymous } = await startVault();
    const client = await signIn('admin', 'admin123');
    await client('POST', '/auth/password', { current_password: 'admin123', new_password: 'a good password' });
    await testDb().exec(damage);
    const health = await anonymous('GET', '/health');
    expect([health.status, health.body.reason]).toEqual([503, reason]);
    expect(health.body.error).toMatch(/\.$/);
    const login = await anonymous('POST', '/auth/login', { username: 'admin', password: 'admin123' });
    expect([401, 503]).toContain(login.status);
  });
});

test.each([
  ['account', "INSERT INTO users (name, likeness, verifier, role, created_at) VALUES ('a', 'a', 'v', 'user', 1)"],
  [
    'project',
    "INSERT INTO projects (name, likeness, key_likeness, created_by, created_at) VALUES ('a', 'a', 'a', '', 1)",
  ],
  [
    'key',
    "INSERT INTO secrets (name, created_by, created_at, updated_at, current_version, deleted_at, deleted_by) VALUES ('a', '', 1, 1, 1, 1, '')",
  ],
  [
    'event',
    "INSERT INTO audit_events (at, request_id, action, outcome, address, user_agent) VALUES (1, '', '', 'denied', '', '')",
  ],
  ['tree over the log', "INSERT INTO log_tree VALUES (1, '', '', '', '', '', 0, '', 1, 0)"],
])('a database in which nothing but a %s is left is not set up anew', async (_, statement) => {
  const { anonymous } = await startVault();
  await testDb().exec(statement);
  const health = await anonymous('GET', '/health');
  expect([health.status, health.body.reason]).toEqual([503, 'damaged']);
  const login = await anonymous('POST', '/auth/login', { username: 'admin', password: 'admin123' });
  expect(login.status).toBe(503);
});

describe('a new vault', () => {
  test('with ADMIN_PASSWORD has one admin and no default user', async () => {
    const { anonymous, signIn } = await startVault({ ADMIN_PASSWORD: adminPassword });
    const wrong = await anonymous('POST', '/auth/login', { username: 'admin', password: 'admin123' });
    expect(wrong.status).toBe(401);
    const admin = await signIn('admin', adminPassword);
    expect((await admin('GET', '/users')).body.users).toMatchObject([
      { username: 'admin', must_change_password: false },
    ]);
  });

  test('on the edge without ADMIN_PASSWORD has no account, and the answer says what to set', async () => {
    const { anonymous } = await startVault({ FIRST_ACCOUNTS: '' });
    for (const answer of [
      await anonymous('GET', '/health'),
      await anonymous('POST', '/auth/login', { username: 'admin', password: 'admin123' }),
    ]) {
      expect(answer.status).toBe(503);
      expect(answer.body.error).toContain('ADMIN_PASSWORD');
    }
    expect(await rows('users')).toBe(0);
    expect(await rows('instance')).toBe(0);
  });

  test('rejects an ADMIN_PASSWORD that is easy to guess', async () => {
    const { anonymous } = await startVault({ ADMIN_PASSWORD: 'password1' });
    const { status, body } = await anonymous('GET', '/health');
    expect([status, body.reason]).toEqual([503, 'setup']);
    expect(await rows('users')).toBe(0);
  });

  test('an ADMIN_PASSWORD that is set later changes nothing', async () => {
    await (await startVault()).signIn('admin', 'admin123');
    const { signIn } = await startVault({ ADMIN_PASSWORD: adminPassword });
    await signIn('admin', 'admin123');
    await expect(signIn('admin', adminPassword)).rejects.toThrow('401');
  });

  test('is set up once, even if many requests come first', async () => {
    const vaults = [await startVault(), await startVault(), await startVault()];
    const answers = await Promise.all(
      vaults.flatMap(({ anonymous }) => [1, 2, 3].map(() => anonymous('GET', '/health'))),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect([await rows('instance'), await rows('users')]).toEqual([1, 2]);
  });
});

describe('the settings', () => {
  const ask = (settings: object) =>
    Promise.resolve(
      worker.fetch(
        new Request('http://vault.test/keys') as never,
        { DB: testDb(), ...testKeys, ...settings },
        {} as never,
      ),
    );

  test.each([
    ['SECRET_KEY', undefined],
    ['SECRET_KEY', 'short'],
    ['SECRET_KEY', 'your-secret-key-change-me-in-production'],
    ['ENCRYPTION_KEY', undefined],
    ['ENCRYPTION_KEY', 'not base64 at all'],
    ['ENCRYPTION_KEY', 'dG9vIHNob3J0'],
    ['JWT_EXPIRY_HOURS', '-1'],
    ['JWT_EXPIRY_HOURS', 'a day'],
    ['CORS_ORIGINS', '*'],
    ['CORS_ORIGINS', 'https://a.example/path'],
  ])('%s = %s: everything answers 503 with a sentence that names it', async (name, setting) => {
    const response = await ask({ [name]: setting });
    expect(response.status).toBe(503);
    const { error } = (await response.json()) as { error: string };
    expect(error).toContain(name);
    if (setting) expect(error).not.toContain(setting);
  });

  test.each([
    ['a newline after it', `${testKeys.ENCRYPTION_KEY}\n`],
    ['the other alphabet of base64', testKeys.ENCRYPTION_KEY.replaceAll('-', '+').replaceAll('_', '/')],
  ])('ENCRYPTION_KEY with %s is the same key', async (_, key) => {
    await (await startVault()).anonymous('GET', '/health');
    expect((await (await startVault({ ENCRYPTION_KEY: key })).anonymous('GET', '/health')).status).toBe(200);
  });

  test('JWT_EXPIRY_HOURS is how long a token lasts', async () => {
    const { signIn } = await startVault({ JWT_EXPIRY_HOURS: '0.5' });
    const { token } = await signIn('user', 'user123');
    const { iat, exp } = JSON.parse(atob(token.split('.')[1] ?? ''));
    expect(exp - iat).toBe(1_800);
  });

  test('CORS_ORIGINS may call with a token, and no other origin', async () => {
    const { anonymous } = await startVault({ CORS_ORIGINS: 'https://tools.example, https://two.example' });
    const preflight = (Origin: string) =>
      anonymous('OPTIONS', '/keys', undefined, { Origin, 'Access-Control-Request-Method': 'GET' });
    const allowed = async (origin: string) => (await preflight(origin)).headers.get('Access-Control-Allow-Origin');
    expect(await allowed('https://tools.example')).toBe('https://tools.example');
    expect(await allowed('https://evil.example')).toBeNull();
    expect((await preflight('https://tools.example')).headers.get('Access-Control-Allow-Credentials')).toBeNull();
  });
});
