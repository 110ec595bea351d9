import { safeParse } from 'valibot';
import { describe, expect, test } from 'vitest';
import { credentials, keyPath } from '../../worker/wire/requests.ts';
import { Names } from './names.ts';

const odd = [
  ...['plain', 'with space', ' led', '.', '..', '...', 'a/b', 'weird%20name', 'emoji-🔑', '鍵', '__proto__', '\u202e'],
  ...['', ' ', '\n', 'a\nb', 'a\tb', '\u0000', 'a\u2028b', 'a\u0085b', '\u007f'],
  ...['x'.repeat(255), 'x'.repeat(256), '🔑'.repeat(64), '🔑'.repeat(63), 'x'.repeat(10_000)],
];

describe('a name of v0.6', () => {
  test.each(odd)('%j of a key becomes valid, and is kept if it is valid', (name) => {
    const fitted = new Names([name]).forKey(name);
    expect(safeParse(keyPath, { name: fitted.name }).success).toBe(true);
    expect(fitted.name === name).toBe(safeParse(keyPath, { name }).success);
    expect(fitted.because === undefined).toBe(fitted.name === name);
  });

  test.each(odd)('%j of an account becomes one with which it can sign in', (name) => {
    const fitted = new Names([name]).forUser(name);
    expect(safeParse(credentials, { username: fitted.name, password: 'x' }).success).toBe(true);
    if (safeParse(credentials, { username: name, password: 'x' }).success && name.trim())
      expect(fitted.name).toBe(name);
  });

  test('that is changed is not the name of anything else', () => {
    const names = new Names(['a\nb', 'a\tb', 'a_b', '.', '_']);
    expect(['a\nb', 'a\tb', 'a_b', '.', '_'].map((name) => names.forKey(name).name)).toEqual([
      'a_b (2)',
      'a_b (3)',
      'a_b',
      '_ (2)',
      '_',
    ]);
  });
});
