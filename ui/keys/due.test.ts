import { expect, test } from 'vitest';
import { dueKind, dueOf, dueSoon } from './due.ts';

const now = Date.parse('2026-11-26T12:00:00Z');
const day = 86_400_000;
const after = (days: number) => new Date(now + days * day).toISOString();
const dates = (expiresAt: string | null, rotationDueAt: string | null = null) => ({ expiresAt, rotationDueAt });

test.each([
  [dates(after(6.2)), 'expires in 6 days'],
  [dates(after(1.5)), 'expires in 1 day'],
  [dates(after(0.5)), 'expires today'],
  [dates(after(-0.1)), 'expired'],
  [dates(after(-1.5)), 'expired 1 day ago'],
  [dates(after(-3.5)), 'expired 3 days ago'],
  [dates(null, after(-10)), 'due for rotation'],
  [dates(null, after(0.5)), 'rotation due today'],
  [dates(null, after(10.2)), 'rotation due in 10 days'],
  [dates(after(30), after(5.5)), 'rotation due in 5 days'],
  [dates(after(2.5), after(5.5)), 'expires in 2 days'],
])('%j: %s', (given, text) => {
  expect(dueOf(given, now)?.text).toBe(text);
});

test('nothing is due where nothing is set', () => {
  expect(dueOf(dates(null), now)).toBeNull();
});

test('the list says so from two weeks before on', () => {
  expect(dueSoon(dates(after(14.1)), now)).toBeNull();
  expect(dueSoon(dates(after(13.9)), now)?.days).toBe(13);
  expect(dueSoon(dates(after(-400)), now)?.days).toBeLessThan(0);
});

test('only what is overdue or due soon stands out', () => {
  const kindIn = (days: number) => dueKind({ text: '', days });
  expect([-1, 0, 13, 14, 199].map(kindIn)).toEqual(['overdue', 'due', 'due', '', '']);
});
