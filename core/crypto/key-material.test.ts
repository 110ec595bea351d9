import { expect, test } from 'vitest';
import { base64url, utf8 } from './encoding.ts';
import { isPattern, KeyFormatError, looksLikePlaceholder } from './key-material.ts';
import { randomBytes } from './random.ts';

test('the error names the variable, the problem and the remedy', () => {
  const { message } = new KeyFormatError('SECRET_KEY', 'is not set');
  expect(message).toBe('SECRET_KEY is not set. Generate one with HelperScripts/generate-keys.sh.');
});

test.each([
  'change-me-change-me-change-me-now',
  'CHANGEME',
  'please_change_this_to_something_else',
  'your-secret-key-here',
  'your_encryption_key',
  'your-super-secret-key-that-is-long-enough',
  'placeholder',
  'dev-secret-not-for-production',
  'an example of a key of some length',
])('%s looks like a placeholder', (text) => {
  expect(looksLikePlaceholder(text)).toBe(true);
});

test.each([
  'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
  'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab',
  '01010101010101010101010101010101',
  'abcdefghabcdefghabcdefghabcdefgh',
  'abcdefghabcdefghabcdefghabcdefgha',
  'ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`',
])('%s is a pattern', (text) => {
  expect(isPattern(utf8(text))).toBe(true);
});

test('random keys are neither placeholders nor patterns', () => {
  for (let i = 0; i < 200; i++) {
    const key = randomBytes(32);
    expect(isPattern(key)).toBe(false);
    expect(isPattern(utf8(base64url(key)))).toBe(false);
    expect(looksLikePlaceholder(base64url(key))).toBe(false);
  }
});
