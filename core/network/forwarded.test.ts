import { describe, expect, test } from 'vitest';
import { parseTrustedProxies, type TrustedProxies } from './address.ts';
import { clientOf } from './forwarded.ts';
import { forwardedVectors, vectorProxies } from './forwarded-vectors.ts';

const proxies = parseTrustedProxies(vectorProxies);
const unclaimed = { isOverTls: false, host: null, port: null };

function client(peer: string, headers: [string, string][], trusted: TrustedProxies) {
  const sent = new Headers(headers);
  return clientOf(peer, (name) => sent.get(name), trusted);
}

test.each(forwardedVectors)('behind a trusted proxy: $name', ({ headers, means }) => {
  expect(client('127.0.0.1', headers, proxies)).toEqual({ address: '127.0.0.1', ...unclaimed, ...means });
});

test.each(forwardedVectors)('from a peer that is no trusted proxy, ignored: $name', ({ headers }) => {
  expect(client('203.0.113.9', headers, proxies)).toEqual({ address: '203.0.113.9', ...unclaimed });
  expect(client('127.0.0.1', headers, [])).toEqual({ address: '127.0.0.1', ...unclaimed });
});

describe('the peer', () => {
  test.each([
    ['192.0.2.1:4711', '192.0.2.1'],
    ['[2001:db8::1]:4711', '2001:db8::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['[::ffff:192.0.2.1]:4711', '192.0.2.1'],
    ['fe80::1%br-lan', 'fe80::1'],
    ['', ''],
    ['not:an:address', 'not:an:address'],
  ])('written as %s is %s', (peer, address) => {
    expect(client(peer, [], []).address).toBe(address);
    expect(client(peer, [['X-Forwarded-For', '6.6.6.6']], proxies).address).toBe(address);
  });

  test.each(['[::1]:80', '::ffff:127.0.0.1', '127.0.0.1:80'])('%s is recognised as a trusted proxy', (peer) => {
    expect(client(peer, [['X-Forwarded-For', '6.6.6.6']], proxies).address).toBe('6.6.6.6');
  });
});

test.each(['a', '"', 'for="', ',', 'for=10.0.0.1,', '\\"', ';', ' '])(
  'a header of 16 KB that repeats %j ends the list at a trusted proxy',
  (piece) => {
    const value = piece.repeat(16_000 / piece.length);
    for (const name of ['Forwarded', 'X-Forwarded-For']) {
      expect(client('127.0.0.1', [[name, value]], proxies).address).toMatch(/^(127\.0|10\.0)\.0\.1$/);
    }
  },
);
