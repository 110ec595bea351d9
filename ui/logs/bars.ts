/**
 * The bars of the activity chart: one for each hour, or for each day of the reader's calendar, also where nothing happened. The
 * vault counts by hours of UTC; adding them up here gives days that begin at the reader's midnight and have 23, 24 or 25 hours.
 */
import type { Activity } from '../api/wire.ts';

export type Per = 'hour' | 'day';

export interface Bar {
  /** The beginning of an hour, in ms. For a day, noon in UTC of its date: format it in UTC. */
  time: number;
  allowed: number;
  refused: number;
}

type Counts = Activity['activity'];

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const barsPer: Record<Per, number> = { hour: 48, day: 30 };

/** How many hours to ask for: a day more than 30 days have, since the first one has begun already in UTC, or is one of 25 hours. */
export const hoursFor: Record<Per, number> = { hour: barsPer.hour, day: (barsPer.day + 1) * 24 };

export const spanText = (per: Per): string => `last ${barsPer[per]} ${per}s`;

/** `zone` is a name of the IANA database; by default the reader's. */
export const barsOf = (counts: Counts, per: Per, now: number, zone?: string): Bar[] =>
  per === 'hour' ? hourBars(counts, now) : dayBars(counts, now, zone);

const hourBars = (counts: Counts, now: number): Bar[] => {
  const known = new Map(counts.map((one) => [Date.parse(one.time), one]));
  // The vault's clock may be ahead of the browser's.
  const newest = Math.max(Math.floor(now / hourMs) * hourMs, ...known.keys());
  return backFrom(newest, hourMs, barsPer.hour).map((time) => barAt(time, known.get(time)));
};

const dayBars = (counts: Counts, now: number, zone: string | undefined): Bar[] => {
  const dateOf = dateIn(zone);
  const sums = new Map<number, Bar>();
  let newest = dateOf(now);
  for (const { time, allowed, refused } of counts) {
    // Where the offset is not whole hours, an hour of UTC belongs to the day in which most of it, or its second half, lies.
    const date = dateOf(Date.parse(time) + hourMs / 2);
    const sum = sums.get(date) ?? barAt(date);
    sums.set(date, { time: date, allowed: sum.allowed + allowed, refused: sum.refused + refused });
    newest = Math.max(newest, date);
  }
  return backFrom(newest, dayMs, barsPer.day).map((date) => sums.get(date) ?? barAt(date));
};

const barAt = (time: number, { allowed, refused } = { allowed: 0, refused: 0 }): Bar => ({ time, allowed, refused });

const backFrom = (newest: number, step: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => newest - (count - 1 - index) * step);

/** Turns a moment into its date in a time zone, as noon of that date in UTC: dates can then be counted and compared. */
const dateIn = (zone: string | undefined) => {
  const format = new Intl.DateTimeFormat('en', {
    calendar: 'gregory',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    ...(zone !== undefined && { timeZone: zone }),
  });
  return (moment: number): number => {
    const parts = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]));
    return Date.UTC(parts.year ?? 0, (parts.month ?? 1) - 1, parts.day, 12);
  };
};

export const highest = (bars: readonly Bar[]): number =>
  Math.max(1, ...bars.map(({ allowed, refused }) => allowed + refused));
