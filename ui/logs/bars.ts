/** The bars of the activity chart: one for each hour or day, also where nothing happened. */
import { defaultActivityDays, defaultActivityHours } from '../../core/limits.ts';
import type { Activity } from '../api/wire.ts';

export type Per = 'hour' | 'day';

export interface Bar {
  time: number;
  allowed: number;
  refused: number;
}

const steps: Record<Per, { ms: number; count: number }> = {
  hour: { ms: 3_600_000, count: defaultActivityHours },
  day: { ms: 86_400_000, count: defaultActivityDays },
};

export const spanText = (per: Per): string => `last ${steps[per].count} ${per}s`;

export const barsOf = ({ activity }: Activity, per: Per, now: number): Bar[] => {
  const { ms, count } = steps[per];
  const known = new Map(activity.map((one) => [Date.parse(one.time), one]));
  // The vault's clock may be ahead of the browser's.
  const newest = Math.max(Math.floor(now / ms) * ms, ...known.keys());
  return Array.from({ length: count }, (_, index) => {
    const time = newest - (count - 1 - index) * ms;
    const { allowed, refused } = known.get(time) ?? { allowed: 0, refused: 0 };
    return { time, allowed, refused };
  });
};

export const highest = (bars: readonly Bar[]): number =>
  Math.max(1, ...bars.map(({ allowed, refused }) => allowed + refused));
