/**
 * Long lists, of which a few megabytes each are in memory from the moment when the database is asked until the client has read
 * them: how many there are at once is bounded, for all and for one account. One that has no room waits. Short lists do not.
 */
import {
  assumedListBytes,
  maxConcurrentLists,
  maxHeldListBytes,
  maxKnownLists,
  maxListMakingMs,
  maxListStallMs,
  maxListWaitMs,
  maxListWaitSilenceMs,
  maxShortListBytes,
  maxWaitingLists,
} from '../../core/limits.ts';
import { accountOf, refuseTurn } from './admission.ts';
import type { Operation } from './operation.ts';
import { createTurns, TurnsBusy } from './turns.ts';

/** A list that takes room. A request that is cut off gives nothing back, so what it has lapses. */
export interface HeldList {
  /** The client has taken some more of it. */
  touch(): void;
  /** It is not needed any more. */
  release(): void;
}

interface Entry {
  account: number;
  bytes: number;
  /** The database has not answered yet. */
  isAsked: boolean;
  until: number;
}

let held: Entry[] = [];

/** How long the last list of each account was; the next one is about as long. */
const lengths = new Map<number, number>();

const noteLength = (account: number, bytes: number) => {
  lengths.delete(account);
  lengths.set(account, bytes);
  const [oldest] = lengths.size > maxKnownLists ? lengths.keys() : [];
  if (oldest !== undefined) lengths.delete(oldest);
};

const takeTurn = createTurns({
  maxPerAccount: maxWaitingLists / 2,
  maxWaiting: maxWaitingLists,
  maxWaitMs: maxListWaitMs,
  maxSilenceMs: maxListWaitSilenceMs,
});

/**
 * Whether another list of this account has room: a few may be made at once, and of the memory an account gets as much as it leaves
 * to others. An account that has nothing is always served, so nobody shuts it out by reading slowly.
 */
const hasRoom = (account: number, now: number): boolean => {
  held = held.filter(({ until }) => until >= now);
  if (held.filter(({ isAsked }) => isAsked).length >= maxConcurrentLists) return false;
  const own = sum(held.filter((each) => each.account === account));
  const more = lengths.get(account) ?? assumedListBytes;
  return own === 0 || own + more <= maxHeldListBytes - sum(held) - more;
};

const sum = (entries: readonly Entry[]) => entries.reduce((total, { bytes }) => total + bytes, 0);

/** Runs `make` when there is room for what it makes, and holds that until it is released, unless it is short. */
export const makeInTurn = async <Made>(
  account: number,
  make: () => Promise<Made>,
  bytesOf: (made: Made) => number,
): Promise<{ made: Made; list: HeldList | null }> => {
  const known = lengths.get(account) ?? assumedListBytes;
  const entry = { account, bytes: known, isAsked: true, until: 0 };
  const release = () => {
    held = held.filter((each) => each !== entry);
  };
  if (known > maxShortListBytes)
    await takeTurn(account, hasRoom, (now) => {
      entry.until = now + maxListMakingMs;
      held.push(entry);
    });
  try {
    const made = await make();
    const bytes = bytesOf(made);
    noteLength(account, bytes);
    release();
    if (bytes <= maxShortListBytes) return { made, list: null };
    const touch = () => {
      entry.until = Date.now() + maxListStallMs;
    };
    touch();
    held.push(Object.assign(entry, { bytes, isAsked: false }));
    return { made, list: { touch, release } };
  } catch (error) {
    release();
    throw error;
  }
};

/** An operation whose result may be a long list of these parts of text: waits until there is room for it. */
export const longList = <Input, Result extends object>(
  inner: Operation<Input, Result>,
  partsOf: (result: Result) => readonly string[],
): Operation<Input, Result & { list: HeldList | null }> => ({
  ...inner,
  async perform(context, input) {
    try {
      const { made, list } = await makeInTurn(
        accountOf(context),
        () => inner.perform(context, input),
        (outcome) =>
          outcome.outcome === 'allowed' ? partsOf(outcome.result).reduce((total, { length }) => total + length, 0) : 0,
      );
      return made.outcome === 'allowed' ? { ...made, result: { ...made.result, list } } : made;
    } catch (error) {
      if (error instanceof TurnsBusy) return refuseTurn(context, inner.action, 'too_many_lists');
      throw error;
    }
  },
});

/** For tests: how much is held. */
export const heldBytes = (): number => sum(held.filter(({ until }) => until >= Date.now()));
