import { describe, expect, test } from 'vitest';
import type { CareKey } from '../api/wire.ts';
import { reasonNames, reasonsOf } from './reasons.ts';

const at = Date.parse('2026-11-25T12:00:00Z');
const inDays = (days: number) => new Date(at + days * 86_400_000).toISOString();
const key = (fields: Partial<CareKey>): CareKey => ({
  key_name: 'A',
  project: null,
  owner: 'me',
  reasons: [],
  expires_at: null,
  rotation_due_at: null,
  value_changed_at: inDays(-400),
  same_value_as: [],
  ...fields,
});
const texts = (fields: Partial<CareKey>) => reasonsOf(key(fields), at).map(({ text, tone }) => [text, tone]);

describe('the reasons say', () => {
  test.each([
    [-3.5, 'expired 3 days ago', 'overdue'],
    [-1.5, 'expired 1 day ago', 'overdue'],
    [-0.5, 'expired', 'overdue'],
    [0.5, 'expires today', 'due'],
    [1.5, 'expires in 1 day', 'due'],
    [13.5, 'expires in 13 days', 'due'],
  ])('of an expiry in %d days: %s', (days, text, tone) => {
    expect(texts({ reasons: ['expiring'], expires_at: inDays(days) })).toEqual([[text, tone]]);
  });

  test.each([
    [-0.5, 'due for rotation'],
    [-1.5, 'rotation 1 day overdue'],
    [-40.5, 'rotation 40 days overdue'],
  ])('of a rotation that was due %d days ago: %s', (days, text) => {
    expect(texts({ reasons: ['rotation_overdue'], rotation_due_at: inDays(days) })).toEqual([[text, 'overdue']]);
  });

  test('the rest, each by a text of its own', () => {
    const found = texts({ reasons: ['owner_inactive', 'same_value', 'unchanged', 'unused'] });
    expect(new Set(found.map(([text]) => text)).size).toBe(4);
    expect(new Set(Object.values(reasonNames)).size).toBe(6);
  });
});
