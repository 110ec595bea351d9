import { describe, expect, test } from 'vitest';
import { belongsTo, filtered, type KeyRow, parseSort, sorted, sortText, toRow } from './order.ts';

const row = (name: string, createdAt: string, createdBy = 'alice', description = '') =>
  toRow({
    name,
    description,
    createdAt,
    updatedAt: createdAt,
    valueChangedAt: createdAt,
    owner: 'me',
    createdBy,
    project: null,
    role: 'owner',
    version: 1,
    revision: 1,
    expiresAt: null,
    rotateEveryDays: null,
    rotationDueAt: null,
    labels: {},
  });

const rows = [
  row('zebra', '2026-01-02T00:00:00.000Z', 'bob'),
  row('Apple', '2026-01-01T00:00:00.000Z', 'Alice', 'The FRUIT, not the company'),
  row('mango', '2026-01-03T00:00:00.000Z', 'carol'),
];
const names = (found: readonly { name: string }[]) => found.map(({ name }) => name);

test.each<[string, Partial<KeyRow>, string]>([
  ['one of a project', { project: 'shop', owner: null, role: 'viewer' }, 'shop'],
  ['one’s own', {}, 'personal'],
  ['one’s own that somebody else made', { owner: 'alice', createdBy: 'bob' }, 'personal'],
  ['one that its owner made, to an admin', { owner: 'bob', createdBy: 'bob', role: 'admin' }, 'personal'],
  ['one that was handed over, to an admin', { owner: 'bob', createdBy: 'alice', role: 'admin' }, 'of bob'],
])('a key says to whom it belongs: %s', (_, change, said) => {
  expect(belongsTo({ ...row('key', '2026-01-01T00:00:00.000Z'), ...change })).toBe(said);
});

test('a search finds a key by its owner', () => {
  expect(filtered([toRow({ ...row('key', '2026-01-01T00:00:00.000Z'), owner: 'Dora' })], 'dora')).toHaveLength(1);
});

describe('sorting', () => {
  test.each([
    ['', ['Apple', 'mango', 'zebra']],
    ['-name', ['zebra', 'mango', 'Apple']],
    ['created', ['Apple', 'zebra', 'mango']],
    ['-created', ['mango', 'zebra', 'Apple']],
    ['owner', ['Apple', 'zebra', 'mango']],
    ['nonsense', ['Apple', 'mango', 'zebra']],
  ])('by %j', (text, order) => {
    expect(names(sorted(rows, parseSort(text)))).toEqual(order);
  });

  test('is written to the address in the shortest form', () => {
    expect(['name', '-name', '-updated', 'what'].map((text) => sortText(parseSort(text)))).toEqual([
      '',
      '-name',
      '-updated',
      '',
    ]);
  });

  test('does not change the given rows', () => {
    sorted(rows, parseSort('-name'));
    expect(names(rows)).toEqual(['zebra', 'Apple', 'mango']);
  });
});

describe('filtering', () => {
  test.each([
    ['', 3],
    ['   ', 3],
    ['APPLE', 1],
    ['fruit company', 1],
    ['fruit bob', 0],
    ['carol', 1],
    ['.*', 0],
    ['[', 0],
  ])('%j finds %i', (text, count) => {
    expect(filtered(rows, text)).toHaveLength(count);
  });

  test('reads each of 10,000 rows once to sort and once to filter', () => {
    let looks = 0;
    const looked = <Value>(value: Value) => {
      looks += 1;
      return value;
    };
    const many = Array.from({ length: 10_000 }, (_, index): KeyRow => {
      const { order, haystack, ...rest } = row(`SERVICE_${index}`, '2026-01-01T00:00:00.000Z');
      return {
        ...rest,
        get order() {
          return looked(order);
        },
        get haystack() {
          return looked(haystack);
        },
      };
    });
    expect(filtered(sorted(many, parseSort('-name')), '_9999')).toHaveLength(1);
    expect(looks).toBe(20_000);
  });
});
