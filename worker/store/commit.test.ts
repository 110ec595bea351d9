import { sql } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { StoreFailure } from '../../core/store-failure.ts';
import { fakeDatabase } from '../testing/fake-database.ts';
import { commit } from './commit.ts';
import { VaultNotOpen } from './committed.ts';
import { granted } from './granted.ts';
import { plan } from './plan.ts';
import { secrets } from './schema.ts';
import { fill, query, statement, textColumn } from './statement.ts';
import { read, transact } from './transact.ts';
import { verdictOn } from './verdict.ts';

const caller = { requestId: 'r', sessionId: 's', claimedName: 'ann', address: '192.0.2.1', userAgent: 'test', now: 7 };
const allowed = { outcome: 'allowed', reason: null, actor_id: 1, actor_name: 'Ann', actor_role: 'user' };

const list = plan([], () => ({
  verdict: verdictOn({ action: 'secret.list' }),
  answer: query.select({ name: secrets.name }).from(secrets).where(granted),
}))();

const seals = {
  keyId: 'key',
  faultIn: async () => null,
  faultInAnswer: async () => null,
  faultInActor: () => null,
  sealsFor: async () => ({ made: [], fault: null }),
  sealOfVersion: () => null,
  foresee: () => null,
  remember: () => {},
};
const commitOn = (db: D1Database) => commit(db, seals, caller, list, {});

test('an allowed plan is one batch, and its rows are those of the answer', async () => {
  const { db, batches } = fakeDatabase([[[allowed], [{ name: 'x' }]]]);
  expect(await commitOn(db)).toEqual({
    outcome: 'allowed',
    principal: { id: 1, name: 'Ann', role: 'user' },
    events: 1,
    rows: [{ name: 'x' }],
  });
  expect(batches.map((batch) => batch.length)).toEqual([2]);
  expect(batches[0]?.[0]?.text).toMatch(/^insert into audit_events/);
  expect(batches[0]?.[1]?.values).toEqual(['r']);
});

test('a refused plan has an outcome and no rows, whatever the effects returned', async () => {
  const { db } = fakeDatabase([[[{ ...allowed, outcome: 'denied', reason: 'role' }], [{ name: 'x' }]]]);
  expect(await commitOn(db)).toEqual({ outcome: 'denied', reason: 'role', events: 1 });
});

test('a row of an answer that must come with sealed rows, and has none, is not told', async () => {
  const sealedList = plan([], () => ({
    verdict: verdictOn({ action: 'secret.list' }),
    answer: query
      .select({ name: secrets.name, sealed: textColumn('sealed', sql`'[]'`) })
      .from(secrets)
      .where(granted),
  }))();
  const checked: string[] = [];
  const fault = { kind: 'users', locator: '[1]', name: 'user ann' };
  const checking = {
    ...seals,
    faultInAnswer: async (_: string, rows: readonly { sealed: string }[]) => {
      checked.push(...rows.map(({ sealed }) => sealed));
      return fault;
    },
  };
  const { db } = fakeDatabase([
    [[allowed], [{ name: 'x', sealed: null }], []],
    [[], []],
  ]);
  expect(await commit(db, checking, caller, sealedList, {})).toMatchObject({
    outcome: 'denied',
    reason: 'seal_broken',
  });
  expect(checked).toEqual(['[]']);
});

test('a database that returns no verdict is not open', async () => {
  await expect(commitOn(fakeDatabase([[[], []]]).db)).rejects.toThrow(VaultNotOpen);
});

describe('a failed transaction', () => {
  test.each([
    ['D1_ERROR: database or disk is full: SQLITE_FULL', 'full'],
    ['D1_ERROR: no such column: x: SQLITE_ERROR', 'schema'],
    ['D1_ERROR: no such table: users: SQLITE_ERROR', 'schema'],
    ['internal error', 'unreadable'],
  ] as const)('with "%s" is of the kind "%s", and keeps its cause', async (message, kind) => {
    const cause = new Error(message);
    const failure = await commitOn(fakeDatabase([cause]).db).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StoreFailure);
    expect(failure).toMatchObject({ kind, cause });
    expect((failure as Error).message).not.toContain(message);
  });
});

describe('while another process writes to the database', () => {
  const busy = new Error('D1_ERROR: database is locked: SQLITE_BUSY');
  const noBookmark = new Error('D1_ERROR: Failed to get session commit token: internal error; reference = x');
  const names = fill(statement([], () => query.select({ name: secrets.name }).from(secrets))(), {});

  test('a transaction waits, and is sent again as it was', async () => {
    const { db, batches } = fakeDatabase([busy, busy, [[allowed], [{ name: 'x' }]]]);
    expect(await commitOn(db)).toMatchObject({ outcome: 'allowed', rows: [{ name: 'x' }] });
    expect(batches).toEqual([batches[0], batches[0], batches[0]]);
  });

  test('it waits no longer than its limit', async () => {
    const { db, batches } = fakeDatabase(Array(50).fill(busy));
    await expect(transact(db, [names], 100)).rejects.toMatchObject({ name: 'StoreFailure', kind: 'busy' });
    expect(batches.length).toBeGreaterThan(2);
    expect(batches.length).toBeLessThan(6);
  });

  test('a read waits too if it cannot say why it failed; a write does not, since it may have happened', async () => {
    expect(await read(fakeDatabase([noBookmark, [[{ name: 'x' }]]]).db, names)).toEqual([{ name: 'x' }]);
    const { db, batches } = fakeDatabase([noBookmark, [[allowed], []]]);
    await expect(commitOn(db)).rejects.toMatchObject({ kind: 'unreadable' });
    expect(batches.length).toBe(1);
  });

  test.each(['SQLITE_FULL', 'no such table: users', 'internal error'])('%s is not repeated', async (message) => {
    const { db, batches } = fakeDatabase([new Error(message), [[allowed], []]]);
    await expect(commitOn(db)).rejects.toThrow(StoreFailure);
    expect(batches.length).toBe(1);
  });
});
