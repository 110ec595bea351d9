import { describe, expect, test } from 'vitest';
import { apiQuery, chipsOf, noFilters, picked, queryOf, rangeIn, typedIn } from './query.ts';

const now = Date.parse('2026-06-15T12:00:00Z');
const chips = (query: Record<string, string>) =>
  chipsOf(query, ({ from, to }) => `${from}-${to}`, now).map(({ label, value }) => `${label} ${value}`);

describe('the query of the API', () => {
  test.each([
    [{}, {}],
    [
      { user: 'ann', action: 'view_key', key: 'STRIPE', address: '10.', failures: 'only' },
      { user_name: 'ann', action: 'view_key', key_name: 'STRIPE', ip_address: '10.', success: 'false' },
    ],
    [
      { token: 'ci', project: 'shop', match: 'exact' },
      { token: 'ci', project: 'shop', match: 'exact' },
    ],
    [
      { key: 'shop/', match: 'prefix' },
      { key_name: 'shop/', match: 'prefix' },
    ],
    [{ key: 'shop/', match: 'anything' }, { key_name: 'shop/' }],
    [{ match: 'exact', failures: 'only' }, { success: 'false' }],
    [{ from: '2026-06-15T06:00Z', to: 'yesterday' }, { from: '2026-06-15T06:00:00.000Z' }],
    [{ q: 'of another page', routine: 'show' }, {}],
  ])('%j', (query, asked) => {
    expect(apiQuery(query)).toEqual(asked);
  });

  test('names whole actions beside whole names, since one request compares all texts in the same way', () => {
    const { action, match } = apiQuery({ user: 'ann', action: 'logout', match: 'exact' });
    expect([action, match]).toEqual(['logout', 'exact']);
    expect(apiQuery({ user: 'ann', action: 'login', match: 'exact' }).action?.split(',')).toEqual([
      'login_success',
      'login_attempt',
    ]);
    expect(apiQuery({ user: 'ann', action: 'login' }).action).toBe('login');
  });
});

describe('a range of time in the address', () => {
  test('is written to the minute and read again', () => {
    const range = { from: Date.parse('2026-06-15T06:00:00Z'), to: Date.parse('2026-06-15T07:00:00Z') };
    expect(queryOf(range)).toEqual({ from: '2026-06-15T06:00Z', to: '2026-06-15T07:00Z' });
    expect(rangeIn(queryOf(range), now)).toEqual(range);
  });

  test('may have one end, and is none without a time', () => {
    expect(rangeIn({ from: '2026-06-15T06:00Z' }, now)).toEqual({ from: Date.parse('2026-06-15T06:00Z'), to: now });
    expect(rangeIn({ to: '2026-06-15T06:00Z' }, now)).toEqual({ from: 0, to: Date.parse('2026-06-15T06:00Z') });
    expect(rangeIn({ from: 'then' }, now)).toBeNull();
  });
});

describe('a click on a name', () => {
  test('means the whole name, and so does the next one', () => {
    const first = picked({}, 'user', 'ann');
    expect(first).toEqual({ user: 'ann', match: 'exact' });
    expect(picked(first, 'address', '10.0.0.5')).toEqual({ address: '10.0.0.5', match: 'exact' });
  });

  test('leaves a part of another name that was typed a part', () => {
    expect(picked({ key: 'STR' }, 'user', 'ann')).toEqual({ user: 'ann', match: '' });
    expect(picked({ key: 'STR' }, 'key', 'STRIPE')).toEqual({ key: 'STRIPE', match: 'exact' });
  });

  test('is followed by typing, which may mean a part of a name', () => {
    expect(typedIn('key', 'STR')).toEqual({ key: 'STR', match: '' });
    expect(typedIn('action', 'view_key')).toEqual({ action: 'view_key' });
  });
});

describe('chips', () => {
  test('are what shows in no field', () => {
    expect(chips({ user: 'ann', action: 'login', failures: 'only' })).toEqual([]);
    expect(chips({ user: 'ann', token: 'ci' })).toEqual(['Token contains ci']);
    expect(chips({ user: 'ann', key: 'STRIPE', match: 'exact' })).toEqual(['User is ann', 'Key or target is STRIPE']);
    expect(chips({ key: 'shop/', match: 'prefix' })).toEqual(['Key or target begins with shop/']);
    expect(chips({ from: '2026-06-15T11:00Z' })).toEqual([`Time ${now - 3_600_000}-${now}`]);
  });

  test('take their filter away, and the last text takes the way to compare along', () => {
    const [user] = chipsOf({ user: 'ann', key: 'K', match: 'exact' }, String, now);
    expect(user?.without).toEqual({ user: '' });
    expect(chipsOf({ user: 'ann', match: 'exact' }, String, now)[0]?.without).toEqual({ user: '', match: '' });
  });

  test('and everything else goes at once', () => {
    const all = {
      user: 'a',
      key: 'b',
      token: 'c',
      project: 'd',
      address: 'e',
      action: 'f',
      failures: 'only',
      match: 'exact',
    };
    const query = { ...all, ...queryOf({ from: 0, to: now }), ...noFilters };
    expect([apiQuery(query), chips(query)]).toEqual([{}, []]);
  });
});
