import { and, eq, type SQL } from 'drizzle-orm';
import { unionAll } from 'drizzle-orm/sqlite-core';
import { describe, expect, test } from 'vitest';
import { granted } from './granted.ts';
import { plan } from './plan.ts';
import { request } from './request.ts';
import { auditEvents, secrets } from './schema.ts';
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

describe('an answer that the verdict returns', () => {
  const read = verdictOn({ action: 'secret.read' });
  const asked = { isAnswerSealed: true, isAnsweredAtOnce: true } as const;
  const named = query.select({ name: secrets.name }).from(secrets).where(granted);

  test('is no statement of its own, and depends on the event that is inserted', () => {
    const { steps, answerAt, answerColumns } = plan([], () => ({ verdict: read, ...asked, answer: named }))();
    expect([steps.length, answerAt, answerColumns]).toEqual([1, null, ['name']]);
    expect(steps[0]?.text).toMatch(
      / returning .*iif\(audit_events\.outcome = 'allowed', \(select .*audit_events\.outcome = 'allowed'/,
    );
  });

  test('cannot read the log by its own name, which is that of this row there', () => {
    const answer = query.select({ target: auditEvents.target }).from(auditEvents).where(granted);
    expect(plan([], () => ({ verdict: read, ...asked, answer }))).toThrow(/cannot read the log by its own name/);
  });

  test('is not that of a plan that writes', () => {
    const effects = [query.delete(secrets).where(granted)];
    expect(plan([], () => ({ verdict: read, ...asked, effects, answer: named }))).toThrow(/of a plan that reads/);
  });
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
