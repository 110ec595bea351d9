import { expect, test, vi } from 'vitest';
import { giveBack, makeRoom } from '../../standalone/room.ts';

const mebibyte = 1024 * 1024;

test('bodies on their way share 64 MiB; what is given back, or was cut off long ago, is free again', () => {
  vi.useFakeTimers({ now: 0 });
  const places = Array.from({ length: 64 }, () => Symbol());
  for (const place of places) expect(makeRoom(place, mebibyte, 40_000)).toBe(true);
  const late = Symbol();
  expect(makeRoom(late, 1, 40_000)).toBe(false);
  giveBack(places[0] as symbol);
  giveBack(places[0] as symbol);
  expect(makeRoom(late, mebibyte, 40_000)).toBe(true);
  expect(makeRoom(late, mebibyte, 40_000)).toBe(true);
  expect(makeRoom(Symbol(), 1, 40_000)).toBe(false);
  vi.setSystemTime(40_001);
  expect(makeRoom(Symbol(), 60 * mebibyte, 80_000)).toBe(true);
  vi.useRealTimers();
});
