import { describe, expect, test } from 'vitest';
import { type Bar, barsOf, highest, windowOf } from './bars.ts';

const now = Date.parse('2026-06-15T12:34:56Z');
const hourMs = 3_600_000;

test('includes hours in which nothing happened', () => {
  const bars = barsOf([{ time: '2026-06-15T10:00:00.000Z', allowed: 3, refused: 1 }], windowOf('hour', null, now));
  expect(bars).toHaveLength(48);
  expect(bars.at(-1)).toEqual({ time: Date.parse('2026-06-15T12:00:00Z'), allowed: 0, refused: 0 });
  expect(bars.at(-3)).toEqual({ time: Date.parse('2026-06-15T10:00:00Z'), allowed: 3, refused: 1 });
  expect(highest(bars)).toBe(4);
});

test('keeps every bar when the clock of the vault is ahead', () => {
  const ahead = [{ time: '2026-06-16T00:00:00.000Z', allowed: 1, refused: 0 }];
  for (const per of ['hour', 'day'] as const) {
    const bars = barsOf(ahead, windowOf(per, null, now), 'UTC');
    expect(bars).toHaveLength(per === 'hour' ? 48 : 30);
    expect(bars.at(-1)?.allowed).toBe(1);
  }
});

describe('a day of the chart is a day of the reader’s calendar', () => {
  /** One event in each hour of UTC that the chart asks for, up to a moment. */
  const hourly = (until: number) =>
    Array.from({ length: 31 * 24 }, (_, back) => ({
      time: new Date(Math.floor(until / hourMs) * hourMs - back * hourMs).toISOString(),
      allowed: 1,
      refused: 2,
    }));
  const dateOf = ({ time }: Bar) => new Date(time).toISOString().slice(0, 10);
  const hoursPerDay = (at: string, zone: string) =>
    new Map(
      barsOf(hourly(Date.parse(at)), windowOf('day', null, Date.parse(at)), zone).map((bar) => [
        dateOf(bar),
        bar.allowed,
      ]),
    );

  test.each([
    ['Europe/Berlin, clocks go forward', 'Europe/Berlin', '2026-04-10T10:00:00Z', '2026-03-29', 23],
    ['Europe/Berlin, clocks go back', 'Europe/Berlin', '2026-11-10T10:00:00Z', '2026-10-25', 25],
    ['America/New_York, forward', 'America/New_York', '2026-03-20T10:00:00Z', '2026-03-08', 23],
    ['America/New_York, back', 'America/New_York', '2026-11-10T10:00:00Z', '2026-11-01', 25],
    ['Australia/Lord_Howe, by half an hour: rounded', 'Australia/Lord_Howe', '2026-10-20T10:00:00Z', '2026-10-04', 24],
    ['Africa/Cairo, a day without midnight', 'Africa/Cairo', '2026-05-10T10:00:00Z', '2026-04-24', 23],
  ])('%s', (_, zone, at, changed, hours) => {
    const days = hoursPerDay(at, zone);
    expect(days.size).toBe(30);
    expect(days.get(changed)).toBe(hours);
    // All others but the last one, which is not over, are whole.
    const others = [...days].slice(0, -1).filter(([date]) => date !== changed);
    expect(new Set(others.map(([, count]) => count))).toEqual(new Set([24]));
  });

  test.each([
    'UTC',
    'Asia/Kolkata',
    'Asia/Kathmandu',
    'Pacific/Kiritimati',
    'Pacific/Marquesas',
    'Pacific/Pago_Pago',
    'America/St_Johns',
  ])('every day is there once, whole and in order, in %s', (zone) => {
    for (const at of ['2026-02-15T00:00:00Z', '2026-02-15T11:59:00Z', '2026-02-15T23:59:00Z']) {
      const days = [...hoursPerDay(at, zone)];
      expect(days).toHaveLength(30);
      const dates = days.map(([date]) => Date.parse(date));
      for (const [index, date] of dates.entries())
        if (index > 0) expect(date - (dates[index - 1] ?? 0)).toBe(24 * hourMs);
      expect(new Set(days.slice(0, -1).map(([, count]) => count))).toEqual(new Set([24]));
    }
  });

  test('an event just before and one just after midnight are on two days', () => {
    const counts = [
      { time: '2026-06-14T21:00:00.000Z', allowed: 1, refused: 0 },
      { time: '2026-06-14T22:00:00.000Z', allowed: 10, refused: 0 },
    ];
    const allowed = (zone: string) =>
      barsOf(counts, windowOf('day', null, now), zone)
        .slice(-2)
        .map((bar) => bar.allowed);
    expect(allowed('Europe/Berlin')).toEqual([1, 10]);
    expect(allowed('UTC')).toEqual([11, 0]);
    expect(allowed('Asia/Tokyo')).toEqual([0, 11]);
  });
});
