import { beforeEach, expect, test, vi } from 'vitest';
import {
  assumedListBytes,
  maxConcurrentLists,
  maxHeldListBytes,
  maxListMakingMs,
  maxListStallMs,
  maxShortListBytes,
} from '../../core/limits.ts';
import { forgetModules } from '../testing/fresh-modules.ts';
import type { HeldList } from './long-lists.ts';

// One that holds no lists of other test files.
await forgetModules();
const { heldBytes, makeInTurn } = await import('./long-lists.ts');

const lists: (HeldList | null)[] = [];

beforeEach(() => {
  for (const list of lists.splice(0)) list?.release();
  expect(heldBytes()).toBe(0);
});

/** A list of so many bytes, made at once. */
const make = async (account: number, bytes: number) => {
  const { list } = await makeInTurn(
    account,
    async () => bytes,
    (made) => made,
  );
  lists.push(list);
  return list;
};

/** Whether a list is still waiting for room after some turns of the event loop. */
const isWaiting = async (list: Promise<unknown>) =>
  (await Promise.race([list.then(() => 'made'), scheduler.wait(100).then(() => 'waiting')])) === 'waiting';

test('a short list takes no room, and the next one of its account no turn', async () => {
  expect(await make(1, maxShortListBytes)).toBeNull();
  expect(heldBytes()).toBe(0);
  let isAsked = false;
  const work = async () => {
    isAsked = true;
    return 1;
  };
  void makeInTurn(1, work, (bytes) => bytes);
  expect(isAsked).toBe(true);
});

test('a few long lists are asked for at once, however many clients ask', async () => {
  let running = 0;
  let most = 0;
  const work = async () => {
    running += 1;
    most = Math.max(most, running);
    await scheduler.wait(5);
    running -= 1;
    return assumedListBytes;
  };
  const asked = Array.from({ length: 24 }, (_, index) => makeInTurn(100 + index, work, (bytes) => bytes));
  lists.push(...(await Promise.all(asked)).map(({ list }) => list));
  expect(most).toBe(maxConcurrentLists);
});

test('lists that are not read take half of the memory for one account, and others go on', async () => {
  const size = maxHeldListBytes / 16;
  await make(2, size);
  for (let count = 1; count < 8; count += 1) await make(2, size);
  const ninth = make(2, size);
  expect(await isWaiting(ninth)).toBe(true);
  await make(3, size);
  expect(heldBytes()).toBe(9 * size);
  lists[0]?.release();
  lists[1]?.release();
  expect(await isWaiting(ninth)).toBe(false);
});

test('an account that has nothing gets its list, however long and however much the others hold', async () => {
  await make(4, 2 * maxHeldListBytes);
  expect(await isWaiting(make(5, maxHeldListBytes))).toBe(false);
});

test('a list that fails gives its room back', async () => {
  const failing = makeInTurn(
    9,
    () => Promise.reject(new Error('no')),
    () => 0,
  );
  await expect(failing).rejects.toThrow('no');
  expect(heldBytes()).toBe(0);
});

test('what a request that was cut off holds lapses, and reading keeps a list', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    const read = await make(6, assumedListBytes);
    await make(7, assumedListBytes);
    void makeInTurn(
      8,
      () => new Promise<number>(() => {}),
      (bytes) => bytes,
    );
    await scheduler.wait(1);
    vi.setSystemTime(Date.now() + Math.min(maxListStallMs, maxListMakingMs) - 1);
    read?.touch();
    vi.setSystemTime(Date.now() + Math.max(maxListStallMs, maxListMakingMs) - 1);
    expect(heldBytes()).toBe(assumedListBytes);
  } finally {
    vi.useRealTimers();
  }
});
