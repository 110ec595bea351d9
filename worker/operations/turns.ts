/**
 * Queues for what keeps the database or the memory busy. They are fair between accounts and of bounded length, and a request
 * that is cut off leaves them without a word, since the runtime says nothing of it.
 */

/** Too many wait, in all or of this account, or the turn does not come in time. */
export class TurnsBusy extends Error {
  override name = 'TurnsBusy';
}

interface Waiting {
  account: number;
  /** The time until which it counts: a request that is cut off says nothing more. */
  until: number;
}

interface Limits {
  /** How many of one account and of all may wait, and for how long. */
  maxPerAccount: number;
  maxWaiting: number;
  maxWaitMs: number;
  /** Without a sign of life for this time, a request no longer counts. */
  maxSilenceMs: number;
}

const pollIntervalMs = 8;

/** Makes a queue. */
export const createTurns = ({ maxPerAccount, maxWaiting, maxWaitMs, maxSilenceMs }: Limits) => {
  let waiting: Waiting[] = [];
  let lastAccount = 0;

  /**
   * Waits for the caller's turn, and calls `begin` when it has come. Waiting requests poll: a promise that another request
   * resolves would hang when that request ends.
   *
   * @param mayBegin whether a turn of this account may begin now, apart from its place in the queue.
   * @throws TurnsBusy
   */
  return async <Begun>(
    account: number,
    mayBegin: (account: number, now: number) => boolean,
    begin: (now: number) => Begun,
  ): Promise<Begun> => {
    const start = Date.now();
    waiting = waiting.filter(({ until }) => until >= start);
    const own = waiting.filter((each) => each.account === account);
    if (own.length >= maxPerAccount || waiting.length >= maxWaiting) throw new TurnsBusy();
    const place: Waiting = { account, until: 0 };
    waiting.push(place);
    // First come, first served, but no account twice in a row while another one waits.
    const isNext = (now: number) => {
      const able = waiting.filter((each) => each.until >= now && mayBegin(each.account, now));
      return (able.find((each) => each.account !== lastAccount) ?? able[0]) === place;
    };
    try {
      for (;;) {
        const now = Date.now();
        place.until = now + maxSilenceMs;
        if (isNext(now)) {
          lastAccount = account;
          // At once: nothing may come between the check and what it permits.
          return begin(now);
        }
        if (now - start > maxWaitMs) throw new TurnsBusy();
        await scheduler.wait(pollIntervalMs + Math.random() * pollIntervalMs);
      }
    } finally {
      waiting = waiting.filter((each) => each !== place);
    }
  };
};
