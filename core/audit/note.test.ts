import { hexToBytes } from '@noble/hashes/utils.js';
import { describe, expect, test } from 'vitest';
import { utf8 } from '../crypto/encoding.ts';
import { leafOf } from './leaf.ts';
import { checkpointText, noteKeyText, parseCheckpoint, parseNoteKey, readNote, signedNote } from './note.ts';

/** The key and the note of the documentation of golang.org/x/mod/sumdb/note. */
const peter = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const signature =
  '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';

function key(line: string) {
  const parsed = parseNoteKey(line);
  if (!parsed) throw new Error(`no key: ${line}`);
  return parsed;
}

describe('a note', () => {
  test('is the one that another implementation documents, and its signature holds', async () => {
    const note = readNote(`${text}\n${signature}`, key(peter));
    expect(note?.text).toBe(text);
    const imported = await crypto.subtle.importKey(
      'raw',
      key(peter).publicKey as Uint8Array<ArrayBuffer>,
      'Ed25519',
      false,
      ['verify'],
    );
    const verify = (signed: string) =>
      crypto.subtle.verify(
        'Ed25519',
        imported,
        note?.signature as Uint8Array<ArrayBuffer>,
        utf8(signed) as Uint8Array<ArrayBuffer>,
      );
    expect(await verify(text)).toBe(true);
    expect(await verify(`${text}.`)).toBe(false);
    expect(signedNote(text, key(peter), note?.signature as Uint8Array)).toBe(`${text}\n${signature}`);
  });

  test('may carry signatures of others', () => {
    const other = `\u2014 witness ${signature.split(' ')[2]}`;
    expect(readNote(`${text}\n${other}${signature}`, key(peter))?.text).toBe(text);
    expect(readNote(`${text}\n${other}`, key(peter))).toBeNull();
  });

  test.each([
    ['without an empty line', `${text}${signature}`],
    ['without its last line feed', `${text}\n${signature}`.slice(0, -1)],
    ['with a line that is no signature', `${text}\n${signature}hello\n`],
    ['with a hyphen in the place of the dash', `${text}\n${signature.replace('\u2014', '-')}`],
  ])('is none %s', (_, note) => {
    expect(readNote(note, key(peter))).toBeNull();
  });
});

describe('a key', () => {
  test('is written as it is read', () => {
    expect(noteKeyText(key(peter))).toBe(peter);
  });

  test.each([
    ['an id of another key', peter.replace('c74f20a3', 'c74f20a4')],
    ['another algorithm', peter.replace('+AR', '+BR')],
    ['a name with a space', peter.replace('Neumann', ' Neumann')],
    ['too few bytes', peter.slice(0, -4)],
  ])('is none with %s', (_, line) => {
    expect(parseNoteKey(line)).toBeNull();
  });
});

describe('a checkpoint', () => {
  const checkpoint = {
    origin: 'keystore/0123456789abcdef',
    size: 8,
    root: hexToBytes('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'),
  };

  test('is three lines: origin, size and root', () => {
    const written = checkpointText(checkpoint);
    expect(written).toBe('keystore/0123456789abcdef\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n');
    expect(parseCheckpoint(written)).toEqual(checkpoint);
    expect(parseCheckpoint(`${written}an extension\n`)).toEqual(checkpoint);
  });

  test.each(['08', '-1', '1e3', '9999999999999999', ''])('is none with the size %j', (size) => {
    expect(parseCheckpoint(checkpointText(checkpoint).replace('\n8\n', `\n${size}\n`))).toBeNull();
  });
});

describe('a leaf', () => {
  const text = (event: Record<string, unknown>) => new TextDecoder().decode(leafOf(event));

  test('has its members sorted, and none that is null', () => {
    expect(text({ id: 3, at: 1_700_000_000_000, action: 'secret.read', reason: null })).toBe(
      '{"action":"secret.read","at":1700000000000,"id":3}',
    );
  });

  test('writes text as RFC 8785 does', () => {
    // The example of its section 3.2.2.
    expect(text({ string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/' })).toBe(
      '{"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  test.each([1.5, Number.NaN, 2 ** 53, true, {}])('refuses %j, which no column holds', (value) => {
    expect(() => leafOf({ value })).toThrow(TypeError);
  });

  test('refuses text with a lone surrogate', () => {
    expect(() => leafOf({ value: '\ud800' })).toThrow(TypeError);
  });
});
