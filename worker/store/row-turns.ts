/**
 * Requests of one isolate that change the same row take turns once they have missed it, since each of them would make all others look again.
 * They poll: a request may be cut off while it has its turn, and then nobody would wake the others.
 */
import { maxRowTurnMs, maxRowTurns } from '../../core/limits.ts';
import type { SealedRow } from '../../core/sealed-rows.ts';

const pollMs = 3;

/** By what finds a row: whose turn it is, and until when. */
const turns = new Map<string, { owner: object; until: number }>();

/** Forgets the turns of requests that were cut off. */
const dropEnded = () => {
  const now = Date.now();
  for (const [key, { until }] of turns) if (until <= now) turns.delete(key);
};

/** A turn that ends with its block, see `take`. */
export const turnOnRows = () => {
  const owner = {};
  let key: string | null = null;
  return {
    /** Waits for the turn on the first of these rows, and keeps it. Whether it had to wait. */
    take: async (rows: readonly SealedRow[]): Promise<boolean> => {
      const [row] = rows;
      if (!row) return false;
      key ??= `${row[0]} ${row[1].join(' ')}`;
      let hasWaited = false;
      for (
        let taken = turns.get(key);
        taken && taken.owner !== owner && taken.until > Date.now();
        taken = turns.get(key)
      ) {
        hasWaited = true;
        await new Promise((resolve) => setTimeout(resolve, pollMs * (1 + Math.random())));
      }
      if (turns.size >= maxRowTurns) dropEnded();
      turns.set(key, { owner, until: Date.now() + maxRowTurnMs });
      return hasWaited;
    },
    [Symbol.dispose]: () => {
      if (key !== null && turns.get(key)?.owner === owner) turns.delete(key);
    },
  };
};
