/** Default passwords: as in v0.6 where only the vault's own machine can try them, and good for nothing where everybody can. */
import { beforeEach, describe, expect, test } from 'vitest';
import { parseKeyring } from '../../core/crypto/keyring.ts';
import { rowOf, sealedRowSql, sealHolds } from '../../core/sealed-rows.ts';
import { emptyDatabase, forgersDb, startVault, testDb, testKeys } from '../testing/vault.ts';

type Started = Awaited<ReturnType<typeof startVault>>;

/** A vault that other machines can reach. */
const open = { LOCAL_ONLY: '' };
const own = 'a password of my own';

let vault: Started;

beforeEach(async () => {
  await emptyDatabase();
  vault = await startVault(open);
});

const change = (client: Awaited<ReturnType<Started['signIn']>>, from: string, to = own) =>
  client('POST', '/auth/password', { current_password: from, new_password: to });

const newestEvent = () => testDb().prepare('SELECT * FROM audit_events ORDER BY id DESC LIMIT 1').first();

const userRow = () => testDb().prepare("SELECT is_active, has_default_password FROM users WHERE name = 'user'").first();

describe('in a vault that is open to the network, an account with its default password', () => {
  const allowed = new Set(['POST /auth/login', 'POST /auth/logout', 'POST /auth/password', 'GET /auth/session']);

  test('gets 403 that says what to do from every route but sign-in, its own session, its password and sign-out', async () => {
    const admin = await vault.signIn('admin', 'admin123');
    const others = vault.app.routes.filter(
      ({ method, path }) => method !== 'ALL' && !/^\/(health|v1\/)/.test(path) && !allowed.has(`${method} ${path}`),
    );
    expect(others.length).toBeGreaterThan(10);
    for (const { method, path } of others) {
      const at = path.replace(':name', 'x').replace(':id', '1');
      for (const body of method === 'GET' || method === 'DELETE'
        ? [undefined]
        : [{ key_name: 'x', api_key: 'y' }, '[']) {
        vault.trips.count = 0;
        const answer = await admin(method, at, body);
        expect.soft([answer.status, vault.trips.count], `${method} ${path}`).toEqual([403, 1]);
        expect.soft(answer.body.error, `${method} ${path}`).toMatch(/default password.*POST \/auth\/password/);
        expect
          .soft(await newestEvent())
          .toMatchObject({ outcome: 'denied', reason: 'default_password', actor_name: 'admin' });
      }
    }
  });

  test('gets no key by the Vault API either', async () => {
    const admin = await vault.signIn('admin', 'admin123');
    const keyRoutes = vault.app.routes.filter(({ path }) => path.startsWith('/v1/secret/'));
    expect(keyRoutes.length).toBeGreaterThan(10);
    for (const { method, path } of keyRoutes) {
      const answer = await admin(method, path.replace('*', 'x'), method === 'GET' ? undefined : {});
      expect.soft(answer.status, `${method} ${path}`).toBe(403);
      expect.soft(await newestEvent()).toMatchObject({ outcome: 'denied', reason: 'default_password' });
    }
  });

  test('may sign in, see its session, change the password, and then do everything', async () => {
    const admin = await vault.signIn('admin', 'admin123');
    expect((await admin('GET', '/auth/session')).body).toMatchObject({ user: 'admin', must_change_password: true });
    expect((await change(admin, 'admin123')).status).toBe(200);
    expect((await admin('GET', '/auth/session')).body.must_change_password).toBe(false);
    expect((await admin('POST', '/keys', { key_name: 'x', api_key: 'y' })).status).toBe(201);
    const again = await vault.signIn('admin', own);
    expect((await again('GET', '/keys/x')).body.api_key).toBe('y');
  });

  test('may sign out', async () => {
    const admin = await vault.signIn('admin', 'admin123');
    expect((await admin('POST', '/auth/logout')).status).toBe(200);
  });

  test('is recognised by the password that was typed, whatever the database says', async () => {
    // A vault of an earlier version, in which somebody has cleared the mark.
    await vault.signIn('user', 'user123');
    await testDb().prepare('UPDATE users SET must_change_password = 0, has_default_password = 0').run();
    const answer = await vault.anonymous('POST', '/auth/login', { username: 'user', password: 'user123' });
    expect(answer.body.must_change_password).toBe(true);
    const user = vault.client(answer.body.token ?? '');
    expect((await user('GET', '/auth/session')).body.must_change_password).toBe(true);
    expect((await user('GET', '/keys')).status).toBe(403);
  });

  test('cannot get rid of it by a default password of the other account', async () => {
    const admin = await vault.signIn('admin', 'admin123');
    for (const password of ['user123', 'admin123', 'ADMIN123']) {
      expect((await change(admin, 'admin123', password)).status).toBe(400);
    }
  });
});

describe('an account that the vault has switched off', () => {
  const sealed = async () => {
    const { results } = await testDb()
      .prepare(`SELECT ${sealedRowSql('users', 'users')} AS row FROM users`)
      .all();
    const keyring = parseKeyring(testKeys.ENCRYPTION_KEY);
    return results.map(({ row }) => sealHolds(keyring, rowOf(JSON.parse(String(row)))));
  };

  test('has the seal of one that is switched off, and an admin switches it on again', async () => {
    const admin = await vault.signIn('admin', 'admin123');
    await change(admin, 'admin123');
    expect([await userRow(), await sealed()]).toEqual([{ is_active: 0, has_default_password: 1 }, [true, true]]);
    const id = await testDb().prepare("SELECT id FROM users WHERE name = 'user'").first<number>('id');
    expect((await admin('PUT', `/users/${id}`, { is_active: true })).status).toBe(200);
    await vault.signIn('user', 'user123');
    expect(await sealed()).toEqual([true, true]);
  });

  test('gets the seal from the next sign-in of an admin, if that was cut off', async () => {
    const admin = await vault.signIn('admin', 'admin123');
    const before = await testDb().prepare("SELECT seal FROM users WHERE name = 'user'").first<string>('seal');
    await change(admin, 'admin123');
    await forgersDb().prepare("UPDATE users SET seal = ? WHERE name = 'user'").bind(before).run();
    expect(await sealed()).toEqual([true, false]);
    await vault.signIn('admin', own);
    expect(await sealed()).toEqual([true, true]);
  });

  test('costs a round trip once', async () => {
    await change(await vault.signIn('admin', 'admin123'), 'admin123');
    vault.trips.count = 0;
    await vault.signIn('admin', own);
    expect(vault.trips.count).toBe(2);
  });
});

test('a password that an admin has set is no default one: clients of v0.6 go on working with it', async () => {
  const admin = await vault.signIn('admin', 'admin123');
  await change(admin, 'admin123');
  const account = { username: 'client', password: 'set by an admin', must_change_password: true };
  expect((await admin('POST', '/users', account)).status).toBe(201);
  const client = await vault.signIn(account.username, account.password);
  expect((await client('GET', '/auth/session')).body.must_change_password).toBe(true);
  expect((await client('GET', '/keys')).status).toBe(200);
});

test('a request that a proxy has passed on is one from the network, also if nobody named the proxy', async () => {
  const local = await startVault();
  const admin = await local.signIn('admin', 'admin123');
  expect((await admin('GET', '/keys')).status).toBe(200);
  for (const name of ['X-Forwarded-For', 'X-Forwarded-Proto', 'Forwarded', 'X-Real-IP', 'Via', 'X-Forwarded']) {
    const answer = await admin('GET', '/keys', undefined, { [name]: '1.1 proxy' });
    expect.soft([answer.status, answer.body.error], name).toEqual([403, expect.stringMatching(/default password/)]);
  }
  const session = await admin('GET', '/auth/session', undefined, { 'X-Forwarded-For': '192.0.2.7' });
  expect(session.body.must_change_password).toBe(true);
  await change(admin, 'admin123');
  expect((await admin('GET', '/keys', undefined, { 'X-Forwarded-For': '192.0.2.7' })).status).toBe(200);
});

test('in a vault that only its own machine can reach, the default accounts work as in v0.6', async () => {
  const local = await startVault();
  const [admin, user] = [await local.signIn('admin', 'admin123'), await local.signIn('user', 'user123')];
  expect((await user('POST', '/keys', { key_name: 'x', api_key: 'y' })).status).toBe(201);
  expect((await admin('GET', '/users')).status).toBe(200);
  await change(admin, 'admin123');
  expect(await userRow()).toEqual({ is_active: 1, has_default_password: 1 });
});

describe('the unused account user', () => {
  const entry = {
    action: 'update_user',
    user_name: 'admin',
    target: 'user',
    success: true,
    reason: 'unused_default_account',
  };

  test('is switched off with the new password of the admin, and the log says so', async () => {
    const admin = await vault.signIn('admin', 'admin123');
    expect(await userRow()).toEqual({ is_active: 1, has_default_password: 1 });
    await change(admin, 'admin123');
    expect(await userRow()).toEqual({ is_active: 0, has_default_password: 1 });
    const login = await vault.anonymous('POST', '/auth/login', { username: 'user', password: 'user123' });
    expect(login.status).toBe(401);
    const { body } = await admin('GET', '/logs?action=update_user');
    expect(body.logs).toMatchObject([entry]);
    await vault.signIn('admin', own);
    expect((await admin('GET', '/logs?action=update_user')).body.logs).toHaveLength(1);
  });

  test('stays on if the password change is refused, and when a user changes theirs', async () => {
    const admin = await vault.signIn('admin', 'admin123');
    expect((await change(admin, 'not the password')).status).toBe(403);
    await testDb().prepare("UPDATE users SET role = 'user' WHERE name = 'admin'").run();
    expect((await change(admin, 'admin123')).status).toBe(200);
    expect(await userRow()).toEqual({ is_active: 1, has_default_password: 1 });
  });

  test('stays on if it was used', async () => {
    await vault.signIn('user', 'user123');
    const admin = await vault.signIn('admin', 'admin123');
    await change(admin, 'admin123');
    expect(await userRow()).toEqual({ is_active: 1, has_default_password: 1 });
  });

  test('is switched off when a vault is opened to the network later, with the next sign-in of an admin', async () => {
    const local = await startVault();
    await change(await local.signIn('admin', 'admin123'), 'admin123');
    expect(await userRow()).toMatchObject({ is_active: 1 });
    const admin = await vault.signIn('admin', own);
    expect(await userRow()).toMatchObject({ is_active: 0 });
    expect((await admin('GET', '/logs?action=update_user')).body.logs).toMatchObject([entry]);
  });

  test('an admin account that nobody used goes the same way, and never the last admin', async () => {
    const local = await startVault();
    const first = await local.signIn('admin', 'admin123');
    await first('POST', '/users', { username: 'mira', password: own, role: 'admin' });
    await testDb().prepare("UPDATE users SET last_login_at = NULL WHERE name = 'admin'").run();
    const mira = await vault.signIn('mira', own);
    const { body } = await mira('GET', '/users');
    expect(body.users?.map(({ username, is_active }) => [username, is_active])).toEqual([
      ['admin', false],
      ['user', false],
      ['mira', true],
    ]);
  });
});
