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

const stepMs: Record<Per, number> = { hour: hourMs, day: dayMs };
const barsPer: Record<Per, number> = { hour: 48, day: 30 };

/** The vault counts so many hours at once. */
const maxHours = 31 * 24;

/** How many hours to ask for: a day more than 30 days have, since the first one has begun already in UTC, or is one of 25 hours. */
const hoursFor: Record<Per, number> = { hour: barsPer.hour, day: (barsPer.day + 1) * 24 };

export const spanText = (per: Per): string => `last ${barsPer[per]} ${per}s`;

/** What the chart shows: bars that end with the one that `until` (ms) is in. */
export interface Window {
  per: Per;
  until: number;
  count: number;
  /** Whether it ends now. */
  isLast: boolean;
}

const maxHourBars = 72;
const maxDayBars = 366;

/**
 * The last hours or days; `back` times as many before them; or, if a range begins before those, as many bars as it has.
 */
export const windowOf = (per: Per, range: { from: number; to: number } | null, now: number, back = 0): Window => {
  const usual = { per, until: now, count: barsPer[per], isLast: true };
  if (back > 0) return { ...usual, until: now - back * usual.count * stepMs[per], isLast: false };
  const [first] = barsOf([], usual);
  if (!range || range.from <= 0 || !first || range.from >= startOf(first, per)) return usual;
  const until = Math.min(now, range.to - 1);
  const hours = Math.floor(until / hourMs) - Math.floor(range.from / hourMs) + 1;
  if (per === 'hour' && hours <= maxHourBars) return { per, until, count: Math.max(hours, 1), isLast: false };
  const days = Math.ceil((until - range.from) / dayMs) + 1;
  return { per: 'day', until, count: Math.max(1, Math.min(days, maxDayBars)), isLast: false };
};

/** What to ask for: hours, also for days, which begin at the reader's midnight. For many days, the vault's, which are those of UTC. */
export const askedFor = (window: Window): Record<string, string> => {
  if (window.isLast) return { per: 'hour', hours: String(hoursFor[window.per]) };
  const bars = barsOf([], window);
  const [first, last] = [bars[0], bars.at(-1)];
  if (!first || !last) return {};
  const [from, to] = [startOf(first, window.per), endOf(last, window.per)];
  const per = to - from > maxHours * hourMs ? 'day' : 'hour';
  return { per, from: new Date(from).toISOString(), to: new Date(to).toISOString() };
};

/** `zone` is a name of the IANA database; by default the reader's. `step` is what one count is of, in ms. */
export const barsOf = (counts: Counts, { per, until, count }: Window, zone?: string, step = hourMs): Bar[] =>
  per === 'hour' ? hourBars(counts, until, count) : dayBars(counts, { until, count, step }, zone);

const hourBars = (counts: Counts, now: number, count: number): Bar[] => {
  const known = new Map(counts.map((one) => [Date.parse(one.time), one]));
  // The vault's clock may be ahead of the browser's.
  const newest = Math.max(Math.floor(now / hourMs) * hourMs, ...known.keys());
  return backFrom(newest, hourMs, count).map((time) => barAt(time, known.get(time)));
};

interface DayBars {
  until: number;
  count: number;
  step: number;
}

const dayBars = (counts: Counts, { until, count, step }: DayBars, zone: string | undefined): Bar[] => {
  const dateOf = dateIn(zone);
  const sums = new Map<number, Bar>();
  let newest = dateOf(until);
  for (const { time, allowed, refused } of counts) {
    // Where the offset is not whole hours, an hour of UTC belongs to the day in which most of it, or its second half, lies.
    const date = dateOf(Date.parse(time) + step / 2);
    const sum = sums.get(date) ?? barAt(date);
    sums.set(date, { time: date, allowed: sum.allowed + allowed, refused: sum.refused + refused });
    newest = Math.max(newest, date);
  }
  return backFrom(newest, dayMs, count).map((date) => sums.get(date) ?? barAt(date));
};

/** When a bar begins, and when the next one does, in ms. A day begins at the reader's midnight. */
export const startOf = (bar: Bar, per: Per): number => (per === 'hour' ? bar.time : midnightOf(bar, 0));
export const endOf = (bar: Bar, per: Per): number => (per === 'hour' ? bar.time + hourMs : midnightOf(bar, 1));

const midnightOf = ({ time }: Bar, daysLater: number) => {
  const date = new Date(time);
  return new Date(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + daysLater).getTime();
};

const barAt = (time: number, { allowed, refused } = { allowed: 0, refused: 0 }): Bar => ({ time, allowed, refused });

const backFrom = (newest: number, step: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => newest - (count - 1 - index) * step);

/** Turns a moment into its date in a time zone, as noon of that date in UTC: dates can then be counted and compared. */
export const dateIn = (zone: string | undefined) => {
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
