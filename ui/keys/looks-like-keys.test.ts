import { expect, test } from 'vitest';
import { looksLikeKeys } from './looks-like-keys.ts';

test.each([
  ['A=1\nB=2', true],
  ['# a comment\nexport STRIPE_KEY="sk_1"\n', true],
  ['shop/prod/KEY = value', true],
  ['{"A": "1"}', true],
  ['[\n  {"name": "A"}]', true],
  ['name,value\nA,1', true],
  ['"Title","Username","Password"\n"a","b","c"', true],
  ['', false],
  ['sk_live_0123456789', false],
  ['eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl==', false],
  ['a sentence, with a comma', false],
  ['https://example.com/?a=b', false],
  ['-----BEGIN KEY-----\nabc\n-----END KEY-----', false],
])('%j: %s', (text, expected) => {
  expect(looksLikeKeys(text)).toBe(expected);
});
