import { expect, test } from 'vitest';
import { barsOf, highest } from './bars.ts';

const now = Date.parse('2026-06-15T12:34:56Z');

test('includes hours in which nothing happened', () => {
  const bars = barsOf({ activity: [{ time: '2026-06-15T10:00:00.000Z', allowed: 3, refused: 1 }] }, 'hour', now);
  expect(bars).toHaveLength(48);
  expect(bars.at(-1)).toEqual({ time: Date.parse('2026-06-15T12:00:00Z'), allowed: 0, refused: 0 });
  expect(bars.at(-3)).toEqual({ time: Date.parse('2026-06-15T10:00:00Z'), allowed: 3, refused: 1 });
  expect(highest(bars)).toBe(4);
});

test('keeps every bar when the clock of the vault is ahead', () => {
  const bars = barsOf({ activity: [{ time: '2026-06-16T00:00:00.000Z', allowed: 1, refused: 0 }] }, 'day', now);
  expect(bars).toHaveLength(30);
  expect(bars.at(-1)?.allowed).toBe(1);
});
