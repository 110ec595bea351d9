import { type GenericSchema, type InferOutput, safeParse } from 'valibot';
import { describe, expect, test } from 'vitest';
import { noFilter } from '../operations/event-filter.ts';
import { activityQuery, logQuery } from './log-requests.ts';

const outputOf = <Schema extends GenericSchema>(schema: Schema, given: unknown): InferOutput<Schema> => {
  const result = safeParse(schema, given, { abortEarly: true });
  if (!result.success) throw new Error(result.issues[0].message);
  return result.output;
};
const errorOf = (schema: GenericSchema, given: unknown): string => {
  const result = safeParse(schema, given, { abortEarly: true });
  return result.success ? 'accepted' : result.issues[0].message;
};

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
const page = { before: null, after: null, limit: null };

describe('a query of the log becomes a filter', () => {
  test.each<[object, object]>([
    [{}, {}],
    [
      { user_name: '', key_name: 'k', action: 'view_key', success: 'false', limit: '5' },
      { target: 'k', allowed: false, kinds: ['secret.read:1', 'secret.read:0'], action_parts: ['view_key'], limit: 5 },
    ],
    [
      { user_name: 'a', token: 't', token_id: '7', project: 'p', ip_address: '::1', before: '9', after: '0' },
      { actor: 'a', token: 't', token_id: 7, project: 'p', address: '::1', before: 9, after: 0 },
    ],
    [{ outcome: 'allowed' }, { outcomes: ['allowed'], allowed: true }],
    [{ outcome: 'invalid, denied' }, { outcomes: ['denied', 'invalid'], allowed: false }],
    [{ outcome: 'denied,allowed' }, { outcomes: ['allowed', 'denied'], allowed: null }],
    [
      { action: 'login_success,logout', match: 'exact' },
      {
        kinds: ['session.create:1', 'session.end:1', 'session.end:0'],
        action_parts: ['login_success', 'logout'],
        match: 'exact',
      },
    ],
    [
      { action: 'login', match: 'exact' },
      { kinds: [], action_parts: ['login'], match: 'exact' },
    ],
  ])('%j', (given, output) => {
    expect(outputOf(logQuery, given)).toEqual({ ...noFilter, ...page, ...output });
  });
});

test.each<[string, number]>([
  ['2026-11-25T09:30:00Z', Date.UTC(2026, 10, 25, 9, 30)],
  ['2026-11-25T09:30:00.125Z', Date.UTC(2026, 10, 25, 9, 30, 0, 125)],
  ['2026-11-25T09:30', Date.UTC(2026, 10, 25, 9, 30)],
  ['2026-11-25T09:30:00+01:00', Date.UTC(2026, 10, 25, 8, 30)],
  ['2026-11-25T09:30:00 01:00', Date.UTC(2026, 10, 25, 8, 30)],
  ['2026-11-25', Date.UTC(2026, 10, 25)],
  ['1795599000000', 1_795_599_000_000],
  ['0', 0],
])('the time %s', (given, ms) => {
  expect(outputOf(logQuery, { from: given }).from).toBe(ms);
});

test.each([
  'yesterday',
  '2026-13-01',
  '2026-02-29T25:00Z',
  '25.11.2026',
  '-1',
  '1e12',
  '9999999999999999',
  '2026-11-25T09:30:00 Z',
])('%s is no time', (given) => {
  expect(errorOf(logQuery, { to: given })).toMatch(/^to must be a time: ISO 8601/);
});

describe('a chart has a step that fits its span', () => {
  test.each<[object, object]>([
    [{}, { stepMs: hour, steps: 48 }],
    [{ per: 'day' }, { stepMs: day, steps: 30 }],
    [{ hours: '744' }, { stepMs: hour, steps: 744 }],
    [{ from: '2026-11-25', to: '2026-11-25T03:00Z' }, { stepMs: minute }],
    [{ from: '2026-11-25', to: '2026-11-26' }, { stepMs: hour }],
    [{ from: '2026-01-01', to: '2026-11-26' }, { stepMs: day }],
    [{ from: '2026-01-01', to: '2026-11-26', per: 'hour' }, { stepMs: hour }],
  ])('%j', (given, output) => {
    expect(outputOf(activityQuery, given)).toMatchObject({ ...output, actor: null });
  });
});

test.each([
  [errorOf(logQuery, { limit: '501' }), 'limit must be a whole number from 1 to 500.'],
  [errorOf(logQuery, { success: 'yes' }), 'success must be true or false.'],
  [errorOf(logQuery, { key_name: 'x'.repeat(1_001) }), 'key_name must be at most 1000 characters long.'],
  [errorOf(logQuery, { match: 'regex' }), 'match must be "contains", "exact" or "prefix".'],
  [
    errorOf(logQuery, { outcome: 'allowed,done' }),
    'outcome must be one or more of allowed, denied, not_found, conflict, invalid, unauthenticated, failed.',
  ],
  [errorOf(logQuery, { token_id: 'ci' }), 'token_id must be a whole number from 1 to 9007199254740991.'],
  [errorOf(logQuery, { action: 'a,'.repeat(21) }), 'action may name at most 20 actions.'],
  [errorOf(logQuery, { from: '2026-11-25', to: '2026-11-25' }), 'from must be before to.'],
  [errorOf(activityQuery, { from: '2', to: '1' }), 'from must be before to.'],
  [errorOf(activityQuery, { hours: '745' }), 'hours must be a whole number from 1 to 744.'],
  [errorOf(activityQuery, { per: 'year' }), 'per must be "minute", "hour" or "day".'],
])('%s', (error, expected) => {
  expect(error).toBe(expected);
});
