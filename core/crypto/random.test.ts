import { expect, test } from 'vitest';
import { newNonce, randomBytes } from './random.ts';

test('a nonce has 16 URL-safe characters and does not repeat', () => {
  const nonces = Array.from({ length: 1000 }, newNonce);
  for (const nonce of nonces) expect(nonce).toMatch(/^[A-Za-z0-9_-]{16}$/);
  expect(new Set(nonces).size).toBe(nonces.length);
});

test('the number of random bytes is the number asked for', () => {
  expect(randomBytes(0)).toHaveLength(0);
  expect(randomBytes(33)).toHaveLength(33);
});
