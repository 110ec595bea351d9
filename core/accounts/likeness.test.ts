import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyLikeness, likeness } from './likeness.ts';

test.each([
  ['case', 'Alice', 'alice'],
  ['width', 'ａｄｍｉｎ', 'admin'],
  ['a Cyrillic letter', 'аdmin', 'admin'],
  ['a Greek letter', 'rοοt', 'root'],
  ['digits for letters', 'b0b', 'bob'],
  ['one and l', 'a1ice', 'alice'],
  ['r and n for m', 'adrnin', 'admin'],
  ['an invisible character', 'ad\u200bmin', 'admin'],
  ['spaces', 'Carol  Ann', 'carol ann'],
  ['ligatures', 'oﬃce', 'office'],
])('names that differ only in %s are alike', (_, one, other) => {
  expect(likeness(one)).toBe(likeness(other));
});

test.each([
  ['dörte', 'dorte'],
  ['anna', 'hanna'],
  ['bob', 'rob'],
  ['鍵', '健'],
])('%s and %s have different likenesses', (one, other) => {
  expect(likeness(one)).not.toBe(likeness(other));
});

test('the likeness of a likeness is the same', () => {
  for (const name of ['Alice', 'ADMIN', 'Σίσυφος', 'vvalter', '1l0O', 'İstanbul']) {
    expect(likeness(likeness(name))).toBe(likeness(name));
  }
});

describe('names of keys', () => {
  test.each([
    ['white space around', 'API_KEY', ' API_KEY\u00a0'],
    ['white space inside', 'api key', 'api\u2003 key'],
    ['width', 'ＡＰＩ＿ＫＥＹ', 'API_KEY'],
    ['composition', 'cafe\u0301', 'caf\u00e9'],
    ['the order of accents', 'a\u0323\u0302', 'a\u0302\u0323'],
    ['a zero-width space', 'api\u200bkey', 'apikey'],
    ['a control of direction', '\u202eapikey', 'apikey'],
    ['a variation selector', '❤\ufe0f', '❤'],
    ['a joiner between accent and letter', 'e\u034f\u0301', '\u00e9'],
    ['a soft hyphen', 'api\u00adkey', 'apikey'],
    ['a blank of Braille', 'api\u2800key', 'api key'],
    ['a filler', 'api\u3164key', 'apikey'],
  ])('that differ only in %s are alike', (_, one, other) => {
    expect(keyLikeness(one)).toBe(keyLikeness(other));
  });

  test.each([
    ['API_KEY', 'api_key'],
    ['key1', 'keyl'],
    ['a-b', 'a_b'],
    ['a b', 'ab'],
    ['сору', 'copy'],
    ['a/b', 'a//b'],
    ['100%', '100%25'],
  ])('%s and %s are two keys', (one, other) => {
    expect(keyLikeness(one)).not.toBe(keyLikeness(other));
  });

  test('have a likeness whose likeness is the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), (name) => {
        expect(keyLikeness(keyLikeness(name))).toBe(keyLikeness(name));
        expect(keyLikeness(` ${name.normalize('NFD')}\u200b `)).toBe(keyLikeness(name));
      }),
    );
  });
});
