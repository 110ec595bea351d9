/**
 * When the log is sealed: after answers, once enough events have gathered or the oldest has waited long enough, and when somebody asks for
 * it. What has gathered is counted in the memory of the isolate, so a request pays nothing for it. Where several isolates write to one
 * vault, each seals what all have written.
 */
import {
  eventsPerSealing,
  expiryIntervalMs,
  maxSealingMs,
  maxSealingRounds,
  maxSealingTurnMs,
  maxUnsealedEvents,
  maxUnsealedMs,
  minSealingIntervalMs,
  sealingPauseMs,
} from '../../core/limits.ts';
import { StoreFailure } from '../../core/store-failure.ts';
import { expireEvents } from './log-expiry.ts';
import { type Sealed, sealRound, whySealingFails } from './log-sealing.ts';
import type { Vault } from './vault.ts';

interface State {
  /** The events that this isolate has written since it sealed. */
  gathered: number;
  /** Since when something may not be sealed. A new isolate does not know what there was before it. */
  since: number | null;
  /** When sealing began last. */
  beganAt: number;
  /** When expired events were looked for last; 0 if there are more of them. */
  expiredAt: number;
  /** Until when the one that seals has its turn. */
  turnUntil: number;
  /** What the operator was told last, of sealing and of removing expired events. */
  told: { seal: string | null; expire: string | null };
}

const states = new WeakMap<Vault, State>();

const stateOf = (vault: Vault, now: number): State => {
  const known = states.get(vault);
  if (known) return known;
  const state: State = {
    gathered: 0,
    since: now,
    beganAt: 0,
    expiredAt: now - expiryIntervalMs + maxUnsealedMs,
    turnUntil: 0,
    told: { seal: null, expire: null },
  };
  states.set(vault, state);
  return state;
};

/** Counts events that were written. */
export const noteEvents = (vault: Vault, now: number, events: number): void => {
  const state = stateOf(vault, now);
  state.gathered += events;
  state.since ??= now;
};

/** Whether it is time to seal. */
export const isSealingDue = (vault: Vault, now: number): boolean => {
  const { gathered, since, beganAt, turnUntil } = stateOf(vault, now);
  // A clock that was set back makes nothing wait for longer.
  if (now < turnUntil && turnUntil <= now + maxSealingTurnMs) return false;
  if (Math.abs(now - beganAt) < minSealingIntervalMs) return false;
  return (
    gathered >= maxUnsealedEvents ||
    (since !== null && Math.abs(now - since) >= maxUnsealedMs) ||
    isExpiryDue(vault, now)
  );
};

/** Whether it is time to look for events that have expired. */
const isExpiryDue = (vault: Vault, now: number): boolean =>
  vault.logDays !== null && Math.abs(now - stateOf(vault, now).expiredAt) >= expiryIntervalMs;

/**
 * Seals what has gathered, in some rounds, and removes what has expired; to be run after an answer. Never fails: what goes wrong is told to
 * the operator.
 */
export const sealGathered = async (vault: Vault): Promise<void> => {
  const state = stateOf(vault, Date.now());
  const turn = Date.now() + maxSealingTurnMs;
  state.turnUntil = turn;
  state.beganAt = Date.now();
  try {
    if ((await sealRounds(vault, state)) && isExpiryDue(vault, Date.now())) await expire(vault, state);
  } finally {
    if (state.turnUntil === turn) state.turnUntil = 0;
  }
};

/** @returns whether the log is sealed, or as far as some rounds go. */
const sealRounds = async (vault: Vault, state: State): Promise<boolean> => {
  try {
    for (let round = 1; ; round++) {
      const before = state.gathered;
      const { rest } = await sealRound(vault, Date.now());
      // What was written meanwhile waits like everything else. Only a log that is far behind is sealed at once.
      state.gathered = rest + state.gathered - before;
      state.since = state.gathered > 0 ? Date.now() : null;
      state.told.seal = null;
      if (rest < eventsPerSealing || round === maxSealingRounds) return true;
      await new Promise((resolve) => setTimeout(resolve, sealingPauseMs));
    }
  } catch (error) {
    // Tried again after a minute.
    state.gathered = 0;
    state.since = Date.now();
    tellOnce(state, 'seal', error);
    return false;
  }
};

const expire = async (vault: Vault, state: State): Promise<void> => {
  // Not before the next time, whatever happens: what has failed now may fail again.
  state.expiredAt = Date.now();
  try {
    const { rounds, isBehind } = await expireEvents(vault);
    if (rounds > 0) noteEvents(vault, Date.now(), rounds);
    if (isBehind) state.expiredAt = 0;
    state.told.expire = null;
  } catch (error) {
    tellOnce(state, 'expire', error);
  }
};

const failures = {
  seal: 'The log could not be sealed',
  expire: 'Expired entries of the log could not be removed',
};

const tellOnce = ({ told }: State, what: keyof State['told'], error: unknown) => {
  const why =
    whySealingFails(error) ?? (error instanceof StoreFailure ? `the database is ${error.kind}` : String(error));
  if (told[what] === why) return;
  told[what] = why;
  console.error(`${failures[what]}: ${why}. Requests are served all the same. See docs/AUDIT.md.`);
};

/**
 * Seals everything that was committed before, unless that takes too long: then `rest` says how much is left.
 *
 * @throws LogAltered and SealedValueError as `sealRound` does.
 */
export const sealAll = async (vault: Vault): Promise<Sealed> => {
  const end = Date.now() + maxSealingMs;
  const first = await sealRound(vault, Date.now());
  const wanted = first.size + first.rest;
  let sealed = first;
  while (sealed.rest > 0 && sealed.size < wanted && Date.now() < end) sealed = await sealRound(vault, Date.now());
  return { ...sealed, rest: Math.max(0, wanted - sealed.size) };
};
