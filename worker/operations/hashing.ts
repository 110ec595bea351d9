/**
 * The queue of password hashes. A hash takes a fifth of a second, in which its isolate does nothing else, so hashes run one
 * at a time and other requests are answered between two of them.
 */
import { maxHashSilenceMs, maxHashTurnMs, maxWaitingHashes } from '../../core/limits.ts';

const pollIntervalMs = 8;

/** The queue is full. */
export class HashingBusy extends Error {
  override name = 'HashingBusy';
}

let turnEndsAt = 0;
/** The requests in the queue, each with the time until which it counts. */
const waiting = new Map<symbol, number>();

/**
 * Runs `work` when no other work runs. Waiting requests poll: a promise that another request resolves would hang when that
 * request ends.
 *
 * @throws HashingBusy if the queue is full.
 */
export const inTurn = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  const mine = await takeTurn();
  try {
    return await work();
  } finally {
    if (turnEndsAt === mine) turnEndsAt = 0;
  }
};

/** Waits until no other work runs. Nothing may come between the check and the assignment, so both are synchronous. */
const takeTurn = async (): Promise<number> => {
  if (turnEndsAt > Date.now()) {
    for (const [place, until] of waiting) if (until < Date.now()) waiting.delete(place);
    if (waiting.size >= maxWaitingHashes) throw new HashingBusy();
    const place = Symbol();
    while (turnEndsAt > Date.now()) {
      waiting.set(place, Date.now() + maxHashSilenceMs);
      await scheduler.wait(pollIntervalMs + Math.random() * pollIntervalMs);
    }
    waiting.delete(place);
  }
  turnEndsAt = Date.now() + maxHashTurnMs;
  return turnEndsAt;
};
