import { and, eq, type SQL } from 'drizzle-orm';
import { unionAll } from 'drizzle-orm/sqlite-core';
import { expect, test } from 'vitest';
import { granted } from './granted.ts';
import { plan } from './plan.ts';
import { request } from './request.ts';
import { secrets } from './schema.ts';
import { query } from './statement.ts';
import { verdictOn } from './verdict.ts';

const verdict = verdictOn({ action: 'secret.delete' });

test('an effect that does not depend on the verdict is refused', () => {
  const effect = query.delete(secrets).where(eq(secrets.owner_id, request.session_id));
  expect(plan([], () => ({ verdict, effects: [effect] }))).toThrow('An effect must carry the condition "granted"');
  expect(plan([], () => ({ verdict, answer: effect.returning({ id: secrets.id }) }))).toThrow(/"granted"/);
});

test('each part of a union must depend on the verdict', () => {
  const part = (condition?: SQL) => query.select({ id: secrets.id }).from(secrets).where(condition);
  expect(plan([], () => ({ verdict, answer: unionAll(part(granted), part()) }))).toThrow(/"granted"/);
  expect(plan([], () => ({ verdict, answer: unionAll(part(granted), part(granted)) }))).not.toThrow();
});

test('the parameters of the request need no declaration, all others do', () => {
  const made = plan(['name'], ({ name }) => ({
    verdict,
    effects: [query.delete(secrets).where(and(eq(secrets.name, name), eq(secrets.updated_at, request.now), granted))],
  }))();
  expect(made.steps[1]?.params).toEqual(['name', 'request.now', 'request.id']);
  expect(plan(['nmae'], () => ({ verdict }))).toThrow('without a use: nmae');
});

test('a parameter cannot have a name of the request', () => {
  // @ts-expect-error
  expect(plan(['request.now'], () => ({ verdict }))).toThrow();
});
