import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { invisibleIn, shown, trimmed } from './text.ts';

const spaces = '\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2003\u2009\u200a\u2028\u2029\u202f\u205f\u3000';

test('white space of every kind is trimmed at both ends, and stays inside', () => {
  for (const space of spaces) expect(trimmed(`${space} a${space}b ${space}`)).toBe(`a${space}b`);
  expect(trimmed(spaces)).toBe('');
  expect(trimmed('')).toBe('');
});

test('trimming takes linear time', () => {
  const long = ' '.repeat(500_000);
  expect(trimmed(`${long}a${long}b${long}`)).toBe(`a${long}b`);
});

describe('invisible characters', () => {
  test.each([
    ['\u202e', 'U+202E'],
    ['\u2066', 'U+2066'],
    ['\u200b', 'U+200B'],
    ['\u200c', 'U+200C'],
    ['\u200d', 'U+200D'],
    ['\u200e', 'U+200E'],
    ['\u061c', 'U+061C'],
    ['\u2060', 'U+2060'],
    ['\ufeff', 'U+FEFF'],
    ['\u00ad', 'U+00AD'],
    ['\u034f', 'U+034F'],
    ['\u115f', 'U+115F'],
    ['\u3164', 'U+3164'],
    ['\u2800', 'U+2800'],
    ['\ufe0f', 'U+FE0F'],
    ['\u2028', 'U+2028'],
    ['\u2029', 'U+2029'],
    ['\u0000', 'U+0000'],
    ['\u0085', 'U+0085'],
    ['\u{e0041}', 'U+E0041'],
    ['\u{e0100}', 'U+E0100'],
    ['\ufffe', 'U+FFFE'],
  ])('%j is found and named, anywhere in a text', (character, code) => {
    for (const text of [character, `a${character}b`, `${character}a`, `a${character}`, `🔑${character}${character}b`]) {
      expect(invisibleIn(text)).toBe(code);
      expect(shown(text)).toContain(`‹${code}›`);
      expect(invisibleIn(shown(text))).toBeNull();
    }
  });

  test.each([
    ['an emoji of several people', '👨‍👩‍👧'],
    ['an emoji with a variation selector', '❤️ ☎︎'],
    ['an emoji with a skin', '🧑🏽‍💻'],
    ['a keycap', '#️⃣'],
    ['a flag of tags', '🏴󠁧󠁢󠁥󠁮󠁧󠁿'],
    ['a flag of letters', '🇨🇭'],
    ['Persian', 'می‌خواهم'],
    ['Hindi', 'क्‍ष'],
    ['accents that are not composed', 'cafe\u0301'],
    ['plain text', 'shop/prod/KEY 1'],
  ])('%s is ordinary text', (_, text) => {
    expect(invisibleIn(text)).toBeNull();
    expect(shown(text)).toBe(text);
  });

  test('what is shown never contains an invisible character, whatever the text', () => {
    const points = fc.constantFrom(
      ...'a1#🔑❤م\u0301\u200c\u200d\ufe0f\u202e\u{e0067}\u{e007f}\u{1f3f4}\u{1f3fd}\u20e3',
    );
    fc.assert(
      fc.property(fc.string({ unit: points, maxLength: 12 }), (text) => {
        expect(invisibleIn(shown(text))).toBeNull();
        if (invisibleIn(text) === null) expect(shown(text)).toBe(text);
      }),
    );
  });
});
