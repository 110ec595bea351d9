import type { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { reserveBytes } from '../../core/space.ts';
import { watchSpace } from './space.ts';

const megabyte = 1024 * 1024;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});

afterEach(() => {
  vi.useRealTimers();
});

test('the reserve is what is set, or a quarter of a disk that is small', () => {
  expect(reserveBytes(64, 100_000 * megabyte)).toBe(64 * megabyte);
  expect(reserveBytes(64, 20 * megabyte)).toBe(5 * megabyte);
  expect(reserveBytes(0, 20 * megabyte)).toBe(0);
});

test('space is measured from time to time, and at every question while it is low', () => {
  let free = 1000;
  let measured = 0;
  const measure = (() => {
    measured += 1;
    return { bsize: megabyte, blocks: 100_000, bavail: free };
  }) as unknown as typeof statfsSync;
  const isLow = watchSpace('/', 64, measure);
  expect([isLow(), isLow(), measured]).toEqual([false, false, 1]);
  free = 63;
  vi.setSystemTime(Date.now() + 1_000);
  expect([isLow(), isLow(), measured]).toEqual([true, true, 3]);
  free = 64;
  expect(isLow()).toBe(false);
});

test('a real folder can be measured', () => {
  expect(watchSpace(tmpdir(), 0)()).toBe(false);
  expect(watchSpace(tmpdir(), 1_000_000_000)()).toBeTypeOf('boolean');
});
