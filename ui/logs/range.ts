/** Spans of time: as text, and as bars of the chart. */
import { type Bar, endOf, type Per, startOf } from './bars.ts';
import type { Range } from './query.ts';

const dateAndTime = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});

/** As in `26 Nov, 06:00 – 07:00`. */
export const rangeText = ({ from, to }: Range): string =>
  from <= 0 ? `until ${dateAndTime.format(to)}` : dateAndTime.formatRange(from, to);

/** The first and the last of the bars that a range covers; null if it covers none of them. */
export const barsIn = (bars: readonly Bar[], per: Per, range: Range): [first: number, last: number] | null => {
  const covered = bars.flatMap((bar, index) =>
    startOf(bar, per) < range.to && endOf(bar, per) > range.from ? [index] : [],
  );
  const [first, last] = [covered[0], covered.at(-1)];
  return first === undefined || last === undefined ? null : [first, last];
};

/** The range from one bar to another, whichever is first. */
export const rangeOf = (bars: readonly Bar[], per: Per, one: number, other: number): Range | null => {
  const [first, last] = [bars[Math.min(one, other)], bars[Math.max(one, other)]];
  return first && last ? { from: startOf(first, per), to: endOf(last, per) } : null;
};
