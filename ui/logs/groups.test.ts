import { describe, expect, test } from 'vitest';
import type { LogEntry } from '../api/wire.ts';
import { daysOf, timesOf } from './groups.ts';

/** Entries of a log, given oldest first as `[time, fields]` of one day; returned newest first, as the vault lists them. */
const log = (...given: [time: string, fields?: Partial<LogEntry>][]): LogEntry[] =>
  given
    .map(([time, fields], index) => ({
      id: index + 1,
      timestamp: time.includes('T') ? time : `2026-06-15T${time}Z`,
      user_name: 'alice',
      key_name: null,
      action: 'view_key',
      ip_address: '10.0.0.5',
      success: true,
      target: 'STRIPE',
      outcome: 'allowed',
      reason: null,
      role: 'user',
      project: null,
      token: null,
      token_id: null,
      request_id: 'r',
      user_agent: '',
      ...fields,
    }))
    .reverse();

const idsOf = (entries: LogEntry[], showsRoutine = false) =>
  daysOf(entries, showsRoutine, 'UTC').map(({ items }) => items.map((item) => item.map(({ id }) => id)));

const listed = { action: 'list_keys', target: null };
const changed = { action: 'update_key' };

describe('days', () => {
  test('are those of the reader’s calendar, the newest first', () => {
    const entries = log(['2026-06-14T21:30:00Z'], ['2026-06-14T22:30:00Z', changed], ['2026-06-15T22:30:00Z']);
    const dates = (zone: string) =>
      daysOf(entries, true, zone).map(({ date, shown }) => [new Date(date).getUTCDate(), shown]);
    expect(dates('UTC')).toEqual([
      [15, 1],
      [14, 2],
    ]);
    expect(dates('Europe/Berlin')).toEqual([
      [16, 1],
      [15, 1],
      [14, 1],
    ]);
  });

  test('of an empty log are none', () => {
    expect(daysOf([], false)).toEqual([]);
  });
});

describe('routine', () => {
  const entries = log(
    ['10:00', listed],
    ['10:01', changed],
    ['10:02', listed],
    ['10:03', { ...listed, success: false, outcome: 'denied' }],
  );

  test('is left out and counted, a refusal never', () => {
    const [day] = daysOf(entries, false, 'UTC');
    expect(day).toMatchObject({ shown: 2, hidden: 2 });
    expect(idsOf(entries)).toEqual([[[4], [2]]]);
  });

  test('is shown if that is asked for', () => {
    expect(idsOf(entries, true)).toEqual([[[4], [3], [2], [1]]]);
  });

  test('alone makes a day that says so', () => {
    expect(daysOf(log(['10:00', listed]), false, 'UTC')).toMatchObject([{ items: [], shown: 0, hidden: 1 }]);
  });
});

describe('a run', () => {
  test('is one line where its newest entry is, also with others and routine in between', () => {
    const entries = log(['06:02'], ['06:10', { user_name: 'bob' }], ['06:20'], ['06:30', listed], ['06:41']);
    expect(idsOf(entries)).toEqual([[[5, 3, 1], [2]]]);
  });

  test('of two is two lines', () => {
    expect(idsOf(log(['06:02'], ['06:03']))).toEqual([[[2], [1]]]);
  });

  test.each<[string, Partial<LogEntry>]>([
    ['user', { user_name: 'bob' }],
    ['token', { token: 'ci', token_id: 1 }],
    ['action', { action: 'restore_key', target: 'OTHER' }],
    ['target', { target: 'OTHER' }],
    ['outcome', { success: false, outcome: 'denied' }],
    ['reason', { reason: 'not_owner' }],
    ['address', { ip_address: '203.0.113.7' }],
    ['program', { user_agent: 'curl/8' }],
    ['way of reading', { via: 'copy' }],
  ])('has one %s', (_, other) => {
    expect(idsOf(log(['06:02'], ['06:03'], ['06:04', other], ['06:05']))).toEqual([[[4, 2, 1], [3]]]);
  });

  test('is also one if each of its entries came with a child of its own', () => {
    const ofToken = { token: 'ci', token_id: 1 };
    const entries = log(
      ...['aa', 'bb', 'cc'].map((child, at): [string, Partial<LogEntry>] => [`06:0${at}`, { ...ofToken, child }]),
    );
    expect(idsOf(entries)).toEqual([[[3, 2, 1]]]);
  });

  test('ends with a change of what it is about', () => {
    const entries = log(['06:01'], ['06:02'], ['06:03'], ['06:04', changed], ['06:05'], ['06:06'], ['06:07']);
    expect(idsOf(entries)).toEqual([[[7, 6, 5], [4], [3, 2, 1]]]);
    const ofOther = log(['06:01'], ['06:02'], ['06:03', { ...changed, target: 'OTHER' }], ['06:04']);
    expect(idsOf(ofOther)).toEqual([[[4, 2, 1], [3]]]);
  });

  test('ends with a pause of more than half an hour, and at midnight', () => {
    const entries = log(['06:00'], ['06:10'], ['06:20'], ['06:51'], ['07:00'], ['07:30']);
    expect(idsOf(entries)).toEqual([
      [
        [6, 5, 4],
        [3, 2, 1],
      ],
    ]);
    const night = log(['2026-06-14T23:58:00Z'], ['2026-06-14T23:59:00Z'], ['2026-06-15T00:00:00Z']);
    expect(idsOf(night)).toEqual([[[3]], [[2], [1]]]);
  });

  test('counts the requests that its entries stand for', () => {
    const entries = log(['06:01', { count: 7 }], ['06:02'], ['06:03']);
    expect(daysOf(entries, false, 'UTC')[0]?.items.map(timesOf)).toEqual([9]);
  });
});
