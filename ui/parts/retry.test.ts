import { expect, test } from 'vitest';
import { pauseAfter } from './retry.ts';

test('the pauses between tries grow up to a minute, and differ between browsers', () => {
  const pauses = [1, 2, 3, 4, 5, 6, 7, 100].map((failures) => pauseAfter(failures, 0.5) / 1000);
  expect(pauses).toEqual([2, 4, 8, 16, 32, 60, 60, 60]);
  expect(pauseAfter(1, 0)).toBeCloseTo(1_600);
  expect(pauseAfter(1, 1)).toBeCloseTo(2_400);
});
