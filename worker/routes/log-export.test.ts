/** Exports of the log: everything once, in constant memory, and nothing that the one who asks may not read. */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { maxBlocksPerSearch, maxEventsPerBlock } from '../../core/limits.ts';
import { heldBytes } from '../operations/long-lists.ts';
import { type Client, startVault, testDb } from '../testing/vault.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;
let user: Client;

/** Longer than two steps. */
const rows = (2 * maxBlocksPerSearch + 2) * maxEventsPerBlock;

beforeAll(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
  user = await vault.signIn('user', 'user123');
  await testDb().exec(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
    INSERT INTO audit_events (at, request_id, actor_id, actor_name, actor_role, action, target, outcome, reason, address, user_agent)
    SELECT i * 1000, 'filled', iif(i % 2, 2, 99), iif(i % 2, 'user', 'other'), 'user', 'secret.read', 'key_' || (i % 7),
      iif(i % 5, 'allowed', 'denied'), iif(i % 5, NULL, 'not_owner'), '192.0.2.1', '' FROM n`.replaceAll('\n', ' '),
  );
});

const exported = async (client: Client, query = '') => {
  const isOfAll = client === admin;
  const { status, text, headers } = await client('GET', `/logs/export?${query}`);
  expect(status, text.slice(0, 200)).toBe(200);
  expect(headers.get('Content-Type')).toBe('application/jsonl; charset=utf-8');
  const lines = text.split('\n');
  expect(lines.pop()).toBe('');
  const { checkpoint } = JSON.parse(lines.pop() ?? '') as { checkpoint: string | null };
  expect(headers.get('X-Keystore-Checkpoint')).toBe(checkpoint && btoa(unescape(encodeURIComponent(checkpoint))));
  const newest = await testDb().prepare('SELECT max(id) AS id FROM audit_events').first<number>('id');
  // It covers the entry of the export, and so all before it.
  expect(checkpoint?.split('\n').slice(0, 2)).toEqual(
    isOfAll ? [expect.stringMatching(/^keystore\/[0-9a-f]{16}$/), String(newest)] : undefined,
  );
  return lines.map((line) => JSON.parse(line) as { id: number; user_name: string; outcome: string; action: string });
};

const count = (condition: string) =>
  testDb().prepare(`SELECT count(*) AS n FROM audit_events WHERE ${condition}`).first<number>('n');

test('without the time to seal the log to its end, an export has no checkpoint rather than one that covers a part', async () => {
  let now = Date.now();
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => {
    now += 1_000;
    return now;
  });
  const { text, headers } = await admin('GET', '/logs/export?action=nothing');
  clock.mockRestore();
  expect(text.trim()).toBe('{"checkpoint":null}');
  expect(headers.get('X-Keystore-Checkpoint')).toBeNull();
  const { size, newest } = (await testDb()
    .prepare('SELECT (SELECT size FROM log_tree) AS size, max(id) AS newest FROM audit_events')
    .first()) as { size: number; newest: number };
  expect(size).toBeGreaterThan(0);
  expect(size).toBeLessThan(newest);
});

test('an admin gets every entry once, the oldest first, up to the export, which is an entry itself', async () => {
  const before = await count('true');
  const entries = await exported(admin);
  expect(entries.map(({ id }) => id)).toEqual(Array.from({ length: before ?? 0 }, (_, index) => index + 1));
  const [newest] = (await admin('GET', '/logs?limit=1')).body.logs ?? [];
  expect(newest).toMatchObject({ action: 'export_logs', reason: 'jsonl', user_name: 'admin' });
  const [same] = (await admin('GET', '/logs?before=500&limit=1')).body.logs ?? [];
  expect(entries.find(({ id }) => id === 499)).toEqual(same);
});

test.each([
  ['user_name=other&match=exact', "actor_name = 'other'"],
  ['key_name=key_3&outcome=denied', "target = 'key_3' AND outcome = 'denied'"],
  ['from=1970-01-01T01:00Z&to=1970-01-01T02:00Z', 'at >= 3600000 AND at < 7200000'],
  ['after=3000&before=9000&user_name=user', "id > 3000 AND id < 9000 AND actor_name = 'user'"],
  ['key_name=nowhere', 'false'],
])('the filters are those of the list: %s', async (query, condition) => {
  expect(await exported(admin, query)).toHaveLength((await count(condition)) ?? 0);
});

test('users and tokens get their own entries, as their log shows them', async () => {
  const entries = await exported(user, 'before=9000');
  expect(entries).toHaveLength((await count('actor_id = 2 AND id < 9000')) ?? 0);
  expect(new Set(entries.map(({ user_name, outcome }) => `${user_name} ${outcome}`))).toEqual(
    new Set(['user allowed', 'user not_found']),
  );
  expect(await exported(user, 'outcome=denied')).toEqual([]);
  await testDb().exec('UPDATE users SET must_change_password = 0');
  const { body } = await admin('POST', '/tokens', { name: 'ci', access: 'read', scopes: ['*'] });
  const token = vault.client(body.token ?? '');
  await token('GET', '/keys');
  expect((await exported(token)).map(({ action }) => action)).toEqual(['list_keys']);
});

describe('CSV', () => {
  const hostile = ['=1+1', '+1', '-1', '@sum', '\tx', '\rx', '＝1', 'say "hi", you', 'two\nlines', "it's"];

  beforeAll(async () => {
    for (const target of hostile)
      await testDb()
        .prepare(
          "INSERT INTO audit_events (at, request_id, action, target, outcome, address, user_agent) VALUES (?, 'hostile', 'secret.read', ?, 'allowed', '', '=agent')",
        )
        .bind(Date.now(), target)
        .run();
  });

  /** RFC 4180. */
  const parsed = (text: string): string[][] => {
    const lines: string[][] = [[]];
    for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
      lines.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
      if (end === '\r\n') lines.push([]);
    }
    return lines.slice(0, -1);
  };

  test('has the same entries, and nothing that a spreadsheet takes for a formula', async () => {
    const answer = await admin('GET', `/logs/export?format=csv&from=2020-01-01&action=view_key`);
    expect(answer.headers.get('Content-Type')).toBe('text/csv; charset=utf-8; header=present');
    expect(answer.headers.get('Content-Disposition')).toBe('attachment; filename="keystore-log.csv"');
    const [head = [], ...lines] = parsed(answer.text);
    expect(lines.every((line) => line.length === head.length)).toBe(true);
    const column = (name: string) => lines.map((line) => line[head.indexOf(name)] ?? '');
    expect(column('target').slice(0, hostile.length)).toEqual(
      hostile.map((text) => (/^[=+@\t\r＝-]/.test(text) ? `'${text}` : text)),
    );
    expect(column('user_agent')[0]).toBe("'=agent");
    for (const cell of lines.flat()) expect(cell).not.toMatch(/^[=+\-@\t\r]/);
  });
});

describe('an export under way', () => {
  const ask = (client: Client, method = 'GET') =>
    vault.raw(
      new Request('http://vault.test/logs/export', { method, headers: { Authorization: `Bearer ${client.token}` } }),
    );

  test('reads on only as the client reads, and holds a few megabytes until it is given up', async () => {
    const response = await ask(admin);
    vault.trips.count = 0;
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.read();
    expect(vault.trips.count).toBe(1);
    expect(heldBytes()).toBeGreaterThan(1_000_000);
    await reader?.cancel();
    expect(heldBytes()).toBe(0);
  });

  test.each([
    ['the role is taken away', "UPDATE users SET role = 'user' WHERE name = 'second'"],
    ['the account is switched off', "UPDATE users SET is_active = 0 WHERE name = 'second'"],
    [
      'the session is revoked',
      "UPDATE sessions SET revoked_at = 1 WHERE user_id = (SELECT id FROM users WHERE name = 'second')",
    ],
  ])('breaks off when %s', async (_, change) => {
    await testDb().exec("DELETE FROM users WHERE name = 'second'");
    await admin('POST', '/users', { username: 'second', password: 'a good password', role: 'admin' });
    const second = await vault.signIn('second', 'a good password');
    const { body } = await ask(second);
    const reader = (body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    await testDb().exec(change);
    const rest = async () => {
      for (;;) if ((await reader.read()).done) return;
    };
    await expect(rest()).rejects.toThrow();
    expect(heldBytes()).toBe(0);
  });

  test('does not begin for HEAD', async () => {
    const response = await ask(admin, 'HEAD');
    expect([response.status, await response.text()]).toEqual([200, '']);
  });
});

test('a bad query is a 400, and a stranger gets 401', async () => {
  expect((await admin('GET', '/logs/export?format=xml')).body.error).toBe('format must be "jsonl" or "csv".');
  expect((await vault.anonymous('GET', '/logs/export')).status).toBe(401);
});
