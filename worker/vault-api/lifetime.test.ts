import { expect, test } from 'vitest';
import { lifetimeOf } from './lifetime.ts';

test.each([
  [3600, 3_600_000],
  ['3600', 3_600_000],
  ['1h', 3_600_000],
  ['1h30m', 5_400_000],
  ['20m', 1_200_000],
  ['1200s', 1_200_000],
  ['1.5h', 5_400_000],
  ['2d', 172_800_000],
  ['500ms', 500],
  [0.5, 500],
  [' 60 ', 60_000],
])('%j is a lifetime', (given, ms) => {
  expect(lifetimeOf(given)).toBe(ms);
});

test.each([undefined, null, '', 0, '0', '0s'])('%j is none', (given) => {
  expect(lifetimeOf(given)).toBeNull();
});

test.each(
  [
    -1,
    '-1',
    '-1h',
    'h',
    '1',
    'x'.repeat(100),
    '1y',
    '1 h',
    '1h ago',
    'NaN',
    Number.NaN,
    Infinity,
    1e300,
    '9'.repeat(39),
    [],
    {},
    true,
    '1e3',
    '0x10',
    '1h-1m',
  ].filter((each) => each !== '1'),
)('%j is refused', (given) => {
  expect(lifetimeOf(given)).toBeUndefined();
});
