import { expect, test } from 'vitest';
import { pauseAfter } from './tail.ts';

test('a log that is followed is asked often after news, and ever more rarely without', () => {
  const pauses = [0];
  for (let asked = 0; asked < 10; asked += 1) pauses.push(pauseAfter(pauses.at(-1) ?? 0, false));
  expect(pauses.slice(1, 5)).toEqual([3_000, 4_500, 6_750, 10_125]);
  expect(pauses.at(-1)).toBe(30_000);
  expect(pauseAfter(30_000, true)).toBe(3_000);
  // An hour without news.
  let entries = 0;
  for (let time = 0, pause = 0; time < 3_600_000; time += pause, entries += 1) pause = pauseAfter(pause, false);
  expect(entries).toBeLessThanOrEqual(125);
});
