import { expect, test } from 'vitest';
import { remembered } from './remembered.ts';

test('a short text is worked out once, a long one each time', () => {
  let runs = 0;
  const length = remembered((text) => {
    runs++;
    return text.length;
  });
  expect([length('abc'), length('abc'), length('abcd')]).toEqual([3, 3, 4]);
  expect(runs).toBe(2);
  const long = 'x'.repeat(10_000);
  expect([length(long), length(long)]).toEqual([10_000, 10_000]);
  expect(runs).toBe(4);
});

test('ever new texts do not fill the memory: the first is worked out again', () => {
  let runs = 0;
  const same = remembered((text) => {
    runs++;
    return text;
  });
  for (let i = 0; i < 1_000; i++) same(String(i));
  same('0');
  expect(runs).toBe(1_001);
});
