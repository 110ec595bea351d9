import { scrypt } from '@noble/hashes/scrypt.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { passwordCost } from '../../core/crypto/password.ts';
import { type Client, startVault, testDb } from '../testing/vault.ts';

type Started = Awaited<ReturnType<typeof startVault>>;
let vault: Started;
let admin: Client;

beforeAll(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
});

let network = 0;
/** An address that no other call uses: the throttle counts per address. */
const fresh = () => `198.51.${Math.floor(++network / 250)}.${(network % 250) + 1}`;

const login = (body: unknown, address = fresh()) =>
  vault.anonymous('POST', '/auth/login', body, { 'CF-Connecting-IP': address });

const account = async (password = 'a good password', fields: object = {}) => {
  const username = `u${crypto.randomUUID()}`;
  const { body } = await admin('POST', '/users', { username, password, ...fields });
  return { username, password, id: body.id ?? 0 };
};

describe('POST /auth/login', () => {
  test('answers token, user, role and whether the password must change, as v0.6 did', async () => {
    const { status, body, headers } = await login({ username: 'user', password: 'user123' });
    expect(status).toBe(200);
    expect(body).toEqual({
      token: expect.stringMatching(/^ey/),
      user: 'user',
      role: 'user',
      must_change_password: true,
    });
    const [session, device] = headers.getSetCookie();
    expect(session).toMatch(/^keystore_session_[\w-]{8}=ey[^;]+; Max-Age=86400; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(device).toMatch(/^keystore_device_[\w-]{8}=[^;]+; Max-Age=34560000; Path=\/; HttpOnly; SameSite=Strict$/);
  });

  test('marks the cookie Secure for a browser that uses TLS', async () => {
    const body = { username: 'user', password: 'user123' };
    const { headers } = await vault.anonymous('POST', '/auth/login', body, { 'X-Forwarded-Proto': 'https' });
    expect(headers.get('Set-Cookie')).toMatch(/; HttpOnly; Secure; SameSite=Strict$/);
  });

  test('takes two round trips if the account is known', async () => {
    vault.trips.count = 0;
    await login({ username: 'admin', password: 'admin123' });
    expect(vault.trips.count).toBe(2);
  });

  test.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['null', null],
    ['a list', []],
    ['no password', { username: 'admin' }],
    ['a user name that is an object', { username: {}, password: 'x' }],
    ['a user name that is a number', { username: 1, password: 'x' }],
    ['a password over 1,024 bytes', { username: 'admin', password: 'é'.repeat(513) }],
    ['control characters', { username: 'ad\u0000min', password: 'x' }],
  ])('%s: 400, nothing is hashed, nothing is written', async (_, body) => {
    vault.trips.count = 0;
    const { status, body: answer } = await login(body as object);
    expect(status).toBe(400);
    expect(answer.error).toMatch(/\.$/);
    expect(vault.trips.count).toBe(0);
  });

  test('a form: 415', async () => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    expect((await vault.anonymous('POST', '/auth/login', 'username=admin', headers)).status).toBe(415);
  });

  test('unknown user, wrong password, inactive account and SQL get the same answer', async () => {
    const { username, password, id } = await account();
    await admin('PUT', `/users/${id}`, { is_active: false });
    const answers = await Promise.all([
      login({ username: 'nobody-here', password: 'x' }),
      login({ username: 'user', password: 'x' }),
      login({ username, password }),
      login({ username: "' OR 1=1--", password: "' OR 1=1--" }),
    ]);
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(401);
  });

  test.each([
    'scrypt:32768:8:1$salt',
    'scrypt:1073741824:8:1$salt$00',
    'scrypt:3:8:1$salt$00',
    'pbkdf2:sha256:999999999$salt$00',
    'plain$$admin123',
    '',
    '$$$$',
  ])('a stored verifier %j lets no one in and is never hashed', async (verifier) => {
    const { username } = await account();
    await testDb().prepare('UPDATE users SET verifier = ? WHERE name = ?').bind(verifier, username).run();
    expect((await login({ username, password: 'a good password' })).status).toBe(401);
  });

  test('upgrades a weaker verifier at the next successful sign-in, and keeps the password', async () => {
    const { username } = await account();
    // Werkzeug 2.3's form of "correct horse battery"
    const weaker = await weakVerifier('correct horse battery');
    await testDb().prepare('UPDATE users SET verifier = ? WHERE name = ?').bind(weaker, username).run();
    const stored = () => testDb().prepare('SELECT verifier FROM users WHERE name = ?').bind(username).first('verifier');
    expect((await login({ username, password: 'wrong' })).status).toBe(401);
    expect(await stored()).toBe(weaker);
    expect((await login({ username, password: 'correct horse battery' })).status).toBe(200);
    expect(await stored()).toMatch(/^scrypt:1024:1:1\$/);
    expect((await login({ username, password: 'correct horse battery' })).status).toBe(200);
  });

  const weakVerifier = async (password: string) => {
    const salt = 'AbCdEfGhIjKlMnOp';
    const key = await crypto.subtle.importKey('raw', new TextEncoder().encode(password), 'PBKDF2', false, [
      'deriveBits',
    ]);
    const derivation = { name: 'PBKDF2', hash: 'SHA-256', salt: new TextEncoder().encode(salt), iterations: 50_000 };
    const bits = new Uint8Array(await crypto.subtle.deriveBits(derivation, key, 256));
    return `pbkdf2:sha256:50000$${salt}$${[...bits].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
  };
});

describe('the user name at a sign-in', () => {
  test.each(['ADMIN', 'admin ', '\u3000Admin\u00a0', 'ａｄｍｉｎ', 'ad\u200bmin', 'аdmin', 'adrnin'])(
    '%j is admin, and the log has the true name',
    async (username) => {
      const address = fresh();
      const { status, body } = await login({ username, password: 'admin123' }, address);
      expect([status, body]).toMatchObject([200, { user: 'admin', role: 'admin' }]);
      expect((await login({ username, password: 'admin124' }, address)).status).toBe(401);
      const { body: log } = await admin('GET', '/logs?action=login&limit=2');
      expect(log.logs).toMatchObject([
        { user_name: 'admin', success: false },
        { user_name: 'admin', success: true },
      ]);
      await vault.signIn('admin', 'admin123');
    },
  );

  test('is throttled as one account, however it is spelled', async () => {
    await admin('POST', '/users', { username: 'spelled', password: 'a good password' });
    for (const username of ['spelled', 'SPELLED', ' spelled', 'ｓpelled', 'spe1led']) {
      expect((await login({ username, password: 'wrong' })).status).toBe(401);
    }
    for (const username of ['spelled', 'Spelled', 'SPELLED\t']) {
      expect((await login({ username, password: 'a good password' })).status).toBe(429);
    }
  });

  test('of accounts of v0.6 that look alike must be exact', async () => {
    const named = { Twin: 'password of Twin', twin: 'password of twin', 'tw\u200bin': 'password of the third' };
    for (const [name, password] of Object.entries(named)) {
      const { id } = await account(password);
      const likeness = name === 'Twin' ? 'twin' : `twin\u001f${id}`;
      await testDb().prepare('UPDATE users SET name = ?, likeness = ? WHERE id = ?').bind(name, likeness, id).run();
    }
    for (const [username, password] of Object.entries(named)) {
      expect((await login({ username, password })).body.user).toBe(username);
      expect((await login({ username: 'TWIN', password })).status).toBe(401);
    }
    await testDb().exec("DELETE FROM users WHERE name = 'Twin'");
    expect((await admin('POST', '/users', { username: 'TWIN', password: 'a good password' })).status).toBe(409);
  });
});

describe('a password', () => {
  const composed = 'pässwörd of Zoë';
  const decomposed = composed.normalize('NFD');

  test.each([
    ['composed', composed],
    ['decomposed', decomposed],
  ])('that was set %s is right however it is typed', async (_, password) => {
    const { username } = await account(password);
    for (const typed of [composed, decomposed]) expect((await login({ username, password: typed })).status).toBe(200);
    expect((await login({ username, password: composed.replace('ä', 'a') })).status).toBe(401);
    const client = await vault.signIn(username, composed);
    const same = { current_password: composed, new_password: decomposed };
    expect((await client('POST', '/auth/password', same)).status).toBe(400);
    const change = { current_password: decomposed, new_password: 'a new pässword' };
    expect((await client('POST', '/auth/password', change)).status).toBe(200);
  });

  test.each([
    ['composed', composed],
    ['decomposed', decomposed],
    ['mixed', `${composed}${decomposed}`],
  ])('whose verifier 1.0.0 made %s is right, and gets a verifier in NFC', async (form, password) => {
    const { username } = await account();
    const db = testDb();
    const stored = () =>
      db.prepare('SELECT verifier FROM users WHERE name = ?').bind(username).first<string>('verifier');
    await db.prepare('UPDATE users SET verifier = ? WHERE name = ?').bind(oldVerifier(password), username).run();
    const before = await stored();
    expect((await login({ username, password: `${password}.` })).status).toBe(401);
    expect(await stored()).toBe(before);
    expect((await login({ username, password })).status).toBe(200);
    expect((await stored()) === before).toBe(form === 'composed');
    for (const typed of ['NFC', 'NFD']) {
      expect((await login({ username, password: password.normalize(typed) })).status).toBe(200);
    }
  });

  /** Of the bytes as they came, at the cost of this test's vault. */
  const oldVerifier = (password: string) =>
    `scrypt:1024:1:1$salt$${bytesToHex(scrypt(password, 'salt', { N: 2 ** 10, r: 1, p: 1, dkLen: 64 }))}`;
});

describe('a session', () => {
  test('ends at logout, which deletes the cookie', async () => {
    const client = await vault.signIn('user', 'user123', fresh());
    const { status, headers } = await client('POST', '/auth/logout');
    expect(status).toBe(200);
    expect(headers.get('Set-Cookie')).toMatch(/^keystore_session_[\w-]{8}=; Max-Age=0; Path=\/;/);
    expect((await client('GET', '/keys')).status).toBe(401);
  });

  test('ends at its expiry in the database, even if the token is valid for longer', async () => {
    const client = await vault.signIn('user', 'user123', fresh());
    await testDb()
      .prepare("UPDATE sessions SET expires_at = ? WHERE user_id = (SELECT id FROM users WHERE name = 'user')")
      .bind(Date.now() - 1)
      .run();
    expect((await client('GET', '/keys')).status).toBe(401);
  });

  test('ends at once when its user is deactivated, and stays ended when the user is activated again', async () => {
    const { username, password, id } = await account();
    const client = await vault.signIn(username, password, fresh());
    expect((await client('GET', '/keys')).status).toBe(200);
    await admin('PUT', `/users/${id}`, { is_active: false });
    expect((await client('GET', '/keys')).status).toBe(401);
    await admin('PUT', `/users/${id}`, { is_active: true });
    expect((await client('GET', '/keys')).status).toBe(401);
  });

  test('has the current role of its user, whatever its token says', async () => {
    const { username, password, id } = await account('a good password', { role: 'admin' });
    const client = await vault.signIn(username, password, fresh());
    expect((await client('GET', '/users')).status).toBe(200);
    await admin('PUT', `/users/${id}`, { role: 'user' });
    expect((await client('GET', '/users')).status).toBe(403);
    await admin('PUT', `/users/${id}`, { role: 'admin' });
    expect((await client('GET', '/users')).status).toBe(200);
  });

  test('ends when its user is deleted', async () => {
    const { username, password, id } = await account();
    const client = await vault.signIn(username, password, fresh());
    await admin('DELETE', `/users/${id}`);
    expect((await client('GET', '/keys')).status).toBe(401);
  });

  const cookieClient =
    (cookie: string, headers: Record<string, string> = {}) =>
    (path: string, more: Record<string, string> = {}) =>
      vault.anonymous('GET', path, undefined, { Cookie: cookie, ...headers, ...more });

  test('works with the cookie alone, from a page of this origin', async () => {
    const { cookie } = await vault.signIn('user', 'user123', fresh());
    for (const origin of [{}, { Origin: 'http://vault.test', Host: 'vault.test', 'Sec-Fetch-Site': 'same-origin' }]) {
      const { status, body } = await cookieClient(`theme=dark; ${cookie}`, origin)('/auth/session');
      expect(status).toBe(200);
      expect(body).toMatchObject({ user: 'user', role: 'user', must_change_password: true });
    }
  });

  test('works with the cookie behind a proxy that asks for a password of its own', async () => {
    const { cookie } = await vault.signIn('user', 'user123', fresh());
    expect((await cookieClient(cookie)('/keys', { Authorization: 'Basic dTpw' })).status).toBe(200);
    expect((await cookieClient(cookie)('/keys', { Authorization: 'Bearer x' })).status).toBe(401);
  });

  test('has a cookie whose value is no bearer token, and a token that is no cookie', async () => {
    const { token, cookie } = await vault.signIn('user', 'user123', fresh());
    const [name, value] = cookie.split('=') as [string, string];
    expect(value).not.toBe(token);
    expect((await vault.client(value)('GET', '/keys')).status).toBe(401);
    expect((await cookieClient(`${name}=${token}`)('/keys')).status).toBe(401);
    expect((await cookieClient(cookie)('/keys')).status).toBe(200);
  });

  test('has a cookie with a name of its vault: that of another one on the same host is left alone', async () => {
    const other = await startVault({ SECRET_KEY: 'qO4wU8nB2vX6zR0tY5kM9sD3fG7hJ1lPcVbNmQwE' });
    const { cookie } = await vault.signIn('user', 'user123', fresh());
    const { cookie: otherCookie } = await other.signIn('user', 'user123', fresh());
    expect(cookie.split('=')[0]).not.toBe(otherCookie.split('=')[0]);
    expect((await cookieClient(`${otherCookie}; ${cookie}`)('/keys')).status).toBe(200);
    expect((await cookieClient(otherCookie)('/keys')).status).toBe(401);
  });

  test('is found among stale, foreign and broken cookies of the same name', async () => {
    const [ended, live, newer] = await Promise.all([1, 2, 3].map(() => vault.signIn('user', 'user123', fresh())));
    await ended?.('POST', '/auth/logout');
    await newer?.('POST', '/auth/logout');
    const name = live?.cookie.split('=')[0];
    const before = [`${name}=broken`, ended?.cookie, `${name}=e30.e30.x`, newer?.cookie, live?.cookie];
    for (const cookies of [before, before.toReversed()]) {
      const { status, body } = await cookieClient(cookies.join('; '))('/auth/session');
      expect([status, body.user]).toEqual([200, 'user']);
    }
    expect((await cookieClient([ended?.cookie, newer?.cookie].join('; '))('/keys')).status).toBe(401);
  });

  test('costs one round trip with one cookie that verifies, whatever else the browser sends', async () => {
    const { cookie } = await vault.signIn('user', 'user123', fresh());
    vault.trips.count = 0;
    await cookieClient(`${cookie.split('=')[0]}=broken; ${cookie}; ${cookie}`)('/keys');
    expect(vault.trips.count).toBe(1);
  });

  test("is listed for its own user only, and is revoked by its id; another user's session does not exist", async () => {
    const { username, password } = await account();
    const one = await vault.signIn(username, password, '203.0.113.9');
    const two = await vault.signIn(username, password, '203.0.113.10');
    const { body } = await one('GET', '/auth/sessions');
    expect(body.sessions).toHaveLength(2);
    const other = body.sessions?.find(({ is_current }) => !is_current);
    expect(other).toMatchObject({ ip_address: '203.0.113.10', is_current: false });
    const stranger = await vault.signIn('user', 'user123', fresh());
    const refused = await stranger('DELETE', `/auth/sessions/${other?.id}`);
    const missing = await stranger('DELETE', '/auth/sessions/none');
    expect([refused.status, refused.text]).toEqual([404, missing.text]);
    expect((await two('GET', '/keys')).status).toBe(200);
    expect((await one('DELETE', `/auth/sessions/${other?.id}`)).status).toBe(200);
    expect((await two('GET', '/keys')).status).toBe(401);
    expect((await one('GET', '/auth/sessions')).body.sessions).toHaveLength(1);
  });
});

describe('POST /auth/password', () => {
  test('takes three round trips, as a sign-in does', async () => {
    const { username, password } = await account();
    const client = await vault.signIn(username, password, fresh());
    vault.trips.count = 0;
    await client('POST', '/auth/password', { current_password: password, new_password: 'a better password' });
    expect(vault.trips.count).toBe(3);
  });

  test('changes the password, ends every other session, and clears must_change_password', async () => {
    const { username, password } = await account('a good password', { must_change_password: true });
    const here = await vault.signIn(username, password, fresh());
    const there = await vault.signIn(username, password, fresh());
    expect((await here('GET', '/auth/session')).body.must_change_password).toBe(true);
    const changed = await here('POST', '/auth/password', {
      current_password: password,
      new_password: 'a better password',
    });
    expect(changed.status).toBe(200);
    expect((await here('GET', '/auth/session')).body.must_change_password).toBe(false);
    expect((await there('GET', '/auth/session')).status).toBe(401);
    expect((await login({ username, password })).status).toBe(401);
    expect((await login({ username, password: 'a better password' })).status).toBe(200);
  });

  test.each([
    ['too short', 'seven77'],
    ['too long', 'x'.repeat(1_025)],
    ['one of the most common', 'Password1'],
    ['the default', 'admin123'],
    ['the user name', 'same-as-name'],
  ])('rejects a new password that is %s', async (_, password) => {
    const username = 'Same-As-Name';
    await admin('POST', '/users', { username, password: 'a good password' });
    const client = await vault.signIn(username, 'a good password', fresh());
    const answer = await client('POST', '/auth/password', {
      current_password: 'a good password',
      new_password: password,
    });
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatch(/password/i);
  });
});

test('a vault with the cost of production stores verifiers of that cost, and signs in with them', async () => {
  const real = await startVault({}, passwordCost);
  const { username, password } = await account();
  const stored = () => testDb().prepare('SELECT verifier FROM users WHERE name = ?').bind(username).first('verifier');
  expect(await stored()).toMatch(/^scrypt:1024:1:1\$/);
  for (let i = 0; i < 2; i++) await real.signIn(username, password, fresh());
  expect(await stored()).toMatch(/^scrypt:32768:8:3\$[^$]{16,}\$[0-9a-f]{128}$/);
});
