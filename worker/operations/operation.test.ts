import { and, eq } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { granted } from '../store/granted.ts';
import { secrets } from '../store/schema.ts';
import { query } from '../store/statement.ts';
import { secretNamed } from '../store/targets.ts';
import { fakeDatabase } from '../testing/fake-database.ts';
import { operation } from './operation.ts';
import type { Vault } from './vault.ts';

const caller = { requestId: 'r', sessionId: 's', claimedName: 'ann', address: '192.0.2.1', userAgent: 'test', now: 7 };
const verdict = { outcome: 'allowed', reason: null, actor_id: 1, actor_name: 'Ann', actor_role: 'user' };

const contextOf = (...answers: Parameters<typeof fakeDatabase>[0]) => {
  const { db, batches } = fakeDatabase(answers);
  return { context: { vault: { db, keyring: { primary: { id: 'key' } } } as unknown as Vault, caller }, batches };
};

const describeSecret = operation({
  action: 'secret.read',
  params: ['name'],
  sql: ({ name }) => ({
    target: secretNamed('secret.read', { name, padded: name }),
    answer: query
      .select({ description: secrets.description })
      .from(secrets)
      .where(and(eq(secrets.name, name), granted)),
  }),
  objection: ({ name }: { name: string }) => (name === 'bad' ? 'This name is bad.' : null),
  values: ({ name }: { name: string }) => ({ name }),
  result: (rows, { name }, _, { role }) => `${name} for ${role}: ${rows[0]?.description}`,
});

describe('an operation', () => {
  test('that is allowed makes its result from the rows, the input and the principal', async () => {
    const { context, batches } = contextOf([[verdict], [{ description: 'd' }]]);
    expect(await describeSecret.perform(context, { name: 'n' })).toEqual({
      outcome: 'allowed',
      result: 'n for user: d',
    });
    expect(batches).toHaveLength(1);
    expect(batches[0]?.[1]?.values).toEqual(['n', 'r']);
  });

  test('that is not allowed answers a refusal with its action', async () => {
    const { context } = contextOf([[{ ...verdict, outcome: 'not_found' }]]);
    const refusal = { action: 'secret.read', outcome: 'not_found', reason: null, events: 1 };
    expect(await describeSecret.perform(context, { name: 'n' })).toEqual(refusal);
  });

  test('with an objection to its input is recorded as invalid, and sends no effects', async () => {
    const { context, batches } = contextOf([[{ ...verdict, outcome: 'invalid', reason: 'This name is bad.' }]]);
    expect(await describeSecret.perform(context, { name: 'bad' })).toMatchObject({ outcome: 'invalid' });
    expect(batches).toHaveLength(1);
    expect(batches[0]).toHaveLength(1);
    expect(batches[0]?.[0]?.values).toContain('This name is bad.');
  });

  test('whose invalid request is allowed by mistake throws', async () => {
    const { context } = contextOf([[verdict]]);
    await expect(describeSecret.recordInvalid(context, 'why', null)).rejects.toThrow(TypeError);
  });
});

/** Each would be a fault that only a request could show; TypeScript must refuse them. */
test('mistakes in parameters and values do not compile', () => {
  const definitions = [
    () =>
      operation({
        action: 'secret.delete',
        params: ['name'],
        // @ts-expect-error No parameter has this name.
        sql: ({ nmae }) => ({ effects: [query.delete(secrets).where(and(eq(secrets.name, nmae), granted))] }),
        values: ({ name }: { name: string }) => ({ name }),
      }),
    () =>
      operation({
        action: 'secret.delete',
        params: ['name', 'other'],
        sql: ({ name }) => ({ effects: [query.delete(secrets).where(and(eq(secrets.name, name), granted))] }),
        // @ts-expect-error The parameter `other` has no value.
        values: ({ name }: { name: string }) => ({ name }),
      }),
    () =>
      operation({
        action: 'secret.delete',
        params: ['name'],
        sql: ({ name }) => ({ effects: [query.delete(secrets).where(and(eq(secrets.name, name), granted))] }),
        // @ts-expect-error No parameter takes the value `nmae`.
        values: ({ name }: { name: string }) => ({ name, nmae: name }),
      }),
    () =>
      operation({
        action: 'secret.list',
        sql: () => ({ answer: query.select({ name: secrets.name }).from(secrets).where(granted) }),
        // @ts-expect-error The rows have no such column.
        result: ([row]) => row?.description,
      }),
    () =>
      operation({
        action: 'secret.list',
        // @ts-expect-error The request has this name.
        params: ['request.now'],
        sql: (given) => ({
          effects: [query.delete(secrets).where(and(eq(secrets.id, given['request.now']), granted))],
        }),
        values: () => ({ 'request.now': 1 }),
      }),
  ];
  expect(definitions).toHaveLength(5);
});
