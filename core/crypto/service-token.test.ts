import { expect, test } from 'vitest';
import { newServiceToken, serviceTokenHash } from './service-token.ts';
import { serviceTokenVectors } from './service-token-vectors.ts';

test.each(serviceTokenVectors)('$text: $fault', ({ text, fault }) => {
  expect(serviceTokenHash(text) === null).toBe(fault !== null);
});

test('a new token has the form of one, and no two are alike', () => {
  const made = Array.from({ length: 500 }, newServiceToken);
  for (const token of made) expect(serviceTokenHash(token)).toMatch(/^[\w-]{43}$/);
  expect(new Set(made).size).toBe(500);
});

test('every digit occurs in new tokens about equally often', () => {
  const counts = new Map<string, number>();
  for (let round = 0; round < 2_000; round++) {
    for (const digit of newServiceToken().slice(3, 33)) counts.set(digit, (counts.get(digit) ?? 0) + 1);
  }
  expect(counts.size).toBe(62);
  // 968 each on average; six standard deviations are 184.
  for (const count of counts.values()) expect(Math.abs(count - 60_000 / 62)).toBeLessThan(190);
});

test('one digit that is changed is noticed, wherever it is', () => {
  const token = newServiceToken();
  for (let at = 3; at < token.length; at++) {
    const other = token[at] === 'x' ? 'y' : 'x';
    expect(serviceTokenHash(token.slice(0, at) + other + token.slice(at + 1)), String(at)).toBeNull();
  }
});

test('the hash is SHA-256 of the whole token', async () => {
  const token = newServiceToken();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token)));
  const written = btoa(String.fromCharCode(...digest))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace('=', '');
  expect(serviceTokenHash(token)).toBe(written);
});
