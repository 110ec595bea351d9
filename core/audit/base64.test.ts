import { expect, test } from 'vitest';
import { base64, fromBase64 } from './base64.ts';

test('is what Buffer writes and reads, for every length', () => {
  for (let length = 0; length < 70; length += 1) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 151 + length) % 256);
    expect(base64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
    expect(fromBase64(base64(bytes))).toEqual(bytes);
  }
});

test.each(['AA', 'AA=', 'AB==', 'AA ==', 'A-__', 'AAAA=', '====', 'ä', 'AA\n=='])(
  '%j is no canonical base64',
  (text) => {
    expect(fromBase64(text)).toBeNull();
  },
);
