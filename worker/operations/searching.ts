/**
 * The queue of searches of the log. A search keeps the database's one thread busy for some milliseconds, so searches run one
 * at a time, take turns between accounts, and leave most of the time to other requests.
 */
import {
  maxSearchesPerAccount,
  maxSearchesPercent,
  maxSearchPauseMs,
  maxSearchSilenceMs,
  maxSearchTurnMs,
  maxSearchWaitMs,
  maxWaitingSearches,
} from '../../core/limits.ts';

const pollIntervalMs = 8;

/** Too many searches wait, in all or of this account. */
export class SearchBusy extends Error {
  override name = 'SearchBusy';
}

interface Waiting {
  account: number;
  /** The time until which it counts: a request that is cut off says nothing more. */
  until: number;
}

/** When the next search may begin: after the one that runs, and the pause that follows it. */
let freeAt = 0;
let lastAccount = 0;
let waiting: Waiting[] = [];

/**
 * Runs `work` when no other search runs. Waiting requests poll: a promise that another request resolves would hang when that
 * request ends.
 *
 * @throws SearchBusy if the queue is full, or the turn does not come in time.
 */
export const searchInTurn = async <Result>(account: number, work: () => Promise<Result>): Promise<Result> => {
  const mine = await takeTurn(account);
  const start = Date.now();
  try {
    return await work();
  } finally {
    const now = Date.now();
    if (freeAt === mine)
      freeAt = now + Math.min(((now - start) * (100 - maxSearchesPercent)) / maxSearchesPercent, maxSearchPauseMs);
  }
};

/** Waits for the turn of the caller, and returns when it ends at the latest. */
const takeTurn = async (account: number): Promise<number> => {
  const start = Date.now();
  waiting = waiting.filter(({ until }) => until >= start);
  const own = waiting.filter((each) => each.account === account);
  if (own.length >= maxSearchesPerAccount || waiting.length >= maxWaitingSearches) throw new SearchBusy();
  const place: Waiting = { account, until: 0 };
  waiting.push(place);
  try {
    for (;;) {
      const now = Date.now();
      place.until = now + maxSearchSilenceMs;
      if (freeAt <= now && next(now) === place) {
        // Here, since nothing may come between the check and the assignment.
        freeAt = now + maxSearchTurnMs;
        lastAccount = account;
        return freeAt;
      }
      if (now - start > maxSearchWaitMs) throw new SearchBusy();
      await scheduler.wait(pollIntervalMs + Math.random() * pollIntervalMs);
    }
  } finally {
    waiting = waiting.filter((each) => each !== place);
  }
};

/** First come, first served, but no account twice in a row while another one waits. */
const next = (now: number): Waiting | undefined => {
  const live = waiting.filter(({ until }) => until >= now);
  return live.find(({ account }) => account !== lastAccount) ?? live[0];
};
