import { expect, test } from 'vitest';
import { addressOf, userAgentOf } from './origin.ts';

const request = (address: string | null, clientIp?: string) =>
  ({
    headers: new Headers(address === null ? {} : { 'CF-Connecting-IP': address }),
    cf: clientIp === undefined ? undefined : { clientIp },
  }) as unknown as Request;

test.each([
  ['192.0.2.1', undefined, '192.0.2.1'],
  ['2001:db8::1', undefined, '2001:db8:0:0:0:0:0:1'],
  ['192.0.2.1', '127.0.0.1:4711', '192.0.2.1'],
  [null, '127.0.0.1:4711', '127.0.0.1'],
  [null, '[2001:db8::1]:4711', '2001:db8:0:0:0:0:0:1'],
  [null, undefined, 'unknown'],
])('CF-Connecting-IP %s before the socket %s: %s', (header, clientIp, expected) => {
  expect(addressOf(request(header, clientIp))).toBe(expected);
});

test('an address has at most 64 characters', () => {
  expect(addressOf(request('x'.repeat(1_000)))).toBe('x'.repeat(64));
});

test('a user agent has at most 256 characters, and no control characters', () => {
  expect(userAgentOf(new Headers({ 'User-Agent': 'a\tb' }))).toBe('ab');
  expect(userAgentOf(new Headers({ 'User-Agent': 'x'.repeat(1_000) }))).toBe('x'.repeat(256));
  expect(userAgentOf(new Headers())).toBe('');
});
