import { beforeAll, describe, expect, test } from 'vitest';
import { type Client, startVault, testDb } from '../testing/vault.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;
let user: Client;

beforeAll(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123', '192.0.2.10');
  user = await vault.signIn('user', 'user123', '192.0.2.20');
  await user('POST', '/keys', { key_name: 'of user', api_key: 'x' });
});

const logs = async (client: Client, query = '') => {
  const { status, body } = await client('GET', `/logs${query}`);
  expect(status).toBe(200);
  return body.logs ?? [];
};

test('rows have the fields of v0.6 and come newest first', async () => {
  await admin('GET', '/keys/of%20user', undefined, { 'CF-Connecting-IP': '192.0.2.11', 'User-Agent': 'curl/8' });
  const [newest, ...older] = await logs(admin);
  expect(newest).toEqual({
    id: expect.any(Number),
    timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    user_name: 'admin',
    key_name: 'of user',
    action: 'view_key',
    ip_address: '192.0.2.11',
    success: true,
    target: 'of user',
    outcome: 'allowed',
    reason: null,
    role: 'admin',
    project: null,
    token: null,
    token_id: null,
    request_id: expect.any(String),
    user_agent: 'curl/8',
    via: 'api',
  });
  const ids = [newest, ...older].map((row) => row?.id ?? 0);
  expect(ids).toEqual(ids.toSorted((a, b) => b - a));
});

test('every action has the name that v0.6 gave it', async () => {
  const { body } = await admin('POST', '/users', { username: 'passing', password: 'a good password' });
  await admin('PUT', `/users/${body.id}`, { role: 'user' });
  await vault.anonymous('POST', '/auth/login', { username: 'passing', password: 'wrong' });
  const passing = await vault.signIn('passing', 'a good password');
  await passing('POST', '/keys', { key_name: 'k', api_key: 'x' });
  await passing('GET', '/keys');
  await passing('GET', '/keys/k');
  await passing('PUT', '/keys/k', { api_key: 'y' });
  await passing('DELETE', '/keys/k');
  await passing('GET', '/logs');
  await passing('POST', '/auth/logout');
  await admin('GET', '/users');
  await admin('DELETE', `/users/${body.id}`);
  const names = async (name: string) => (await logs(admin, `?user_name=${name}`)).map(({ action }) => action).reverse();
  expect(await names('passing')).toEqual([
    'login_attempt',
    'login_success',
    'add_key',
    'list_keys',
    'view_key',
    'update_key',
    'delete_key',
    'list_logs',
    'logout',
  ]);
  expect(await names('admin')).toEqual(
    expect.arrayContaining(['add_user', 'update_user', 'list_users', 'delete_user', 'list_logs']),
  );
});

describe('what a user sees', () => {
  test.each([
    '',
    '?user_name=admin',
    '?action=view_key',
    '?ip_address=192.0.2.10',
    '?user_name=%25',
    "?user_name=' OR 1=1 --",
    '?before=999999',
  ])('is their own, whatever they filter by: %s', async (query) => {
    for (const row of await logs(user, encodeURI(query))) expect(row.user_name).toBe('user');
  });

  test('is the last 50, and 100 for an admin, or as many as are asked for', async () => {
    const id = (await testDb().prepare("SELECT id FROM users WHERE name = 'user'").first('id')) as number;
    await testDb().exec(
      `
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)
      INSERT INTO audit_events (at, request_id, actor_id, actor_name, actor_role, action, target, outcome, address, user_agent)
      SELECT i * 60000, 'many', ${id}, 'user', 'user', 'secret.read', 'many_' || i, 'allowed', '192.0.2.99', '' FROM n`.replaceAll(
        '\n',
        ' ',
      ),
    );
    expect(await logs(user)).toHaveLength(50);
    expect(await logs(admin)).toHaveLength(100);
    expect(await logs(user, '?limit=500')).toHaveLength(500);
    expect(await logs(admin, '?limit=3')).toHaveLength(3);
  });

  test('continues before an id, without gaps or duplicates', async () => {
    const seen: number[] = [];
    let query = '?limit=70&key_name=many_';
    for (;;) {
      const page = await logs(user, query);
      if (page.length === 0) break;
      seen.push(...page.map(({ id }) => id));
      query = `?limit=70&key_name=many_&before=${seen.at(-1)}`;
    }
    expect(seen).toHaveLength(600);
    expect(new Set(seen).size).toBe(600);
  });
});

describe('filters', () => {
  test('match a part, in either case', async () => {
    expect((await logs(admin, '?user_name=SE')).every(({ user_name }) => user_name === 'user')).toBe(true);
    expect((await logs(admin, '?action=LOGIN')).map(({ action }) => action)).toContain('login_success');
    expect((await logs(admin, '?ip_address=2.0.2.2')).every(({ ip_address }) => ip_address === '192.0.2.20')).toBe(
      true,
    );
    expect((await logs(admin, '?action=login_attempt')).every(({ success }) => !success)).toBe(true);
    expect((await logs(admin, '?success=false')).every(({ success }) => !success)).toBe(true);
    expect(await logs(admin, '?action=no_such_action')).toEqual([]);
  });

  test.each(['%', '_', '\\', "'", '%%', '*', '"'])('take %s literally', async (character) => {
    const named = `lit${character}eral`;
    for (const name of [named, 'lit-x-eral']) await admin('GET', `/keys/${encodeURIComponent(name)}`);
    const names = (await logs(admin, `?key_name=${encodeURIComponent(`t${character}e`)}`)).map((row) => row.key_name);
    expect(new Set(names)).toEqual(new Set([named]));
  });

  test('have a maximum length', async () => {
    expect(await logs(admin, `?user_name=${'x'.repeat(900)}`)).toEqual([]);
    expect((await admin('GET', `/logs?user_name=${'x'.repeat(1_001)}`)).status).toBe(400);
  });

  test('find the names of actions that only an older vault knew', async () => {
    await testDb().exec(
      "INSERT INTO audit_events (at, request_id, actor_name, action, target, outcome, address, user_agent) VALUES (1, 'old', 'old', 'export_keys', 'of old', 'allowed', '', '')",
    );
    expect(await logs(admin, '?action=EXPORT')).toMatchObject([{ action: 'export_keys', key_name: 'of old' }]);
  });

  test.each(['limit=0', 'limit=501', 'limit=x', 'before=0', 'before=-1', 'before=1.5', 'success=maybe', 'per=year'])(
    '%s: 400',
    async (query) => {
      expect((await admin('GET', `${query.startsWith('per') ? '/logs/activity' : '/logs'}?${query}`)).status).toBe(400);
    },
  );
});

test('user agents and addresses have a maximum length and no control characters', async () => {
  const agent = `\u001b[31mred\u001b[0m ${'x'.repeat(5_000)}`;
  const request = new Request('http://vault.test/keys', {
    headers: {
      Authorization: `Bearer ${admin.token}`,
      'User-Agent': agent.replaceAll('\u001b', '\t'),
      'CF-Connecting-IP': '<b>1</b>',
    },
  });
  await vault.raw(request);
  const [row] = await logs(admin, '?limit=1');
  expect(row?.user_agent).toMatch(/^\[31mred/);
  expect(row?.user_agent).toHaveLength(256);
  expect(row?.ip_address).toBe('<b>1</b>');
});

test('an address of IPv6 is written out', async () => {
  await admin('GET', '/keys', undefined, { 'CF-Connecting-IP': '2001:DB8::7' });
  expect((await logs(admin, '?limit=1'))[0]?.ip_address).toBe('2001:db8:0:0:0:0:0:7');
});

test('activity counts by the hour and by the day, what was allowed and what was not', async () => {
  const { body } = await admin('GET', '/logs/activity?per=hour');
  expect(body.activity?.length).toBeGreaterThanOrEqual(1);
  expect(body.activity?.length).toBeLessThanOrEqual(2);
  const sum = (rows: typeof body.activity, of: 'allowed' | 'refused') =>
    rows?.reduce((total, row) => total + row[of], 0) ?? 0;
  const refusals = (await testDb()
    .prepare("SELECT count(*) AS n FROM audit_events WHERE outcome <> 'allowed'")
    .first('n')) as number;
  expect(sum(body.activity, 'refused')).toBe(refusals);
  expect(body.activity?.[0]?.time).toMatch(/:00:00\.000Z$/);
  const own = (await user('GET', '/logs/activity?per=day')).body.activity;
  expect(sum(own, 'allowed')).toBeLessThan(sum(body.activity, 'allowed'));
  expect(own?.at(-1)?.time).toMatch(/T00:00:00\.000Z$/);
});

test('the last uses tell when each key was read, and by whom; users learn of their own reads only', async () => {
  const uses = async (client: Client) => {
    const { status, body } = await client('GET', '/logs/uses');
    expect([status, body.complete_from]).toEqual([200, undefined]);
    return body.uses ?? [];
  };
  await user('POST', '/keys', { key_name: 'read by two', api_key: 'x' });
  await user('POST', '/keys', { key_name: 'never read', api_key: 'x' });
  await user('POST', '/keys', { key_name: 'read in bulk', api_key: 'x' });
  await user('GET', '/keys/read%20by%20two');
  await user('POST', '/keys/values', { names: ['read in bulk'] });
  const before = await uses(user);
  await admin('GET', '/keys/read%20by%20two');
  await user('GET', '/keys/not%20there');
  const seen = (await uses(admin)).map(({ key_name, user_name }) => `${key_name}: ${user_name}`);
  expect(seen.slice(0, 2)).toEqual(['read by two: admin', 'read in bulk: user']);
  expect(seen.join()).not.toMatch(/never read|not there/);
  expect(await uses(user)).toEqual(before);
  expect(before.slice(0, 2)).toEqual([
    { key_name: 'read in bulk', timestamp: expect.stringMatching(/^\d{4}-.*Z$/), user_name: 'user' },
    { key_name: 'read by two', timestamp: expect.stringMatching(/^\d{4}-.*Z$/), user_name: 'user' },
  ]);
});

test('the log cannot be changed, not even with SQL', async () => {
  await expect(testDb().exec("UPDATE audit_events SET actor_name = 'nobody'")).rejects.toThrow('append-only');
  await expect(testDb().exec('DELETE FROM audit_events')).rejects.toThrow('append-only');
});
