import { describe, expect, test } from 'vitest';
import { isInRanges, rangesOf, scopeProblem } from './scopes.ts';

describe('a scope', () => {
  test.each(['*', 'stripe', 'shop/*', 'shop/prod/*', 'shop/prod/STRIPE', 'a b/*', '💳/*', '%2f', '..x/*'])(
    'may be %s',
    (scope) => {
      expect(scopeProblem(scope, null)).toBeNull();
    },
  );

  test.each(['**', 'shop*', 'a/b*', '*/b', 'a/*/b', '*/*', '/*', 'a//*', './*', '../*', 'a/../*', 'a/./*'])(
    'must not be %s',
    (scope) => {
      expect(scopeProblem(scope, null)).toMatch(/scope/i);
    },
  );

  test.each(['shopping/*', 'sho/*', 'SHOP/*', 'shop', 'stripe', 'ｓhop/*'])(
    'of the project shop must not be %s',
    (scope) => {
      expect(scopeProblem(scope, 'shop')).toMatch(/only its keys/);
    },
  );

  test.each(['*', 'shop/*', 'shop/X', 'shop/prod/*'])('of the project shop may be %s', (scope) => {
    expect(scopeProblem(scope, 'shop')).toBeNull();
  });
});

function reaches(scopes: string[], name: string, project: string | null = null) {
  return isInRanges(name, rangesOf(scopes, project));
}

test.each([
  [['stripe'], 'stripe', true],
  [['stripe'], 'stripe2', false],
  [['stripe'], 'stripe/x', false],
  [['stripe'], 'STRIPE', false],
  [['stripe'], 'strip', false],
  [['shop/*'], 'shop', false],
  [['shop/*'], 'shop/', true],
  [['shop/*'], 'shop/prod/X', true],
  [['shop/*'], 'shopping/X', false],
  [['shop/*'], 'shop0', false],
  [['shop/*'], 'shop.x', false],
  [['shop/*'], 'Shop/x', false],
  [['shop/*'], 'shop/../x', true],
  [['shop/*'], 'shop%2Fx', false],
  [['shop/*'], 'shop／x', false],
  [['shop/prod/*', 'stripe'], 'stripe', true],
  [['shop/prod/*', 'stripe'], 'shop/dev/X', false],
  [['*'], 'anything', true],
  [['*'], '\u{10ffff}'.repeat(63), true],
  [['shop/*', 'shop/prod/*', 'shop/X'], 'shop/prod/Y', true],
])('%j reaches %s: %s', (scopes, name, expected) => {
  expect(reaches(scopes, name)).toBe(expected);
});

test('all of a project is what is in it', () => {
  expect(reaches(['*'], 'shop/X', 'shop')).toBe(true);
  for (const name of ['shop', 'stripe', 'shopping/X', 'web/X']) expect(reaches(['*'], name, 'shop'), name).toBe(false);
});

test('the ranges are sorted by UTF-8, and none overlaps another, whatever the scopes are', () => {
  const scopes = ['b/*', 'a/x/*', 'a/*', 'a/x/y', 'a', 'c', '\u{1f4b3}/*', '\uff21/*', '\u{1f4b3}/a', 'b/b'];
  const ranges = rangesOf(scopes, null);
  expect(ranges.map(([low]) => low)).toEqual(['a', 'a/', 'b/', 'c', '\uff21/', '\u{1f4b3}/']);
  expect(rangesOf([...scopes, '*'], null)).toHaveLength(1);
});
