/** What one account may send and store, and what the log says of the rest. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { adminRequestsPercent, maxForeignConflictsPerHour } from '../../core/limits.ts';
import { type Client, startVault, testDb } from '../testing/vault.ts';

const limits = {
  MAX_REQUESTS_PER_MINUTE: '40',
  MAX_KEYS_PER_USER: '5',
  MAX_MEGABYTES_PER_USER: '1',
  KEEP_VERSIONS: '3',
};

let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;
let user: Client & { username: string };
let people = 0;

/** A new account, signed in. */
const somebody = async (name = `person ${++people}`) => {
  await admin('POST', '/users', { username: name, password: 'a good password' });
  return Object.assign(await vault.signIn(name, 'a good password'), { username: name });
};

beforeEach(async () => {
  // The beginning of a minute, so that no count ends within a test.
  vi.useFakeTimers({ toFake: ['Date'], now: Math.ceil(Date.now() / 60_000) * 60_000 + people * 3_600_000 });
  vault = await startVault(limits);
  admin = await vault.signIn('admin', 'admin123');
  user = await somebody();
});

afterEach(() => {
  vi.useRealTimers();
});

const nextMinute = () => vi.setSystemTime(Date.now() + 60_000);

const times = async <Made>(count: number, make: (index: number) => Promise<Made>) => {
  const made: Made[] = [];
  for (let index = 0; index < count; index++) made.push(await make(index));
  return made;
};

const events = async (condition: string) =>
  (await testDb().prepare(`SELECT * FROM audit_events WHERE ${condition} ORDER BY id`).all<Record<string, unknown>>())
    .results;

describe('requests a minute', () => {
  test('beyond the limit are answered 429 with Retry-After, cost no round trip, and are counted in two rows', async () => {
    await times(40, () => user('GET', '/keys'));
    const [first] = await times(1, () => user('GET', '/keys'));
    expect(first?.status).toBe(429);
    expect(Number(first?.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect(first?.body.error).toMatch(/too many requests/);
    vault.trips.count = 0;
    const others = await times(30, (index) => user('POST', '/keys', index % 2 ? '{' : { key_name: 'x', api_key: 'x' }));
    expect(new Set(others.map(({ status }) => status))).toEqual(new Set([429]));
    expect(vault.trips.count).toBe(0);
    nextMinute();
    expect((await user('GET', '/keys')).status).toBe(200);
    const { body } = await user('GET', '/logs?action=too_many_requests');
    expect(body.logs).toMatchObject([
      { action: 'too_many_requests', outcome: 'denied', success: false, count: 30, user_name: expect.any(String) },
      { action: 'too_many_requests', outcome: 'denied', success: false },
    ]);
    expect(body.logs?.[1]).not.toHaveProperty('count');
  });

  test('are counted for each account: others, and admins with three times as many, go on', async () => {
    await times(45, () => user('GET', '/keys'));
    expect((await (await somebody())('GET', '/keys')).status).toBe(200);
    const own = await vault.signIn('admin', 'admin123');
    const answers = await times((40 * adminRequestsPercent) / 100 + 5, () => own('GET', '/keys/none'));
    expect(answers.filter(({ status }) => status === 404).length).toBeGreaterThan(100);
    expect(answers.at(-1)?.status).toBe(429);
  });

  test('do not stop an account from deleting, signing out and changing its password', async () => {
    await user('POST', '/keys', { key_name: `to delete ${people}`, api_key: 'x' });
    await times(45, () => user('GET', '/keys'));
    expect((await user('GET', '/keys')).status).toBe(429);
    expect((await user('DELETE', `/keys/to%20delete%20${people}`)).status).toBe(200);
    const passwords = { current_password: 'a good password', new_password: 'another good password' };
    expect((await user('POST', '/auth/password', passwords)).status).toBe(200);
    expect((await user('POST', '/auth/logout')).status).toBe(200);
  });

  test('are counted in the chart', async () => {
    await times(60, () => user('GET', '/keys'));
    nextMinute();
    await user('GET', '/keys');
    const { body } = await user('GET', '/logs/activity');
    expect(body.activity?.reduce((sum, { refused }) => sum + refused, 0)).toBe(20);
    const filtered = await user('GET', '/logs/activity?success=false');
    expect(filtered.body.activity?.reduce((sum, { refused }) => sum + refused, 0)).toBe(20);
  });

  test('that the log could not take are in it later', async () => {
    await times(60, () => user('GET', '/keys'));
    nextMinute();
    await testDb().exec("CREATE TRIGGER no_log BEFORE INSERT ON audit_events BEGIN SELECT RAISE(ABORT, 'full'); END");
    expect((await user('GET', '/keys')).status).toBe(503);
    await testDb().exec('DROP TRIGGER no_log');
    expect((await user('GET', '/keys')).status).toBe(200);
    expect(await events(`requests = 19 AND actor_name = '${user.username}'`)).toHaveLength(1);
  });
});

test('tokens that are not known to work count for the network that they come from, which is a /64 of IPv6', async () => {
  const sessions = await times(42, () => vault.signIn(user.username, 'a good password'));
  await testDb().exec('UPDATE sessions SET revoked_at = 1');
  // Knows none of them yet.
  vault = await startVault(limits);
  const ask = (index: number, address: string) =>
    vault.client(sessions[index]?.token ?? '')('GET', '/keys', undefined, { 'CF-Connecting-IP': address });
  const answers = await times(41, (index) => ask(index, `2001:db8::${index + 1}`));
  expect(answers.map(({ status }) => status)).toEqual([...Array.from({ length: 40 }, () => 401), 429]);
  expect((await ask(41, '2001:db8:0:1::1')).status).toBe(401);
});

describe('a session that has ended', () => {
  test('is refused without a round trip, and its requests are counted in the log', async () => {
    await user('POST', '/auth/logout');
    expect((await user('GET', '/keys')).status).toBe(401);
    vault.trips.count = 0;
    const answers = await times(50, () => user('GET', '/keys'));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    expect(vault.trips.count).toBe(0);
    nextMinute();
    await admin('GET', '/keys');
    expect(await events(`outcome = 'unauthenticated' AND actor_name = '${user.username}'`)).toMatchObject([
      { action: 'secret.list', requests: null, actor_id: null },
      { action: 'session.use', requests: 50, actor_id: null },
    ]);
    // Once a minute the database is asked again.
    expect((await user('GET', '/keys')).status).toBe(401);
    expect(await events(`outcome = 'unauthenticated' AND actor_name = '${user.username}'`)).toHaveLength(3);
  });

  test('takes nothing from the account that it belonged to', async () => {
    const other = await vault.signIn(user.username, 'a good password');
    await other('POST', '/auth/logout');
    await times(100, () => other('GET', '/keys'));
    expect((await user('GET', '/keys')).status).toBe(200);
  });

  test('counts as ended at once in every other session of a user who is deactivated', async () => {
    await user('GET', '/keys');
    const [account] = await events(`actor_name = '${user.username}' AND action = 'secret.list'`);
    await admin('PUT', `/users/${account?.actor_id}`, { is_active: false });
    expect((await user('GET', '/keys')).status).toBe(401);
  });
});

describe('what an account stores', () => {
  const add = (client: Client, name: string, size = 1) =>
    client('POST', '/keys', { key_name: `${name} ${people}`, api_key: 'v'.repeat(size) });

  test('is bounded in keys: 429 that says what to do, and room again after a deletion', async () => {
    const added = await times(6, (index) => add(user, `key ${index}`));
    expect(added.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201, 429]);
    expect(added[5]?.body.error).toMatch(/MAX_KEYS_PER_USER/);
    expect(added[5]?.headers.get('Retry-After')).toBeTruthy();
    vault.trips.count = 0;
    await times(10, () => add(user, 'one more'));
    expect(vault.trips.count).toBe(1);
    expect((await user('DELETE', `/keys/key%200%20${people}`)).status).toBe(200);
    expect((await add(user, 'one more')).status).toBe(201);
    nextMinute();
    await user('GET', '/keys');
    expect(await events(`action = 'secret.create' AND requests = 9 AND actor_name = '${user.username}'`)).toHaveLength(
      1,
    );
  });

  test('is bounded in bytes, whoever writes them; descriptions can still be changed', async () => {
    const size = 64_000;
    const path = `/keys/big%20${people}`;
    await add(user, 'big', size);
    await times(2, () => user('PUT', path, { api_key: 'v'.repeat(size) }));
    for (const name of ['b', 'c', 'd']) {
      await add(user, name, size);
      await times(2, () => user('PUT', `/keys/${name}%20${people}`, { api_key: 'v'.repeat(size) }));
    }
    const refused = await user('PUT', path, { api_key: 'v'.repeat(65_000), description: 'not stored' });
    const again = await user('PUT', path, { api_key: 'v'.repeat(65_000) });
    expect([refused.status, again.status]).toEqual([429, 429]);
    expect(refused.body.error).toMatch(/MAX_MEGABYTES_PER_USER/);
    expect((await admin('PUT', path, { api_key: 'v'.repeat(65_000) })).status).toBe(429);
    expect((await user('PUT', path, { description: 'stored' })).status).toBe(200);
    const { body } = await user('GET', '/keys');
    expect(body.keys?.find(({ key_name }) => key_name === `big ${people}`)?.description).toBe('stored');
    expect((await user('GET', path)).body.api_key).toHaveLength(size);
  });

  test('is what the database holds, after every kind of change', async () => {
    await times(4, (index) => add(user, `counted ${index}`, 1_000));
    await times(5, () => user('PUT', `/keys/counted%201%20${people}`, { api_key: 'w'.repeat(2_000) }));
    await user('DELETE', `/keys/counted%202%20${people}`);
    const kept = `SELECT secrets + trashed AS secrets, bytes FROM usage WHERE owner_id = (SELECT id FROM users WHERE name = '${user.username}')`;
    const held = `SELECT count(DISTINCT s.id) AS secrets, sum(length(v.token)) AS bytes FROM secrets s
      JOIN secret_versions v ON v.secret_id = s.id WHERE s.owner_id = (SELECT id FROM users WHERE name = '${user.username}')`;
    expect(await testDb().prepare(kept).first()).toEqual(await testDb().prepare(held).first());
    const id = await testDb().prepare('SELECT id FROM users WHERE name = ?').bind(user.username).first<number>('id');
    await admin('DELETE', `/users/${id}`);
    expect(await testDb().prepare(`SELECT count(*) AS n FROM usage WHERE owner_id = ${id}`).first('n')).toBe(0);
  });

  test('keeps the newest versions of a key that is changed all the time, so that it can always be changed', async () => {
    await add(user, 'rotated');
    const path = `/keys/rotated%20${people}`;
    const changes = await times(10, (index) => user('PUT', path, { api_key: `value ${index}` }));
    expect(new Set(changes.map(({ status }) => status))).toEqual(new Set([200]));
    expect((await user('GET', path)).body.api_key).toBe('value 9');
    const { body } = await user('GET', `${path}/versions`);
    const kept = body.versions?.filter(({ destroyed }) => !destroyed).map(({ version }) => version);
    expect([body.versions?.length, kept]).toEqual([11, [11, 10, 9]]);
    const { results } = await testDb()
      .prepare(
        `SELECT token, binding, key_id, number FROM secret_versions JOIN secrets ON id = secret_id WHERE name = 'rotated ${people}' AND token IS NULL`,
      )
      .all();
    expect(results).toHaveLength(8);
    expect(results[0]).toEqual({ token: null, binding: null, key_id: null, number: 1 });
  });
});

describe('on a disk that is nearly full', () => {
  const low = { 'Keystore-Space': 'low' };

  test('nothing new is stored, while reading, deleting, signing in and switching off users go on', async () => {
    await user('POST', '/keys', { key_name: `before ${people}`, api_key: 'x' });
    const path = `/keys/before%20${people}`;
    const writes = [
      await user('POST', '/keys', { key_name: 'while', api_key: 'x' }, low),
      await user('PUT', path, { api_key: 'y' }, low),
      await admin('POST', '/users', { username: 'while', password: 'a good password' }, low),
    ];
    for (const { status, body, headers } of writes) {
      expect([status, headers.get('Retry-After')]).toEqual([503, expect.stringMatching(/^\d+$/)]);
      expect(body.error).toMatch(/disk/);
    }
    expect((await user('GET', path, undefined, low)).body.api_key).toBe('x');
    expect((await user('PUT', path, { description: 'd' }, low)).status).toBe(200);
    expect((await user('DELETE', path, undefined, low)).status).toBe(200);
    const login = { username: user.username, password: 'a good password' };
    expect((await vault.anonymous('POST', '/auth/login', login, low)).status).toBe(200);
    expect(await events(`reason = 'no_space' AND actor_name = '${user.username}'`)).toHaveLength(2);
    vault.trips.count = 0;
    await times(10, () => user('POST', '/keys', { key_name: 'while', api_key: 'x' }, low));
    expect(vault.trips.count).toBe(0);
  });
});

describe('names that others hold', () => {
  test('can be tried so often in an hour, then adding keys waits; own ones and admins are not counted', async () => {
    vault = await startVault();
    admin = await vault.signIn('admin', 'admin123');
    user = await somebody();
    const own = { key_name: `own ${people}`, api_key: 'x' };
    await admin('POST', '/keys', { key_name: `held ${people}`, api_key: 'x' });
    const held = `held ${people}`;
    const probe = (client: Client) => client('POST', '/keys', { key_name: held, api_key: 'x' });
    expect((await user('POST', '/keys', own)).status).toBe(201);
    await times(maxForeignConflictsPerHour, () => user('POST', '/keys', own));
    const probes = await times(maxForeignConflictsPerHour + 1, () => probe(user));
    expect(probes.map(({ status }) => status)).toEqual([...Array(maxForeignConflictsPerHour).fill(409), 429]);
    expect((await user('POST', '/keys', { key_name: `free ${people}`, api_key: 'x' })).status).toBe(429);
    expect((await probe(await somebody())).status).toBe(409);
    expect((await probe(admin)).status).toBe(409);
    vi.setSystemTime(Date.now() + 3_600_000);
    expect((await user('POST', '/keys', { key_name: `free ${people}`, api_key: 'x' })).status).toBe(201);
  });
});
