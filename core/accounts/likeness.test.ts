import { expect, test } from 'vitest';
import { likeness } from './likeness.ts';

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
