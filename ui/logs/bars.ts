import type { Activity } from '../api/wire.ts';

/** Counts per hour or day, with the hours in which nothing happened. */

export type Per = 'hour' | 'day';

export interface Bar {
  time: number;
  allowed: number;
  refused: number;
}

const steps: Record<Per, { ms: number; count: number }> = {
  hour: { ms: 3_600_000, count: 48 },
  day: { ms: 86_400_000, count: 30 },
};

export const barsOf = ({ activity }: Activity, per: Per, now: number): Bar[] => {
  const { ms, count } = steps[per];
  const known = new Map(activity.map((one) => [Date.parse(one.time), one]));
  // The vault's clock may be ahead of this one's.
  const newest = Math.max(Math.floor(now / ms) * ms, ...known.keys());
  return Array.from({ length: count }, (_, index) => {
    const time = newest - (count - 1 - index) * ms;
    const { allowed, refused } = known.get(time) ?? { allowed: 0, refused: 0 };
    return { time, allowed, refused };
  });
};

export const highest = (bars: readonly Bar[]): number =>
  Math.max(1, ...bars.map(({ allowed, refused }) => allowed + refused));
