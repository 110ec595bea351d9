/** The filters of the log, each on the same few entries. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type Client, startVault, testDb } from '../testing/vault.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;
let user: Client;

const start = Date.UTC(2026, 0, 1);
const minute = 60_000;

interface Entry {
  at: number;
  by: 'user' | 'other' | 'shop';
  action: string;
  target: string | null;
  outcome: string;
  reason: string | null;
  address: string;
  token: [id: number, name: string] | null;
}

const entry = (minutes: number, fields: Partial<Entry>): Entry => ({
  ...{ at: start + minutes * minute, by: 'user', action: 'secret.read', target: 'shop/prod/DB', outcome: 'allowed' },
  ...{ reason: null, address: '192.0.2.7', token: null },
  ...fields,
});

const entries: Record<string, Entry> = {
  read: entry(0, {}),
  longer: entry(1, { target: 'shop/prod/DB_URL', address: '192.0.2.77' }),
  upper: entry(2, { target: 'SHOP/prod/db' }),
  'by token': entry(3, { token: [12, 'ci-deploy'] }),
  'by other token': entry(4, { token: [1, 'ci'] }),
  'by a token of the project': entry(5, { by: 'shop', token: [121, 'Ci-nightly'], target: 'x' }),
  member: entry(6, { action: 'member.set', target: 'shop', by: 'other' }),
  personal: entry(7, { target: 'shop', by: 'other' }),
  shopping: entry(8, { target: 'shopping/list', by: 'other' }),
  foreign: entry(9, { target: 'secret of other', outcome: 'denied', reason: 'not_owner' }),
  missing: entry(10, { target: 'missing', outcome: 'not_found' }),
  invalid: entry(11, { action: 'secret.create', target: 'bad', outcome: 'invalid', reason: 'too long' }),
  role: entry(12, { action: 'user.list', target: null, outcome: 'denied', reason: 'role' }),
  old: entry(13, { action: 'export_keys', target: 'of v0.6' }),
};

beforeAll(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
  user = await vault.signIn('user', 'user123');
  const ids = { user: 2, other: 77, shop: -3 };
  for (const [name, { at, by, action, target, outcome, reason, address, token }] of Object.entries(entries)) {
    await testDb()
      .prepare(
        `INSERT INTO audit_events (at, request_id, actor_id, actor_name, actor_role, action, target, outcome, reason, address, user_agent, token_id, token, project)
         VALUES (?, ?, ?, ?, 'user', ?, ?, ?, ?, ?, '', ?, ?, ?)`,
      )
      .bind(
        at,
        name,
        ids[by],
        by,
        action,
        target,
        outcome,
        reason,
        address,
        ...(token ?? [null, null]),
        by === 'shop' ? by : null,
      )
      .run();
  }
});

const ours = new Set(Object.keys(entries));

const found = async (client: Client, query: string) => {
  const { status, body } = await client('GET', `/logs?${query}`);
  expect(status).toBe(200);
  const names = (body.logs ?? []).map(({ request_id }) => request_id).filter((name) => ours.has(name));
  return names.reverse();
};

describe.each([
  ['as it is', ''],
  ['after its block is complete', 'INSERT INTO log_blocks (block) VALUES (1)'],
])('the log %s', (_, sql) => {
  beforeAll(async () => {
    if (sql) await testDb().exec(sql);
  });

  test.each<[string, string[]]>([
    ['key_name=shop/prod/db&match=contains', ['read', 'longer', 'upper', 'by token', 'by other token']],
    ['key_name=shop/prod/DB&match=exact', ['read', 'by token', 'by other token']],
    ['key_name=shop/prod/DB&match=prefix', ['read', 'longer', 'by token', 'by other token']],
    ['key_name=shop/&match=prefix&user_name=other', []],
    ['ip_address=192.0.2.7&match=exact&key_name=', Object.keys(entries).filter((name) => name !== 'longer')],
    ['ip_address=192.0.2.77', ['longer']],
    ['user_name=oth&match=prefix', ['member', 'personal', 'shopping']],
    ['user_name=oth&match=exact', []],
    ['token=ci', ['by token', 'by other token', 'by a token of the project']],
    ['token=ci&match=prefix', ['by token', 'by other token']],
    ['token=ci&match=exact', ['by other token']],
    ['token_id=12', ['by token']],
    ['token_id=1', ['by other token']],
    ['token_id=2', []],
    [
      'project=shop&match=exact',
      ['read', 'longer', 'by token', 'by other token', 'by a token of the project', 'member'],
    ],
    ['project=shop&user_name=other', ['member', 'shopping']],
    ['outcome=denied', ['foreign', 'role']],
    ['outcome=invalid,not_found', ['missing', 'invalid']],
    ['outcome=denied&success=true', []],
    ['success=false', ['foreign', 'missing', 'invalid', 'role']],
    ['action=member,user', ['member', 'role']],
    ['action=export_keys,set_member&match=exact', ['member', 'old']],
    ['action=export&match=exact', []],
    ['action=export&match=prefix', ['old']],
    ['from=2026-01-01T00:03:00Z&to=2026-01-01T00:05:00Z', ['by token', 'by other token']],
    [`from=${start + 12 * minute}&to=${start + 3600_000}`, ['role', 'old']],
    ['to=2026-01-01T00:02Z', ['read', 'longer']],
    ['to=2025-01-01', []],
    ['from=2026-01-01T01:03:00%2B01:00&to=2026-01-01T01:05:00%2B01:00&token=deploy', ['by token']],
  ])('%s', async (query, names) => {
    expect(await found(admin, query)).toEqual(names);
    const { body } = await admin(
      'GET',
      `/logs/activity?from=2026-01-01&to=2026-01-01T00:30Z&${query.replaceAll(/(?:from|to)=[^&]*&?/g, '')}`,
    );
    const counted = (body.activity ?? []).reduce((sum, each) => sum + each.allowed + each.refused, 0);
    if (!/from=|to=/.test(query)) expect(counted).toBe(names.length);
  });
});

test('a user cannot tell by a filter whether a key is missing or somebody else has it', async () => {
  expect(await found(user, 'outcome=denied')).toEqual(['role']);
  expect(await found(user, 'outcome=not_found')).toEqual(['foreign', 'missing']);
  const shown = (await user('GET', '/logs?outcome=not_found')).body.logs ?? [];
  expect(new Set(shown.map(({ outcome }) => outcome))).toEqual(new Set(['not_found']));
});

test('a user finds their own entries only, whatever is asked for', async () => {
  for (const query of [
    'user_name=other',
    'project=shop&user_name=shop',
    'token_id=121',
    'from=2026-01-01&key_name=shopping',
  ]) {
    expect(await found(user, query)).toEqual([]);
  }
  expect(await found(user, 'project=shop&match=exact')).toEqual(['read', 'longer', 'by token', 'by other token']);
});

test('after gives what came since, with a filter and without, and next leads through it', async () => {
  const [newest] = (await admin('GET', '/logs?limit=1')).body.logs ?? [];
  const last = newest?.id ?? 0;
  for (let turn = 0; turn < 4; turn++) await user('GET', '/keys');
  for (const query of ['', '&user_name=user']) {
    const ids: number[] = [];
    for (let before: number | undefined, pages = 0; pages < 9; pages++) {
      const { body } = await admin('GET', `/logs?after=${last}&limit=3${query}${before ? `&before=${before}` : ''}`);
      ids.push(...(body.logs ?? []).filter(({ user_name }) => user_name === 'user').map(({ id }) => id));
      before = body.next as number | undefined;
      if (before === undefined) break;
    }
    expect(ids).toHaveLength(4);
    expect(Math.min(...ids)).toBeGreaterThan(last);
  }
  const { body } = await admin('GET', '/logs?after=999999999');
  expect(body).toEqual({ logs: [] });
});

test('the chart of a span counts its minutes, hours or days, and says which', async () => {
  const chart = async (query: string) => (await admin('GET', `/logs/activity?${query}`)).body;
  const minutes = await chart('from=2026-01-01T00:03:30Z&to=2026-01-01T00:06Z');
  expect(minutes).toEqual({
    step: 60,
    activity: [3, 4, 5].map((each) => ({ time: `2026-01-01T00:0${each}:00.000Z`, allowed: 1, refused: 0 })),
  });
  expect(await chart('from=2026-01-01&to=2026-01-02')).toMatchObject({
    step: 3600,
    activity: [{ time: '2026-01-01T00:00:00.000Z', allowed: 10, refused: 4 }],
  });
  expect(await chart('from=2025-12-01&to=2026-01-02&token=ci')).toMatchObject({
    step: 86_400,
    activity: [{ time: '2026-01-01T00:00:00.000Z', allowed: 3, refused: 0 }],
  });
});

test('a span that is too long for its step is cut, and the answer says so', async () => {
  const { body } = await admin('GET', '/logs/activity?from=2025-01-01&to=2026-01-02&per=hour');
  expect(body.complete_from).toBe('2025-12-02T00:00:00.000Z');
});

test('a read says how the value was asked for, and the page may say more', async () => {
  await user('POST', '/keys', { key_name: 'mine', api_key: 'v' });
  const vias = async () =>
    ((await user('GET', '/logs?key_name=mine&action=view_key&match=exact')).body.logs ?? []).map(({ via }) => via);
  await user('GET', '/keys/mine');
  await user('POST', '/keys/values', { names: ['mine'] });
  await user('GET', '/keys/mine', undefined, { 'Keystore-Via': 'reveal' });
  await user('GET', '/keys/mine', undefined, { 'Keystore-Via': 'copy' });
  await user('POST', '/keys/values', { names: ['mine'] }, { 'Keystore-Via': 'copy' });
  await user('GET', '/keys/mine', undefined, { 'Keystore-Via': 'admin' });
  expect(await vias()).toEqual(['api', 'copy', 'copy', 'reveal', 'bulk', 'api']);
  const [other] = (await user('GET', '/logs?action=add_key&key_name=mine')).body.logs ?? [];
  expect(other).not.toHaveProperty('via');
});
