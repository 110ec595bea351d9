/** The lists whose JSON the database writes: to the byte what `JSON.stringify` writes of the rows. */
import { beforeAll, expect, test } from 'vitest';
import {
  defaultAdminEventsPerList,
  eventsPerListPart,
  listPieceCharacters,
  maxSecretsPerList,
  secretsPerListPart,
} from '../../core/limits.ts';
import { policy } from '../../core/policy/policy.ts';
import { wireAction } from '../../core/vocabulary.ts';
import { heldBytes } from '../operations/long-lists.ts';
import { type Client, startVault, testDb } from '../testing/vault.ts';
import type { KeyList, LogList } from '../wire/json.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;
let user: Client;
let userId = 0;

beforeAll(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
  user = await vault.signIn('user', 'user123');
  userId = (await testDb().prepare("SELECT id FROM users WHERE name = 'user'").first('id')) ?? 0;
});

/** Every character that JSON escapes, and some that it does not. */
const hostile = [
  ...Array.from({ length: 0x21 }, (_, code) => `<${String.fromCharCode(code)}>`),
  'a "quoted" \\ / \u007f \u0080 \u2028 \u2029 \ufeff \ufffd',
  '\u{1f511} ключ 鍵 e\u0301',
  '}',
  '"}',
  ',"count":null}',
  '{"key_name":"x"}',
  "it's ?1 :name: %s",
  '',
];

/** Milliseconds of every kind: SQLite calculates with fractions of days. */
const times = [
  0, 1, 999, 1_000, 951_782_399_999, 951_782_400_000, 1_709_164_800_001, 4_102_444_799_999, 253_402_300_799_999,
];
const anyTime = (index: number) => times[index] ?? 1_700_000_000_000 + index * 86_399_123 + (index % 1_000);

const iso = (ms: number) => new Date(ms).toISOString();

/** Stores so many keys of the user, with names that sort as they are numbered. */
const storeKeys = async (first: number, most: number) => {
  const insert = testDb().prepare(
    `INSERT INTO secrets (name, description, owner_id, created_by, created_at, updated_at, current_version)
     SELECT value ->> 0, value ->> 1, ?1, value ->> 2, value ->> 3, value ->> 4, 1 FROM json_each(?2)`,
  );
  const rows = Array.from({ length: most }, (_, each) => first + each).map((index) => [
    `${String(index).padStart(6, '0')} ${(hostile[index % hostile.length] ?? '').replaceAll('\u0000', '')}`,
    (hostile[(index * 7) % hostile.length] ?? '').replaceAll('\u0000', ''),
    `by ${(hostile[(index * 5) % hostile.length] ?? '').replaceAll('\u0000', '')}`,
    anyTime(index),
    anyTime(index + 3),
  ]);
  await insert.bind(userId, JSON.stringify(rows)).run();
};

interface SecretRow {
  name: string;
  description: string;
  created_at: number;
  updated_at: number;
  created_by: string;
  value_changed_at: number;
  owner: string;
}

/** The list as it is made from objects. */
const keysAfter = async (role: 'owner' | 'admin', after = '') => {
  const { results } = await testDb()
    .prepare(
      'SELECT *, (SELECT name FROM users WHERE id = owner_id) AS owner FROM secrets WHERE name > ? ORDER BY name LIMIT ?',
    )
    .bind(after, maxSecretsPerList + 1)
    .all<SecretRow>();
  const keys = results.slice(0, maxSecretsPerList).map((row) => ({
    key_name: row.name,
    description: row.description,
    created_at: iso(row.created_at),
    updated_at: iso(row.updated_at),
    created_by: row.created_by,
    value_changed_at: iso(row.value_changed_at),
    owner: row.owner,
    project: null,
    role,
    version: 1,
    revision: 1,
    expires_at: null,
    rotate_every_days: null,
    rotation_due_at: null,
    labels: {},
  }));
  const hasMore = results.length > maxSecretsPerList;
  const list: KeyList = { keys, ...(hasMore && { next: keys.at(-1)?.key_name ?? '' }) };
  return JSON.stringify(list);
};

test('a list of keys is JSON of its rows, whatever their number and their text', async () => {
  let stored = 0;
  const sizes = [
    0,
    1,
    50,
    secretsPerListPart - 1,
    secretsPerListPart,
    secretsPerListPart + 1,
    2 * secretsPerListPart + 5,
  ];
  for (const size of [...sizes, maxSecretsPerList, maxSecretsPerList + 1, maxSecretsPerList + 5]) {
    await storeKeys(stored, size - stored);
    stored = size;
    for (const client of [admin, user]) {
      const expected = await keysAfter(client === admin ? 'admin' : 'owner');
      const { text, headers } = await client('GET', '/keys');
      expect(headers.get('Content-Type')).toBe('application/json');
      expect(text === expected, `${size} keys: ${text.slice(0, 300)}`).toBe(true);
    }
  }
  const { body } = await admin('GET', '/keys');
  const rest = await admin('GET', `/keys?after=${encodeURIComponent(body.next ?? '')}`);
  expect(rest.body.keys).toHaveLength(5);
  expect(rest.text).toBe(await keysAfter('admin', body.next));
});

test('a long list comes in small pieces, and its room is free once it is read or given up', async () => {
  const ask = (headers: Record<string, string> = {}, method = 'GET') =>
    vault.raw(
      new Request('http://vault.test/keys', {
        method,
        headers: { Authorization: `Bearer ${admin.token}`, ...headers },
      }),
    );
  const whole = await keysAfter('admin');
  const response = await ask();
  expect(heldBytes()).toBeGreaterThan(0.9 * whole.length);
  const pieces: Uint8Array[] = [];
  for await (const piece of response.body as ReadableStream<Uint8Array>) pieces.push(piece);
  expect(heldBytes()).toBe(0);
  expect(pieces.length).toBeGreaterThan(15);
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(2 * listPieceCharacters);
  expect(await new Blob(pieces).text()).toBe(whole);

  const left = await ask();
  const reader = left.body?.getReader();
  await reader?.read();
  expect(heldBytes()).toBeGreaterThan(0.9 * whole.length);
  await reader?.cancel();
  expect(heldBytes()).toBe(0);

  const head = await ask({}, 'HEAD');
  expect(head.headers.get('Content-Length')).toBe(String(new TextEncoder().encode(whole).length));
  expect(await head.text()).toBe('');
  expect(heldBytes()).toBe(0);
  expect((await ask({ 'Accept-Encoding': 'gzip' })).headers.get('Content-Encoding')).toBe('gzip');
});

interface EventRow {
  id: number;
  at: number;
  actor_name: string | null;
  actor_role: 'user' | 'admin' | null;
  action: string;
  target: string | null;
  outcome: LogList['logs'][number]['outcome'];
  reason: string | null;
  address: string;
  user_agent: string;
  requests: number | null;
  request_id: string;
}

const logEntry = (row: EventRow): LogList['logs'][number] => ({
  id: row.id,
  timestamp: iso(row.at),
  user_name: row.actor_name,
  key_name: /^(secret|version)\./.test(row.action) || !row.action.includes('.') ? row.target : null,
  action: wireAction(row.action, row.outcome === 'allowed'),
  ip_address: row.address,
  success: row.outcome === 'allowed',
  target: row.target,
  outcome: row.outcome,
  reason: row.reason,
  role: row.actor_role,
  project: null,
  token: null,
  token_id: null,
  request_id: row.request_id,
  user_agent: row.user_agent,
  ...(row.requests !== null && { count: row.requests }),
});

const outcomes = ['allowed', 'denied', 'not_found', 'conflict', 'invalid', 'unauthenticated', 'failed'] as const;
const reasons = [null, 'role', 'not_owner', 'name_held', 'name_taken', ...hostile];
const actions = [
  ...Object.keys(policy),
  'session.create',
  'vault.restore',
  'export_keys',
  'an "old" action',
  'un.known',
];

test('the log is JSON of its rows, whatever their number and their text', async () => {
  const rows = Array.from({ length: 1_500 }, (_, index) => [
    anyTime(index),
    index % 3 === 0 ? null : (hostile[index % hostile.length] ?? ''),
    [null, 'user', 'admin'][index % 3],
    actions[index % actions.length],
    index % 4 === 0 ? null : (hostile[(index * 3) % hostile.length] ?? ''),
    outcomes[index % outcomes.length],
    reasons[index % reasons.length],
    index % 50 === 0 ? 90 : null,
    hostile[(index * 11) % hostile.length] ?? '',
  ]);
  await testDb()
    .prepare(
      `INSERT INTO audit_events (at, request_id, actor_id, actor_name, actor_role, action, target, outcome, reason, requests, address, user_agent)
       SELECT value ->> 0, 'filled', ?1, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
         '192.0.2.1', value ->> 8 FROM json_each(?2)`,
    )
    .bind(userId, JSON.stringify(rows))
    .run();
  const { results } = await testDb()
    .prepare("SELECT * FROM audit_events WHERE request_id = 'filled' ORDER BY id DESC")
    .all<EventRow>();
  const before = (results[0]?.id ?? 0) + 1;
  for (const limit of [1, 50, eventsPerListPart - 1, eventsPerListPart, eventsPerListPart + 1, 500]) {
    for (let from = 0; from < results.length; from += limit > 1 ? limit : 200) {
      const edge = from === 0 ? before : (results[from - 1]?.id ?? 0);
      const list = results.slice(from, from + limit);
      const next = list.length === limit ? { next: list.at(-1)?.id } : null;
      if (!next) break;
      const { text } = await admin('GET', `/logs?before=${edge}&limit=${limit}`);
      expect(text).toBe(JSON.stringify({ logs: list.map(logEntry), ...next }));
      const own = await user('GET', `/logs?before=${edge}&limit=${limit}`);
      expect(own.text).toBe(JSON.stringify({ logs: list.map(asSeenByUser).map(logEntry), ...next }));
    }
  }
});

/** A user's log does not tell somebody else's key from a missing one. */
const asSeenByUser = (row: EventRow): EventRow => {
  if (row.reason === 'not_owner') return { ...row, outcome: 'not_found', reason: null };
  if (row.reason !== 'name_held') return row;
  return { ...row, reason: row.outcome === 'conflict' ? 'name_taken' : null };
};

test('a search and the plain list write the same entries', async () => {
  const newest = await testDb()
    .prepare("SELECT max(id) FROM audit_events WHERE request_id = 'filled'")
    .first('max(id)');
  for (const client of [admin, user]) {
    const all = await client('GET', `/logs?limit=500&before=${newest}`);
    expect(all.body.logs).toHaveLength(500);
    expect(await client('GET', `/logs?limit=500&before=${newest}&ip_address=192.0.2.1`)).toMatchObject({
      text: all.text,
    });
  }
});

test('a list of the log that has no more says so', async () => {
  const { body } = await user('GET', '/logs?before=1');
  expect(body).toEqual({ logs: [] });
  const first = await admin('GET', `/logs?before=${defaultAdminEventsPerList}`);
  expect(first.body.next).toBeUndefined();
  expect(first.body.logs).toHaveLength(defaultAdminEventsPerList - 1);
});
