/**
 * The queue of password hashes. A hash takes a fifth of a second of computing outside this thread, or half a second in it, in
 * slices of some milliseconds (hasher.ts). Hashes run one at a time, first come, first served; other requests are answered
 * meanwhile.
 */
import { likeness } from '../../core/accounts/likeness.ts';
import type { Caller } from '../../core/caller.ts';
import type { Pause } from '../../core/crypto/scrypt.ts';
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
import { networkRange } from '../../core/network/address.ts';

/** How often the next in line looks whether it is its turn. Those further back look less often. */
const nextPollMs = 2;
const pollMs = 10;
const maxPollMs = 100;

/** About how long an answer takes that hashes nothing, and the longest pause that it gets from a hash. */
const answerMs = 8;
const maxGiveWayMs = 4;

/** The queue is full, or the caller's share of it, or the caller has waited for too long, or has left meanwhile. */
export class HashingBusy extends Error {
  override name = 'HashingBusy';
}

/** Who waits: what shares of the queue are counted by. */
export type Waiting = Pick<Caller, 'claimedName' | 'address' | 'hasLeft'>;

interface Place {
  account: string;
  network: string;
  /** How often the request has polled, and when it last did. */
  polls: number;
  polledAt: number;
}

/** What a waiting request has seen of another one: how often that had polled, and for how long it has not polled since. */
interface Sight {
  polls: number;
  silentMs: number;
}

/** Who hashes, and until when without a sign of life. */
let turn: { endsAt: number } | null = null;

let lastTicket = 0;
/** The requests in the queue, by their tickets. The lowest one is next. */
const places = new Map<number, Place>();

/**
 * Runs `work` when no other work runs. Waiting requests poll: a promise that another request resolves would hang when that
 * request ends. The runtime does not tell a worker that a client has hung up; it stops running the request. So whoever no
 * longer polls has left.
 *
 * @param work gets the `pause` for its hashes, which is also its sign of life.
 * @throws HashingBusy if the queue is full, or too many of this account or this address wait in it, or the wait is too long.
 */
export const inTurn = async <Result>(who: Waiting, work: (pause: Pause) => Promise<Result>): Promise<Result> => {
  const mine = await takeTurn(who);
  const pause = async () => {
    mine.endsAt = Date.now() + maxHashPauseMs;
    await giveWay();
  };
  try {
    return await work(pause);
  } finally {
    if (turn === mine) turn = null;
  }
};

let lastRequestAt = 0;

/** Tells the queue that a request has come, so that hashes give way to it. */
export const noteRequest = (now: number): void => {
  lastRequestAt = now;
};

/**
 * A pause between two slices. An answer takes several turns of the event loop, so after one turn alone a slice would come
 * between each two of its steps. While requests come, the pause is as long as an answer takes, but not much longer than a slice.
 */
const giveWay = async () => {
  await scheduler.wait(0);
  // Counted, not timed: the clock may be set back.
  for (let ms = 0; ms < maxGiveWayMs && Math.abs(Date.now() - lastRequestAt) < answerMs; ms++) await scheduler.wait(1);
};

/** Waits for the turn. Nothing may come between the check and the assignment, so both are synchronous. */
const takeTurn = async ({ claimedName, address, hasLeft }: Waiting) => {
  const place = { account: likeness(claimedName ?? ''), network: networkRange(address).from, polls: 0, polledAt: 0 };
  const enteredAt = Date.now();
  const seen = new Map<number, Sight>();
  let ticket = 0;
  let waitedMs = 0;
  for (;;) {
    if (ticket !== 0 && hasLeft?.()) {
      places.delete(ticket);
      throw new HashingBusy();
    }
    const ahead = countAhead(ticket || Number.POSITIVE_INFINITY, seen, waitedMs);
    if (ahead === 0 && !isBusy()) break;
    if (ticket === 0) ticket = enter(place);
    if (Math.abs(Date.now() - enteredAt) > maxHashWaitMs) {
      places.delete(ticket);
      throw new HashingBusy();
    }
    place.polls += 1;
    place.polledAt = Date.now();
    // Set again, since the place may have been taken away while the worker could not poll.
    places.set(ticket, place);
    waitedMs = ahead === 0 ? nextPollMs : Math.min(maxPollMs, pollMs * ahead);
    await scheduler.wait(waitedMs);
  }
  places.delete(ticket);
  turn = { endsAt: Date.now() + maxHashTurnMs };
  return turn;
};

/** An end that is further away than it can be was set before the clock was set back. */
const isBusy = () => turn !== null && turn.endsAt > Date.now() && turn.endsAt <= Date.now() + maxHashTurnMs;

/**
 * How many requests with a lower ticket wait; takes away the places of those that have left. Their silence is the sum of this
 * request's own pauses: a clock would also count a moment in which nobody could poll.
 *
 * @param seen what this request has seen of the others. @param waitedMs how long it paused since it last looked.
 */
const countAhead = (ticket: number, seen: Map<number, Sight>, waitedMs: number): number => {
  let ahead = 0;
  for (const [other, { polls }] of places) {
    if (other === ticket) continue;
    const last = seen.get(other);
    const silentMs = last?.polls === polls ? last.silentMs + waitedMs : 0;
    seen.set(other, { polls, silentMs });
    if (silentMs >= maxHashSilenceMs) places.delete(other);
    else if (other < ticket) ahead += 1;
  }
  return ahead;
};

const enter = ({ account, network }: Place): number => {
  const now = Date.now();
  const all = [...places.values()].filter(({ polledAt }) => Math.abs(now - polledAt) <= maxHashSilenceMs);
  const ofAccount = all.filter((other) => other.account === account);
  const ofNetwork = all.filter((other) => other.network === network);
  const ofBoth = ofNetwork.filter((other) => other.account === account);
  if (
    all.length >= maxWaitingHashes ||
    ofAccount.length >= maxWaitingHashesPerAccount ||
    ofNetwork.length >= maxWaitingHashesPerAddress ||
    ofBoth.length >= maxWaitingHashesPerPerson
  ) {
    throw new HashingBusy();
  }
  lastTicket += 1;
  return lastTicket;
};
