/** Searching a log that is longer than one request reads. */
import { beforeAll, describe, expect, test } from 'vitest';
import { maxBlocksPerChart, maxBlocksPerSearch, maxEventsPerBlock } from '../../core/limits.ts';
import { type Client, startVault, testDb } from '../testing/vault.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;
let user: Client;
let userId = 0;

const hourMs = 3_600_000;
/** Longer than any search reads in one step. */
const rows = (maxBlocksPerChart + 5) * maxEventsPerBlock;

/**
 * Rows over the last 30 days, the newest last. Every address and every action occurs in every block, but `secret.delete` never
 * from 10.0.0.1; one row near the beginning is unlike all others.
 */
const fill = () => {
  const now = Date.now();
  return `
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
    INSERT INTO audit_events (at, request_id, actor_id, actor_name, actor_role, action, target, outcome, address, user_agent)
    SELECT ${now} - (${rows} - i) * ${Math.floor((30 * 24 * hourMs) / rows)}, 'filled', ${userId}, 'user', 'user',
      iif(i % 10 = 0, 'secret.delete', 'secret.read'), iif(i = 1504, 'Needle', 'key_' || (i % 7)),
      iif(i % 4 = 0, 'denied', 'allowed'), iif(i % 10 = 0, '10.0.0.2', '10.0.0.1'), '' FROM n`;
};

beforeAll(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
  user = await vault.signIn('user', 'user123');
  userId = (await testDb().prepare("SELECT id FROM users WHERE name = 'user'").first('id')) ?? 0;
  await testDb().exec(fill().replaceAll('\n', ' '));
});

/** Follows `next` to the end of the log. */
const searched = async (client: Client, query: string) => {
  const found: number[] = [];
  let pages = 0;
  let before = '';
  for (;;) {
    const { status, body } = await client('GET', `/logs?${query}${before}`);
    expect(status).toBe(200);
    pages += 1;
    found.push(...(body.logs ?? []).map(({ id }) => id));
    if (body.next === undefined) return { found, pages };
    before = `&before=${body.next}`;
  }
};

const count = (condition: string) =>
  testDb().prepare(`SELECT count(*) AS n FROM audit_events WHERE ${condition}`).first<number>('n');

describe.each([
  ['an admin', () => admin],
  ['a user', () => user],
])('a search by %s', (_, client) => {
  const impossible = 'action=delete_key&ip_address=10.0.0.1';

  test('that finds nothing reads a part of the log, and says where to go on', async () => {
    const { body } = await client()('GET', `/logs?${impossible}`);
    expect(body.logs).toEqual([]);
    const newest = (await testDb().prepare('SELECT max(id) AS id FROM audit_events').first<number>('id')) ?? 0;
    const read = newest - Number(body.next);
    expect(read).toBeGreaterThan((maxBlocksPerSearch - 1) * maxEventsPerBlock);
    expect(read).toBeLessThanOrEqual((maxBlocksPerSearch + 1) * maxEventsPerBlock);
  });

  test('comes to the end of the log', async () => {
    const { found, pages } = await searched(client(), impossible);
    expect(found).toEqual([]);
    expect(pages).toBeGreaterThanOrEqual(rows / maxEventsPerBlock / maxBlocksPerSearch);
  });

  test('finds everything once, newest first, over several steps', async () => {
    const { found } = await searched(client(), 'action=delete_key&key_name=KEY_3&success=false&limit=200');
    expect(found).toHaveLength(
      (await count("action = 'secret.delete' AND target = 'key_3' AND outcome = 'denied' AND request_id = 'filled'")) ??
        0,
    );
    expect(found.length).toBeGreaterThan(0);
    expect(found).toEqual([...new Set(found)].toSorted((a, b) => b - a));
  });

  test('without a filter answers a full page', async () => {
    expect((await client()('GET', '/logs?limit=500')).body.logs).toHaveLength(500);
  });
});

test('an admin finds a rare text in one step, however old', async () => {
  for (const query of ['key_name=needle', 'key_name=NEEDLE&action=view', 'key_name=eedl&success=false']) {
    const { body } = await admin('GET', `/logs?${query}`);
    expect(body.logs?.map(({ target }) => target)).toEqual(['Needle']);
  }
  expect((await admin('GET', '/logs?ip_address=zz')).body).toEqual({ logs: [] });
});

test('a span of time long ago is found in one step, whatever came since', async () => {
  const { at } = (await testDb()
    .prepare("SELECT at FROM audit_events WHERE target = 'Needle'")
    .first<{ at: number }>()) ?? { at: 0 };
  const from = `from=${at - hourMs}&to=${at + hourMs}`;
  const within = `at >= ${at - hourMs} AND at < ${at + hourMs}`;
  for (const client of [admin, user]) {
    const { body } = await client('GET', `/logs?${from}&limit=500`);
    expect(body.logs).toHaveLength((await count(within)) ?? 0);
    expect(body.next).toBeUndefined();
    expect((await client('GET', `/logs?${from}&key_name=Needle&match=exact`)).body.logs).toHaveLength(1);
  }
});

test('an event whose clock was wrong is found by its time', async () => {
  const add = `INSERT INTO audit_events (at, request_id, action, target, outcome, address, user_agent) VALUES (1000, 'slow', 'secret.read', 'slow clock', 'allowed', '', '')`;
  await testDb().exec(add);
  expect((await admin('GET', '/logs?to=2000')).body.logs?.map(({ target }) => target)).toEqual(['slow clock']);
});

test('a row that comes late is found as well', async () => {
  await testDb().exec('DELETE FROM log_blocks WHERE block = 0');
  const add = (id: number, target: string) =>
    `INSERT INTO audit_events (id, at, request_id, action, target, outcome, address, user_agent) VALUES (${id}, 1, 'late', 'secret.read', '${target}', 'allowed', '', '')`;
  const gap = rows + 50_000;
  await testDb().exec(add(gap, 'after a gap'));
  await testDb().exec(add(gap - 20_000, 'before the gap'));
  expect((await admin('GET', '/logs?key_name=before%20the%20gap')).body.logs).toHaveLength(1);
  expect((await admin('GET', '/logs?key_name=after%20a%20gap')).body.logs).toHaveLength(1);
});

describe('the chart', () => {
  const sums = async (client: Client, query: string) => {
    const { status, body } = await client('GET', `/logs/activity?${query}`);
    expect(status).toBe(200);
    const activity = body.activity ?? [];
    return {
      allowed: activity.reduce((sum, hour) => sum + hour.allowed, 0),
      refused: activity.reduce((sum, hour) => sum + hour.refused, 0),
      first: activity[0]?.time,
      complete_from: body.complete_from,
    };
  };
  const since = (ms: number) => Math.floor(Date.now() / hourMs) * hourMs - ms;

  test.each([
    ['an admin', () => admin, ''],
    ['a user', () => user, 'AND actor_id = 2'],
  ])('counts every hour of 31 days for %s, without reading the log', async (_, client, own) => {
    const { allowed, refused, complete_from } = await sums(client(), 'hours=744');
    const from = since(743 * hourMs);
    expect(refused).toBe(await count(`outcome <> 'allowed' AND at >= ${from} ${own}`));
    // The request's own entry is counted as well.
    expect(allowed).toBe(await count(`outcome = 'allowed' AND at >= ${from} ${own}`));
    expect(complete_from).toBeUndefined();
  });

  test('counts what its filters match, the same as the list', async () => {
    const { allowed, refused } = await sums(admin, 'hours=24&ip_address=0.0.2&action=delete&user_name=USER');
    const matching = `address = '10.0.0.2' AND action = 'secret.delete' AND actor_name = 'user' AND at >= ${since(23 * hourMs)}`;
    expect(allowed + refused).toBe(await count(matching));
    expect(allowed + refused).toBeGreaterThan(0);
    expect((await sums(user, 'hours=24&success=false')).allowed).toBe(0);
    expect((await sums(user, 'hours=24&user_name=admin')).refused).toBe(0);
  });

  test.each([
    ['an admin', () => admin],
    ['a user', () => user],
  ])('with a filter reads a part of the log, and says from when it is complete, for %s', async (_, client) => {
    const { complete_from, allowed } = await sums(client(), 'hours=744&ip_address=10.0.0.1');
    const from = Date.parse(complete_from ?? '');
    expect(from).toBeGreaterThan(since(743 * hourMs));
    expect(allowed).toBe(await count(`address = '10.0.0.1' AND outcome = 'allowed' AND at >= ${from}`));
  });

  test('per day counts the days of UTC', async () => {
    expect((await sums(admin, 'per=day')).first).toMatch(/T00:00:00\.000Z$/);
  });
});

describe('the last uses', () => {
  test.each([
    ['an admin', () => admin],
    ['a user', () => user],
  ])('of a long log come from its newest part, and the answer says how far it goes back, for %s', async (_, client) => {
    const { status, body } = await client()('GET', '/logs/uses');
    expect(status).toBe(200);
    const from = Date.parse(body.complete_from ?? '');
    expect(from).toBeGreaterThan(Date.now() - 31 * 24 * hourMs);
    // The oldest key of all is older than that.
    const named = body.uses?.map(({ key_name }) => key_name) ?? [];
    expect(named.filter((name) => name.startsWith('key_')).toSorted()).toEqual(
      ['key_0', 'key_1', 'key_2', 'key_3', 'key_4', 'key_5', 'key_6'].toSorted(),
    );
    expect(named).not.toContain('Needle');
    for (const { key_name, timestamp, user_name } of body.uses ?? []) {
      if (!key_name.startsWith('key_')) continue;
      expect(user_name).toBe('user');
      const newest = await testDb()
        .prepare(
          "SELECT max(at) AS at FROM audit_events WHERE target = ? AND action = 'secret.read' AND outcome = 'allowed'",
        )
        .bind(key_name)
        .first<number>('at');
      expect(Date.parse(timestamp)).toBe(newest);
    }
  });
});
