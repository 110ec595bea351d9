import { describe, expect, test } from 'vitest';
import { alphabets, randomText } from './random-text.ts';

describe('a random text', () => {
  test.each([8, 40, 64, 65, 256])('has exactly %i characters', (length) => {
    expect(randomText(length, ['lower'])).toMatch(new RegExp(`^[a-z]{${length}}$`));
  });

  test('has characters of every alphabet that was chosen, and of no other', () => {
    const text = randomText(4_000, ['digits', 'symbols']);
    const allowed = new Set(alphabets.digits + alphabets.symbols);
    expect(new Set(text)).toEqual(allowed);
  });

  test('discards the bytes that would favour some characters', () => {
    const bytes = [255, 254, 250, 249, 0];
    let at = 0;
    const fill = (block: Uint8Array) => {
      for (let index = 0; index < block.length; index += 1) block[index] = bytes[at++ % bytes.length] ?? 0;
    };
    // Ten digits: 250 and above are beyond the last whole multiple.
    expect(randomText(4, ['digits'], fill)).toBe('9090');
  });

  test('differs each time', () => {
    expect(new Set(Array.from({ length: 100 }, () => randomText(16, ['lower']))).size).toBe(100);
  });
});
