import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Masker, patternsOf } from './masker.ts';

/** What comes out of a masker, for a text in chunks. */
function masked(values: readonly string[], chunks: readonly (string | Uint8Array)[]): string {
  const masker = new Masker(patternsOf(values));
  const out = chunks.map((chunk) => masker.write(Buffer.from(chunk as string)));
  return Buffer.concat([...out, masker.end()]).toString('latin1');
}

describe('values are masked', () => {
  test('within a text, several times, and several of them', () => {
    expect(masked(['secret', 'password'], ['a secret and a password: secret'])).toBe('a *** and a ***: ***');
  });

  test('one byte at a time', () => {
    expect(masked(['secret'], [...'xxsesecretsecre'])).toBe('xxse***secre');
  });

  test('where one is within another, or goes over into another', () => {
    expect(masked(['secret', 'a secret word'], ['a secret word, a secret'])).toBe('***, a ***');
    expect(masked(['abcdef', 'defghi'], ['xabcdefghix'])).toBe('x***x');
    expect(masked(['aaaa'], ['aaaaaaaaa b'])).toBe('*** b');
  });

  test('of several lines, as a whole and line by line', () => {
    const pem = '-----BEGIN KEY-----\nMIIEvQIBADAN\n-----END KEY-----\n';
    expect(masked([pem], [`a ${pem}b`])).toBe('a ***b');
    expect(masked([pem], ['> MIIEvQIBADAN <'])).toBe('> *** <');
  });

  test('as JSON writes them', () => {
    expect(masked(['a "quoted" value'], [JSON.stringify({ key: 'a "quoted" value' })])).toBe('{"key":"***"}');
  });

  test('of bytes that are cut within a character', () => {
    const bytes = Buffer.from('x🔑🔑x');
    expect(masked(['🔑🔑'], [bytes.subarray(0, 3), bytes.subarray(3, 6), bytes.subarray(6)])).toBe('x***x');
  });
});

test('other bytes pass as they are, colours included, and at the end nothing is kept', () => {
  expect(masked(['secret'], ['\u001B[31mred\u001B[0m secre'])).toBe('\u001B[31mred\u001B[0m secre');
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (chunks) => {
      expect(masked(['ÿ no such text ÿ'], chunks)).toBe(Buffer.concat(chunks).toString('latin1'));
    }),
  );
});

test('values of less than four bytes are not masked: they are nearly everywhere', () => {
  expect(masked(['1', 'on', ''], ['on 1'])).toBe('on 1');
});

/** The same by the plainest means: every byte of every occurrence. */
function maskedPlainly(values: readonly string[], text: string): string {
  const isMasked = new Array<boolean>(text.length).fill(false);
  const begins = new Array<boolean>(text.length + 1).fill(true);
  for (const value of values) {
    for (let at = text.indexOf(value); at !== -1; at = text.indexOf(value, at + 1)) {
      for (let byte = at; byte < at + value.length; byte++) {
        isMasked[byte] = true;
        if (byte > at) begins[byte] = false;
      }
    }
  }
  return [...text].map((character, at) => (isMasked[at] ? (begins[at] ? '***' : '') : character)).join('');
}

test('however the text is cut, exactly the occurrences are masked', () => {
  const letters = { unit: fc.constantFrom('a', 'b'), minLength: 4, maxLength: 8 } as const;
  fc.assert(
    fc.property(
      fc.array(fc.string(letters), { minLength: 1, maxLength: 4 }),
      fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 12 })),
      (values, chunks) => {
        expect(masked(values, chunks)).toBe(maskedPlainly(values, chunks.join('')));
      },
    ),
    { numRuns: 2_000 },
  );
});

test('500 values of 16 KiB do not slow it down out of proportion', () => {
  const values = Array.from({ length: 500 }, (_, index) => `${index}`.padStart(16, 'a').repeat(1_024));
  const text = 'a'.repeat(1_000_000);
  expect(masked(values, [text])).toBe(text);
});
