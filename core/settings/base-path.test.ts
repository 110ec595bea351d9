import { expect, test } from 'vitest';
import { parseBasePath } from './base-path.ts';

test.each([
  [undefined, ''],
  ['', ''],
  ['/', ''],
  [' ', ''],
  ['/vault', '/vault'],
  ['/vault/', '/vault'],
  [' /vault ', '/vault'],
  ['/tools/key-store_2.0~', '/tools/key-store_2.0~'],
  ['/tools/keys', '/tools/keys'],
  ['/keystore', '/keystore'],
])('BASE_PATH=%j is %j', (text, path) => expect(parseBasePath(text)).toBe(path));

test.each([
  'vault',
  'https://vault.example/vault',
  '//vault',
  '/vault//',
  '/a//b',
  '/..',
  '/a/../b',
  '/./a',
  '/a b',
  '/a?b',
  '/a#b',
  '/%61',
  '/ä',
  '/a"b',
  '/a\\b',
  '/a;b',
  'C:/Program Files/Git/vault',
  `/${'a'.repeat(100)}`,
])('BASE_PATH=%s is refused', (text) => {
  expect(() => parseBasePath(text)).toThrow(/^BASE_PATH must be a path such as \/vault: .*\.$/);
});

test.each(['/keys', '/keys/', '/logs/x', '/users', '/auth', '/health', '/assets', '/cdn-cgi/x', '/__x'])(
  'BASE_PATH=%s is refused, since the vault has that path itself',
  (text) => expect(() => parseBasePath(text)).toThrow(/^BASE_PATH must not begin with .*\.$/),
);
