import { expect, test } from 'vitest';
import { newNumber } from './new-number.ts';

test('numbers made at the same time differ and ascend, even when the clock goes back', () => {
  const now = Date.UTC(2030, 0);
  const made = Array.from({ length: 5_000 }, (_, index) => newNumber(now - index));
  expect(new Set(made).size).toBe(made.length);
  expect(made).toEqual([...made].sort((a, b) => a - b));
});

test('a number is one that JavaScript has exactly, for two centuries', () => {
  expect(Number.isSafeInteger(newNumber(Date.UTC(2255, 0)))).toBe(true);
});
