import { afterEach, expect, test, vi } from 'vitest';
import {
  maxHashPauseMs,
  maxHashSilenceMs,
  maxHashTurnMs,
  maxHashWaitMs,
  maxWaitingHashes,
  maxWaitingHashesPerAccount,
  maxWaitingHashesPerAddress,
  maxWaitingHashesPerPerson,
} from '../../core/limits.ts';
import { HashingBusy, inTurn, type Waiting } from './hashing.ts';

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

let people = 0;
/** Somebody with an account and an address of their own. */
const somebody = (fields: Partial<Waiting> = {}): Waiting => {
  people += 1;
  return { claimedName: `person ${people}`, address: `198.51.100.${people}`, ...fields };
};

/** How many of these are let into the queue while another one hashes; all leave it again. */
const admitted = async (waiting: Waiting[]) => {
  const { open, opened } = gate();
  const first = inTurn(somebody(), () => opened);
  const all = Promise.allSettled(waiting.map((who) => inTurn(who, async () => {})));
  await scheduler.wait(20);
  open();
  await first;
  const settled = await all;
  for (const each of settled) if (each.status === 'rejected') expect(each.reason).toBeInstanceOf(HashingBusy);
  return settled.filter(({ status }) => status === 'fulfilled').length;
};

const times = <Made>(count: number, make: () => Made) => Array.from({ length: count }, make);

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
  const settled = await Promise.allSettled(times(3, () => inTurn(somebody(), work)));
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(most).toBe(1);
});

test('first come, first served', async () => {
  const { open, opened } = gate();
  const first = inTurn(somebody(), () => opened);
  const order: number[] = [];
  const all = Array.from({ length: 12 }, (_, index) => inTurn(somebody(), async () => void order.push(index)));
  await scheduler.wait(100);
  open();
  await Promise.all([first, ...all]);
  expect(order).toEqual(order.toSorted((a, b) => a - b));
});

test.each([5, 20, 45, 70])('a moment after %d ms in which nobody can poll does not change the order', async (ms) => {
  const { open, opened } = gate();
  const first = inTurn(somebody(), async (pause) => {
    await opened;
    await pause();
  });
  const order: number[] = [];
  const all = Array.from({ length: 12 }, (_, index) => inTurn(somebody(), async () => void order.push(index)));
  await scheduler.wait(ms);
  // As if the worker had computed for that long, and the last timers fired first.
  vi.setSystemTime(Date.now() + maxHashSilenceMs + 1);
  const late = inTurn(somebody(), async () => void order.push(12));
  open();
  await Promise.all([first, ...all, late]);
  expect(order).toEqual(order.toSorted((a, b) => a - b));
});

test('a full queue refuses further work at once, and the others still get their turn', async () => {
  expect(await admitted(times(maxWaitingHashes + 5, () => somebody()))).toBe(maxWaitingHashes);
});

test('one account, one address, and one account from one address have a share of the queue', async () => {
  const account = { claimedName: 'ann' };
  const address = { address: '203.0.113.1' };
  expect(await admitted(times(50, () => somebody(account)))).toBe(maxWaitingHashesPerAccount);
  expect(await admitted(times(50, () => somebody(address)))).toBe(maxWaitingHashesPerAddress);
  expect(await admitted(times(50, () => somebody({ ...account, ...address })))).toBe(maxWaitingHashesPerPerson);
});

test('an account in another spelling and a neighbour in the same IPv6 network share the share', async () => {
  const names = ['ann', 'Ann', 'ANN'];
  const spelt = times(50, () => somebody()).map((who, index) => ({ ...who, claimedName: names[index % 3] ?? '' }));
  expect(await admitted(spelt)).toBe(maxWaitingHashesPerAccount);
  const neighbours = times(50, () => somebody()).map((who, index) => ({
    ...who,
    address: `2001:db8:0:1:0:0:0:${index}`,
  }));
  expect(await admitted(neighbours)).toBe(maxWaitingHashesPerAddress);
});

test('a turn that is cut off before it hashes is taken away', async () => {
  const { open, opened } = gate();
  const stuck = inTurn(somebody(), () => opened);
  await scheduler.wait(5);
  vi.setSystemTime(Date.now() + maxHashTurnMs + 1);
  expect(await inTurn(somebody(), async () => 'served')).toBe('served');
  open();
  await stuck;
});

test('whoever has left does not stay in the queue; without a queue, the answer still comes', async () => {
  const { open, opened } = gate();
  const hasLeft = () => true;
  const first = inTurn(somebody({ hasLeft }), async () => {
    await opened;
    return 'served';
  });
  const order: string[] = [];
  const left = inTurn(somebody({ hasLeft }), async () => void order.push('left'));
  const next = inTurn(somebody({ hasLeft: () => false }), async () => void order.push('next'));
  await expect(left).rejects.toThrow(HashingBusy);
  open();
  expect(await first).toBe('served');
  await next;
  expect(order).toEqual(['next']);
});

test('a turn that shows no sign of life is taken away; one that hashes keeps it', async () => {
  const { open, opened } = gate();
  let beat: () => Promise<void> = async () => {};
  const stuck = inTurn(somebody(), (pause) => {
    beat = pause;
    return opened;
  });
  let isNext = false;
  const next = inTurn(somebody(), async () => {
    isNext = true;
  });
  const started = Date.now();
  for (const step of [1, 2, 3]) {
    vi.setSystemTime(started + step * (maxHashPauseMs - 100));
    await beat();
    await scheduler.wait(50);
    expect(isNext).toBe(false);
  }
  vi.setSystemTime(Date.now() + maxHashPauseMs + 1);
  await next;
  open();
  await stuck;
});

test('a request that has waited too long is told to try again, and leaves its place', async () => {
  const { open, opened } = gate();
  let beat: () => Promise<void> = async () => {};
  const first = inTurn(somebody(), (pause) => {
    beat = pause;
    return opened;
  });
  const late = inTurn(somebody(), async () => {});
  const refused = expect(late).rejects.toThrow(HashingBusy);
  await scheduler.wait(20);
  vi.setSystemTime(Date.now() + maxHashWaitMs + 1);
  // In the same step as the clock, so that the turn does not seem to have ended.
  void beat();
  await refused;
  open();
  await first;
  expect(await inTurn(somebody(), async () => 'served')).toBe('served');
});

test('a clock that is set back keeps nobody waiting for a request that was cut off', async () => {
  const cutOff = () => new Promise<never>(() => {});
  const stopped = vi.spyOn(scheduler, 'wait').mockImplementation(cutOff);
  void inTurn(somebody(), cutOff);
  void inTurn(somebody(), async () => {});
  await Promise.resolve();
  stopped.mockRestore();
  vi.setSystemTime(Date.now() - 86_400_000);
  expect(await inTurn(somebody(), async () => 'served')).toBe('served');
});

test('a request that no longer polls has left the queue', async () => {
  const { open, opened } = gate();
  const first = inTurn(somebody(), () => opened);
  const realWait = scheduler.wait.bind(scheduler);
  // The runtime stops running a request whose client has hung up: its next pause never ends.
  const stopped = vi.spyOn(scheduler, 'wait').mockImplementation(() => new Promise(() => {}));
  for (const who of times(maxWaitingHashes, () => somebody())) void inTurn(who, async () => {});
  await Promise.resolve();
  stopped.mockRestore();
  await expect(inTurn(somebody(), async () => {})).rejects.toThrow(HashingBusy);
  await realWait(maxHashSilenceMs + 50);
  open();
  await first;
  expect(await inTurn(somebody(), async () => 'served')).toBe('served');
});
