import { describe, expect, test } from 'vitest';
import { ago } from './time.ts';

const now = Date.parse('2026-06-15T12:00:00Z');
const minute = 60_000;

describe('how long ago', () => {
  test.each([
    [0, 'just now'],
    [-30_000, 'just now'],
    [59_999, 'just now'],
    [minute, '1 min ago'],
    [3.9 * minute, '3 min ago'],
    [60 * minute, '1 h ago'],
    [23.9 * 60 * minute, '23 h ago'],
    [24 * 60 * minute, 'yesterday'],
    [3 * 24 * 60 * minute, '3 days ago'],
  ])('%i ms', (past, text) => {
    expect(ago(now - past, now)).toBe(text);
  });

  test('shows the date of a time that is long past or in the future', () => {
    expect(ago(Date.parse('2025-03-04T12:00:00Z'), now)).toMatch(/2025/);
    expect(ago(Date.parse('2027-03-04T12:00:00Z'), now)).toMatch(/2027/);
  });
});
