/**
 * A password hash takes a fifth of a second in which its isolate does nothing else. So they go one at a time, and between
 * two of them everything else is answered.
 */

/** How many may wait; further ones are told to come back. */
const waitingMost = 64;
/** A request that is cut off never gives its turn back, nor its place: after this long they are taken to be free. */
const turnMostMs = 5_000;
const placeMostMs = 1_000;
const pollMs = 8;

/** Too many passwords are being checked already. */
export class HashingBusy extends Error {
  override name = 'HashingBusy';
}

let turnEndsAt = 0;
/** Who waits, and until when that is believed. */
const places = new Map<symbol, number>();

/**
 * Runs `work` when its turn has come. It polls: a promise that another request resolves would hang when that request ends.
 *
 * @throws HashingBusy if the queue is full.
 */
export const inTurn = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  await turn();
  const mine = Date.now() + turnMostMs;
  turnEndsAt = mine;
  try {
    return await work();
  } finally {
    if (turnEndsAt === mine) turnEndsAt = 0;
  }
};

const turn = async () => {
  if (turnEndsAt <= Date.now()) return;
  for (const [place, until] of places) if (until < Date.now()) places.delete(place);
  if (places.size >= waitingMost) throw new HashingBusy();
  const place = Symbol();
  while (turnEndsAt > Date.now()) {
    places.set(place, Date.now() + placeMostMs);
    await scheduler.wait(pollMs + Math.random() * pollMs);
  }
  places.delete(place);
};
