/**
 * Turns of searches of the log. A search keeps the database's one thread busy for some milliseconds, so searches run one
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
import { createTurns } from './turns.ts';

/** When the next search may begin: after the one that runs, and the pause that follows it. */
let freeAt = 0;

const takeTurn = createTurns({
  maxPerAccount: maxSearchesPerAccount,
  maxWaiting: maxWaitingSearches,
  maxWaitMs: maxSearchWaitMs,
  maxSilenceMs: maxSearchSilenceMs,
});

const isFree = (_account: number, now: number) => freeAt <= now;

/** Begins a search, and returns when its turn ends at the latest. */
const begin = (now: number): number => {
  freeAt = now + maxSearchTurnMs;
  return freeAt;
};

/**
 * Runs `work` when no other search runs.
 *
 * @throws TurnsBusy if the queue is full, or the turn does not come in time.
 */
export const searchInTurn = async <Result>(account: number, work: () => Promise<Result>): Promise<Result> => {
  const mine = await takeTurn(account, isFree, begin);
  const start = Date.now();
  try {
    return await work();
  } finally {
    const now = Date.now();
    if (freeAt === mine)
      freeAt = now + Math.min(((now - start) * (100 - maxSearchesPercent)) / maxSearchesPercent, maxSearchPauseMs);
  }
};
