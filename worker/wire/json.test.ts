import { expect, test } from 'vitest';
import { healthReply, misconfigured } from './health.ts';
import * as json from './json.ts';
import { key } from './key-json.ts';
import { textOf } from './list-text.ts';

const at = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
const iso = '2026-01-02T03:04:05.006Z';

const secret = { name: 'k', description: 'd', created_at: at, updated_at: at };
test('a key has its value', () => {
  const fields = { key_name: 'k', description: 'd', created_at: iso, updated_at: iso };
  const kept = {
    number: 2,
    revision: 3,
    expires_at: at,
    rotate_every_days: 1,
    value_changed_at: at,
    labels: '{"a":"b"}',
  };
  expect(key({ ...secret, ...kept, value: 'v' })).toEqual({
    ...fields,
    api_key: 'v',
    version: 2,
    revision: 3,
    expires_at: iso,
    rotate_every_days: 1,
    rotation_due_at: '2026-01-03T03:04:05.006Z',
    labels: { a: 'b' },
  });
});

test('a list that is not complete says where the next one begins', () => {
  const parts = ['{"key_name":"a"}', '{"key_name":"k"}'];
  const keys = (hasMore: boolean) => textOf(json.keyList({ secrets: [...parts], hasMore, list: null }));
  expect(keys(true)).toBe(`{"keys":[${parts}],"next":"k"}`);
  expect(keys(false)).toBe(`{"keys":[${parts}]}`);
  expect(textOf(json.logList({ events: ['', '{"id":7}'], next: 7 }))).toBe('{"logs":[{"id":7}],"next":7}');
  expect(textOf(json.logList({ events: [''], next: null }))).toBe('{"logs":[]}');
  expect(json.userList({ users: [], next: 7 })).toEqual({ users: [], next: 7 });
});

test('a user has no verifier, and a missing time is null', () => {
  const user = {
    id: 1,
    name: 'alice',
    role: 'user' as const,
    created_at: at,
    last_login_at: null,
    last_seen_at: 0,
    is_active: 1,
    must_change_password: 0,
    secrets: 3,
    verifier: 'scrypt',
  };
  expect(json.userList({ users: [user], next: null }).users).toEqual([
    {
      id: 1,
      username: 'alice',
      role: 'user',
      created_at: iso,
      last_login: null,
      last_seen: null,
      is_active: true,
      must_change_password: false,
      key_count: 3,
    },
  ]);
  expect(json.newUser(4)).toEqual({ message: 'User added successfully', id: 4 });
});

test('sessions', () => {
  const user = { name: 'alice', role: 'user', must_change_password: true } as const;
  const signedIn = {
    ...user,
    id: 's',
    token: 't',
    cookie: 'c',
    ttlSeconds: 60,
    endsAt: at,
    latestEnd: at,
    deviceCookie: 'd',
  };
  expect(json.signedIn(signedIn)).toEqual({ token: 't', user: 'alice', role: 'user', must_change_password: true });
  const found = { address: null, likelyProxies: [] };
  expect(
    json.session({ id: 1, name: 'alice', role: 'user', must_change_password: 0, expires_at: at, ...found }),
  ).toEqual({
    user: 'alice',
    user_id: 1,
    role: 'user',
    must_change_password: false,
    expires_at: iso,
  });
  expect(json.session(null)).toBeNull();
  const listed = { id: 's', created_at: at, expires_at: at, address: '::1', user_agent: '', is_current: 1 };
  expect(json.sessionList([listed])).toEqual({
    sessions: [{ id: 's', created_at: iso, expires_at: iso, ip_address: '::1', user_agent: '', is_current: true }],
  });
});

test('activity', () => {
  const counts = [{ at, allowed: 2, refused: 1 }];
  const activity = [{ time: iso, allowed: 2, refused: 1 }];
  expect(json.activity({ counts, stepMs: 60_000, coveredFrom: null })).toEqual({ activity, step: 60 });
  expect(json.activity({ counts, stepMs: 3_600_000, coveredFrom: at })).toEqual({
    activity,
    step: 3_600,
    complete_from: iso,
  });
});

test('health says why a vault cannot serve, without a stack', () => {
  const problem = Object.assign(new Error('Restore a backup.'), { reason: 'damaged' as const });
  expect(healthReply({ at, problem, missingKeys: [] })).toEqual({
    status: 503,
    body: { status: 'unhealthy', timestamp: iso, service: 'keystore', reason: 'damaged', error: 'Restore a backup.' },
  });
  expect(healthReply({ at, problem: null, missingKeys: [] })).toMatchObject({
    status: 200,
    body: { status: 'healthy' },
  });
  const missingKeys = [{ keyId: '0123456789abcdef', values: 1, versions: 2 }];
  expect(healthReply({ at, problem: null, missingKeys })).toEqual({
    status: 200,
    body: {
      status: 'degraded',
      timestamp: iso,
      service: 'keystore',
      version: expect.any(String),
      warning: expect.stringMatching(/^1 value and 2 older versions .* 0123456789abcdef.*RETIRED_ENCRYPTION_KEYS.*\.$/),
      missing_keys: [{ fingerprint: '0123456789abcdef', values: 1, versions: 2 }],
    },
  });
  expect(misconfigured('SECRET_KEY is not set.')).toMatchObject({ status: 503, body: { reason: 'settings' } });
});
