import { expect, test } from 'vitest';
import { parseTrustedProxies } from '../core/network/address.ts';
import { forwardedVectors, vectorProxies } from '../core/network/forwarded-vectors.ts';
import { PlainRequest } from './http/plain-request.ts';
import { nameClient } from './origin.ts';

/** The headers that the worker gets. */
const namedIn = (headers: [string, string][], proxies: Parameters<typeof nameClient>[1]) => {
  const request = new PlainRequest('http://localhost:5000/keys', {
    method: 'GET',
    headers: [['host', 'localhost:5000'], ...headers.map(([name, value]) => [name.toLowerCase(), value] as const)],
    clientIp: '127.0.0.1:4711',
  });
  nameClient(request, proxies);
  return request.headers;
};

test.each(forwardedVectors)('behind a trusted proxy: $name', ({ headers, means }) => {
  const got = namedIn(headers, parseTrustedProxies(vectorProxies));
  expect(got.get('CF-Connecting-IP')).toBe(means.address ?? '127.0.0.1');
  expect(got.get('X-Forwarded-Proto')).toBe(means.isOverTls ? 'https' : null);
  expect(got.get('X-Forwarded-Port')).toBe(means.port ?? null);
  expect(got.get('Host')).toBe(means.host ?? 'localhost:5000');
});

test.each(forwardedVectors)(
  'from a peer that is no trusted proxy, nothing that the worker believes: $name',
  ({ headers }) => {
    const got = namedIn(headers, []);
    expect([null, '127.0.0.1']).toContain(got.get('CF-Connecting-IP'));
    expect([got.get('X-Forwarded-Proto'), got.get('X-Forwarded-Port')]).toEqual([null, null]);
    expect(got.get('Host')).toBe('localhost:5000');
  },
);
