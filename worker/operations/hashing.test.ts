import { afterEach, expect, test, vi } from 'vitest';
import { maxHashTurnMs, maxWaitingHashes } from '../../core/limits.ts';
import { HashingBusy, inTurn } from './hashing.ts';

afterEach(() => {
  vi.useRealTimers();
});

const gate = () => {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
};

test('one runs at a time, and a failure frees the turn', async () => {
  let running = 0;
  let most = 0;
  const work = async () => {
    running += 1;
    most = Math.max(most, running);
    await scheduler.wait(1);
    running -= 1;
    if (most > 0) throw new Error('failed');
  };
  const settled = await Promise.allSettled([inTurn(work), inTurn(work), inTurn(work)]);
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(most).toBe(1);
});

test('a full queue refuses further work at once, and the others still get their turn', async () => {
  const { open, opened } = gate();
  const first = inTurn(() => opened);
  const waiting = Array.from({ length: maxWaitingHashes }, (_, index) => inTurn(() => Promise.resolve(index)));
  await expect(inTurn(() => Promise.resolve())).rejects.toThrow(HashingBusy);
  open();
  await first;
  expect(await Promise.all(waiting)).toEqual(waiting.map((_, index) => index));
});

test('a turn that never ends is taken away after its time', async () => {
  const { open, opened } = gate();
  const stuck = inTurn(() => opened);
  let isNext = false;
  const next = inTurn(async () => {
    isNext = true;
  });
  vi.setSystemTime(Date.now() + maxHashTurnMs - 1000);
  await scheduler.wait(50);
  expect(isNext).toBe(false);
  vi.setSystemTime(Date.now() + 1000);
  await next;
  open();
  await stuck;
});
