import { expect, test } from 'vitest';
import { maxSearchesPerAccount, maxSearchSilenceMs, maxSearchTurnMs } from '../../core/limits.ts';
import { searchInTurn } from './searching.ts';
import { TurnsBusy } from './turns.ts';

/** Work that takes until `open` is called. */
const gated = () => {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
};

test('searches run one at a time, and a failure frees the turn', async () => {
  let running = 0;
  let most = 0;
  const work = async () => {
    running += 1;
    most = Math.max(most, running);
    await scheduler.wait(1);
    running -= 1;
    throw new Error('failed');
  };
  const settled = await Promise.allSettled([1, 2, 3].map((account) => searchInTurn(account, work)));
  expect(settled.map((each) => each.status === 'rejected' && String(each.reason))).toEqual(
    Array(3).fill('Error: failed'),
  );
  expect(most).toBe(1);
});

test('an account that waits with many searches does not keep others waiting, and may not wait with more', async () => {
  const { open, opened } = gated();
  const order: number[] = [];
  const running = gated();
  const first = searchInTurn(7, () => {
    running.open();
    return opened;
  });
  await running.opened;
  const asked = Array.from({ length: maxSearchesPerAccount + 1 }, () =>
    searchInTurn(7, async () => void order.push(7)),
  );
  asked.push(searchInTurn(8, async () => void order.push(8)));
  const settled = Promise.allSettled(asked);
  await scheduler.wait(20);
  open();
  await first;
  const refused = (await settled).filter(({ status }) => status === 'rejected');
  expect(refused).toMatchObject([{ reason: expect.any(TurnsBusy) }]);
  expect(order).toEqual([8, ...Array(maxSearchesPerAccount).fill(7)]);
});

test('searches that last are followed by pauses, so that most of the time belongs to others', async () => {
  const durationMs = 20;
  const begun: number[] = [];
  const work = async () => {
    begun.push(Date.now());
    await scheduler.wait(durationMs);
  };
  await Promise.all([searchInTurn(1, work), searchInTurn(2, work)]);
  expect((begun[1] ?? 0) - (begun[0] ?? 0)).toBeGreaterThan(3 * durationMs);
});

test('a search that is cut off does not hold its turn for ever', async () => {
  void searchInTurn(1, () => new Promise(() => {}));
  const since = Date.now();
  await searchInTurn(2, async () => {});
  expect(Date.now() - since).toBeLessThan(maxSearchTurnMs + maxSearchSilenceMs + 10_000);
});
