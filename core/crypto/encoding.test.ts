import { bytesToHex } from '@noble/hashes/utils.js';
import { describe, expect, test } from 'vitest';
import {
  base64url,
  fromHex,
  fromPaddedBase64url,
  fromPastedBase64,
  fromUtf8,
  paddedBase64url,
  utf8,
} from './encoding.ts';
import { randomBytes } from './random.ts';

test('base64 passes the test vectors of RFC 4648, section 10', () => {
  for (const [text, encoded] of [
    ['', ''],
    ['f', 'Zg=='],
    ['fo', 'Zm8='],
    ['foo', 'Zm9v'],
    ['foobar', 'Zm9vYmFy'],
  ] as const) {
    expect(paddedBase64url(utf8(text))).toBe(encoded);
    expect(fromPaddedBase64url(encoded)).toEqual(utf8(text));
  }
  expect(base64url(Uint8Array.of(0xfb, 0xff))).toBe('-_8');
});

test('bytes come back from base64 and hexadecimal, even from a view into a larger buffer', () => {
  for (let length = 0; length < 100; length++) {
    const bytes = randomBytes(length + 7).subarray(7);
    expect(fromPaddedBase64url(paddedBase64url(bytes))).toEqual(bytes);
    expect(fromPastedBase64(base64url(bytes))).toEqual(bytes);
    expect(fromHex(bytesToHex(bytes))).toEqual(bytes);
  }
});

test.each([
  ['padding missing', 'Zg'],
  ['padding surplus', 'Zm9v===='],
  ['padding in the middle', 'Zg==Zg=='],
  ['bits that the encoding leaves unused', 'Zh=='],
  ['the standard alphabet', '+/8='],
  ['white space', 'Zm9v\n'],
  ['a character of no alphabet', 'Zm9*'],
  ['a character beyond ASCII', 'Zm9\u0161'],
])('strict base64url rejects %s', (_, text) => {
  expect(fromPaddedBase64url(text)).toBeNull();
});

test('pasted base64 may have either alphabet, no padding, and white space around it, but nothing else', () => {
  for (const text of ['+/8=', '-_8=', '-_8', ' +_8\r\n'])
    expect(fromPastedBase64(text)).toEqual(Uint8Array.of(0xfb, 0xff));
  for (const text of ['+/ 8=', '"+/8="', '+/8===', '+=8', 'é']) expect(fromPastedBase64(text)).toBeNull();
});

test.each(['0', 'AB', 'gg', '0x00', ' 00'])('hexadecimal rejects %j', (text) => {
  expect(fromHex(text)).toBeNull();
});

describe('UTF-8', () => {
  test('keeps every well-formed text as it is, including a leading byte order mark', () => {
    for (const text of ['', '\ufeffa', '\0', 'a\r\n', '🔑', '\ufffd']) expect(fromUtf8(utf8(text))).toBe(text);
  });

  test('rejects lone surrogates and bytes that are not UTF-8', () => {
    expect(() => utf8('a\ud83d')).toThrow(TypeError);
    for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf0, 0x9f]]) {
      expect(() => fromUtf8(Uint8Array.from(bytes))).toThrow(TypeError);
    }
  });
});
