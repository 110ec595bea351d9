/** The throttle's SQL on a real log of failures. Its effect on sign-ins is tested in routes/auth.test.ts. */
import { eq } from 'drizzle-orm';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { failureWindowSeconds, maxFailuresPerAccount, maxFailuresPerAddress } from '../../core/limits.ts';
import { read } from '../store/commit.ts';
import { isClaimed, principal } from '../store/principal.ts';
import { requestValues } from '../store/request.ts';
import { instance } from '../store/schema.ts';
import { fill, integer, query, statement } from '../store/statement.ts';
import { applyTestMigrations, testDb } from '../testing/test-database.ts';
import { retryAt, throttleParams, throttleValues } from './throttle.ts';

const now = 1_800_000_000_000;
const windowMs = failureWindowSeconds * 1000;

const claims = ['request.claimed_name', 'request.claimed_likeness', 'request.shown_name'] as const;
const question = statement([...throttleParams, ...claims, 'request.now'], (given) =>
  query
    .select({ retry_at: integer('retry_at', retryAt(given)) })
    .from(instance)
    .leftJoin(principal, isClaimed)
    .where(eq(instance.id, 1)),
);

const ask = async (name: string, address: string) => {
  const caller = { requestId: 'r', sessionId: null, claimedName: name, address, userAgent: '', now };
  const [row] = await read(testDb(), fill(question(), { ...throttleValues(caller), ...requestValues(caller, 'k') }));
  return row?.retry_at;
};

const fail = (times: number, name: string, address: (index: number) => string, at = now - 1000) =>
  testDb().batch(
    Array.from({ length: times }, (_, index) =>
      testDb()
        .prepare(
          `INSERT INTO audit_events (at, request_id, actor_name, action, outcome, reason, address, user_agent)
          VALUES (?, 'r', ?, 'session.create', 'unauthenticated', 'wrong_password', ?, '')`,
        )
        .bind(at, name, address(index)),
    ),
  );

const ip = (index: number) => `198.51.100.${index}`;
let account = 0;
let name = '';

beforeAll(async () => {
  await applyTestMigrations();
  await testDb().prepare("INSERT INTO instance VALUES (1, 0, 'k', 'c')").run();
});

/** The log is append-only, so each test has an account of its own. */
beforeEach(() => {
  account += 1;
  name = `user${account}`;
});

test('an account waits until its oldest counted failure has left the window', async () => {
  await fail(maxFailuresPerAccount - 1, name, ip);
  expect(await ask(name, '203.0.113.1')).toBe(0);
  await fail(1, name, ip, now - 5000);
  expect(await ask(name, '203.0.113.1')).toBe(now - 5000 + windowMs);
});

test('failures outside the window do not count, in the past or in the future', async () => {
  await fail(maxFailuresPerAccount, name, ip, now - windowMs);
  await fail(maxFailuresPerAccount, name, ip, now + windowMs);
  expect(await ask(name, '203.0.113.1')).toBe(0);
});

test.each([
  ['before now forgives', now - 500, 0],
  ['in the future, from a wrong clock, forgives nothing', now + 500, now - 1000 + windowMs],
])('a sign-in %s', async (_, forgivenAt, expected) => {
  await testDb()
    .prepare(
      `INSERT INTO users (name, likeness, verifier, role, created_at, failures_forgiven_at)
      VALUES (?1, ?1, '', 'user', 0, ?2)`,
    )
    .bind(name, forgivenAt)
    .run();
  await fail(maxFailuresPerAccount, name, ip);
  expect(await ask(name, '203.0.113.1')).toBe(expected);
});

test('an address waits, whatever accounts it tried', async () => {
  await fail(maxFailuresPerAddress, 'any', () => '192.0.2.77');
  expect(await ask(name, '192.0.2.77')).toBe(now - 1000 + windowMs);
  expect(await ask(name, '192.0.2.7')).toBe(0);
  expect(await ask(name, '192.0.2.78')).toBe(0);
});

test('an IPv6 /64 counts as one address', async () => {
  await fail(maxFailuresPerAddress, 'any', (index) => `2001:db8:0:1:0:0:0:${index.toString(16)}`);
  expect(await ask(name, '2001:db8:0:1:ffff:0:0:1')).toBe(now - 1000 + windowMs);
  expect(await ask(name, '2001:db8:0:10:0:0:0:1')).toBe(0);
});
