import { describe, expect, test } from 'vitest';
import { maxFolders, type OverviewKey, overviewOf } from './overview.ts';

const now = Date.parse('2026-11-25T12:00:00Z');
const daysAgo = (days: number) => new Date(now - days * 86_400_000).toISOString();
const key = (name: string, changed = 1, expiresAt: string | null = null): OverviewKey => ({
  name,
  valueChangedAt: daysAgo(changed),
  expiresAt,
});
const statesOf = (keys: OverviewKey[]) =>
  Object.fromEntries(
    overviewOf(keys, 'shop', now).rows.map(({ name, cells }) => [name, cells.map(({ state }) => state)]),
  );

test('the columns are the folders: common environments in their usual order, the rest by name', () => {
  const paths = ['prod', 'eu', 'staging', 'Dev', 'qa', 'prod/eu', 'asia', 'production', 'test'];
  const { folders } = overviewOf(
    paths.map((path) => key(`shop/${path}/X`)),
    'shop',
    now,
  );
  expect(folders.map(({ path }) => path)).toEqual([
    ...['Dev', 'qa', 'test', 'staging', 'prod', 'prod/eu', 'production'],
    ...['asia', 'eu'],
  ]);
});

describe('a cell', () => {
  test('is missing where another folder has the name, and says the name that a key there would have', () => {
    const { rows } = overviewOf([key('shop/dev/A'), key('shop/prod/B')], 'shop', now);
    expect(rows.map(({ cells }) => cells.map(({ state, name }) => [state, name]))).toEqual([
      [
        ['present', 'shop/dev/A'],
        ['missing', 'shop/prod/A'],
      ],
      [
        ['missing', 'shop/dev/B'],
        ['present', 'shop/prod/B'],
      ],
    ]);
    expect(rows.every(({ hasGap }) => hasGap)).toBe(true);
  });

  test('is older from 30 days before the newest one of the name on, and says by how much', () => {
    expect(statesOf([key('shop/dev/A', 1), key('shop/prod/A', 30)])).toEqual({ A: ['present', 'present'] });
    const { rows } = overviewOf([key('shop/dev/A', 1), key('shop/prod/A', 31)], 'shop', now);
    expect(rows[0]?.cells[1]).toMatchObject({ state: 'older', note: 'changed 30 days before that in dev' });
    expect(statesOf([key('shop/prod/A', 400)])).toEqual({ A: ['present'] });
  });

  test('is expired from the moment on, whatever else it is', () => {
    const keys = [
      key('shop/dev/A', 1, daysAgo(0)),
      key('shop/prod/A', 90, daysAgo(-0.01)),
      key('shop/qa/A', 90, daysAgo(3)),
    ];
    expect(statesOf(keys)).toEqual({ A: ['expired', 'expired', 'older'] });
  });
});

test('a row without a gap says so, and names differ by their case', () => {
  const { rows } = overviewOf([key('shop/dev/a'), key('shop/prod/a'), key('shop/dev/A')], 'shop', now);
  expect(rows.map(({ name, hasGap }) => [name, hasGap])).toEqual([
    ['A', true],
    ['a', false],
  ]);
});

test('keys in no folder are apart, and those of a project with slashes only are not lost', () => {
  const { rows, loose, folders } = overviewOf([key('shop/SENTRY'), key('shop/dev/A')], 'shop', now);
  expect(loose.map(({ name }) => name)).toEqual(['shop/SENTRY']);
  expect([rows.length, folders]).toEqual([1, [{ path: 'dev', keys: 1 }]]);
});

test('too many folders are counted, and no row is left empty', () => {
  const keys = Array.from({ length: maxFolders + 5 }, (_, index) =>
    key(`shop/f${String(index).padStart(2, '0')}/K${index}`),
  );
  const { folders, otherFolders, rows } = overviewOf(keys, 'shop', now);
  expect([folders.length, otherFolders, rows.length]).toEqual([maxFolders, 5, maxFolders]);
});

test('a thousand keys make a table of all of them', () => {
  const keys = Array.from({ length: 1000 }, (_, index) =>
    key(`shop/${['dev', 'staging', 'prod'][index % 3]}/K${Math.floor(index / 3)}`),
  );
  const { rows } = overviewOf(keys, 'shop', now);
  expect(rows).toHaveLength(334);
  expect(rows.filter(({ hasGap }) => hasGap)).toHaveLength(1);
});
