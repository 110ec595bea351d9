/**
 * Shares out what all clients use together, such as connections or memory. A holder (a client's network) that has something
 * already may take more only as long as at least as much is left free: one greedy holder gets half, two a third each, and a
 * newcomer is served as long as anything is free.
 */
import { remembered } from '../remembered.ts';
import { logAddress, networkRange } from './address.ts';

/** Why something was not given: there is none left, or this holder has its share. */
export type Refused = 'full' | 'overShare';

/** Makes the account of `max` units. */
export function createShare(max: number) {
  const held = new Map<string, number>();
  let used = 0;
  return {
    /** Takes so many units, or says why not. */
    take(holder: string, amount: number): Refused | undefined {
      const had = held.get(holder) ?? 0;
      const left = max - used - amount;
      if (had > 0 && had + amount > left) return 'overShare';
      if (left < 0) return 'full';
      held.set(holder, had + amount);
      used += amount;
      return undefined;
    },
    /** Gives back what was taken. */
    give(holder: string, amount: number): void {
      used -= amount;
      const left = (held.get(holder) ?? 0) - amount;
      if (left > 0) held.set(holder, left);
      else held.delete(holder);
    },
  };
}

/** Who counts as one holder: an IPv4 address, or the /64 network that a single IPv6 host usually controls. */
export const holderOf: (address: string) => string = remembered((address) => networkRange(logAddress(address)).from);
