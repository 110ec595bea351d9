import { describe, expect, test } from 'vitest';
import { askedFor, barsOf, windowOf } from './bars.ts';
import { barsIn, rangeOf } from './range.ts';

const now = Date.parse('2026-06-15T12:34:56Z');
const hourMs = 3_600_000;
const hours = barsOf([], windowOf('hour', null, now));
const days = barsOf([], windowOf('day', null, now));
const at = (text: string) => Date.parse(text);

test('a range is from the beginning of one bar to the end of another, whichever was first', () => {
  const range = { from: at('2026-06-15T10:00Z'), to: at('2026-06-15T12:00Z') };
  expect(rangeOf(hours, 'hour', 45, 46)).toEqual(range);
  expect(rangeOf(hours, 'hour', 46, 45)).toEqual(range);
  expect(rangeOf(hours, 'hour', 46, 48)).toBeNull();
});

test('a day of a range is one of the reader’s calendar', () => {
  const range = rangeOf(days, 'day', 28, 28);
  expect(range).toEqual({ from: new Date(2026, 5, 14).getTime(), to: new Date(2026, 5, 15).getTime() });
});

test('the bars of a range are those that it touches', () => {
  expect(barsIn(hours, 'hour', { from: at('2026-06-15T10:30Z'), to: at('2026-06-15T11:30Z') })).toEqual([45, 46]);
  expect(barsIn(hours, 'hour', { from: at('2026-06-15T10:00Z'), to: at('2026-06-15T11:00Z') })).toEqual([45, 45]);
  expect(barsIn(hours, 'hour', { from: 0, to: now })).toEqual([0, 47]);
  expect(barsIn(hours, 'hour', { from: 0, to: 1 })).toBeNull();
});

describe('the chart shows', () => {
  test('the last hours or days, and a range within them', () => {
    for (const per of ['hour', 'day'] as const) {
      const bars = per === 'hour' ? hours : days;
      const whole = rangeOf(bars, per, 0, bars.length - 1);
      expect(windowOf(per, whole, now)).toEqual(windowOf(per, null, now));
    }
    expect(askedFor(windowOf('hour', null, now))).toEqual({ per: 'hour', hours: '48' });
    expect(askedFor(windowOf('day', null, now))).toEqual({ per: 'hour', hours: '744' });
  });

  test('what was before them', () => {
    const window = windowOf('hour', null, now, 1);
    const bars = barsOf([], window);
    expect(bars).toHaveLength(48);
    expect((bars.at(-1)?.time ?? 0) + hourMs).toBe(hours[0]?.time);
    expect(askedFor(window)).toEqual({ per: 'hour', from: '2026-06-11T13:00:00.000Z', to: '2026-06-13T13:00:00.000Z' });
  });

  test('an older range whole: by hours if they are few, else by days', () => {
    const range = { from: at('2026-03-01T06:00Z'), to: at('2026-03-01T09:00Z') };
    const window = windowOf('hour', range, now);
    expect(barsOf([], window).map(({ time }) => new Date(time).toISOString())).toEqual(
      ['06', '07', '08'].map((hour) => `2026-03-01T${hour}:00:00.000Z`),
    );
    const long = { from: at('2026-01-01T06:00Z'), to: at('2026-03-01T09:00Z') };
    const wide = windowOf('hour', long, now);
    expect(wide.per).toBe('day');
    expect(barsIn(barsOf([], wide), 'day', long)).toEqual([expect.any(Number), wide.count - 1]);
    expect(askedFor(wide).per).toBe('day');
  });

  test('days that the vault counts by UTC on the date of their noon', () => {
    const counts = [{ time: '2026-06-10T00:00:00.000Z', allowed: 5, refused: 0 }];
    const dates = (zone: string) =>
      barsOf(counts, windowOf('day', null, now), zone, 24 * hourMs).filter(({ allowed }) => allowed > 0);
    for (const zone of ['UTC', 'America/Los_Angeles', 'Asia/Tokyo'])
      expect(dates(zone).map(({ time }) => new Date(time).getUTCDate())).toEqual([10]);
  });
});
