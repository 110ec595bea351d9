import { expect, test } from 'vitest';
import { parseTrustedProxies } from '../core/network/address.ts';
import { forwardedVectors, vectorProxies } from '../core/network/forwarded-vectors.ts';
import { withClientAddress } from './origin.ts';

const requestWith = (headers: [string, string][]) =>
  new Request('http://localhost:5000/keys', {
    headers: new Headers([['Host', 'localhost:5000'], ...headers]),
    cf: { clientIp: '127.0.0.1:4711' } as never,
  });

test.each(forwardedVectors)('behind a trusted proxy: $name', ({ headers, means }) => {
  const { headers: got } = withClientAddress(requestWith(headers), parseTrustedProxies(vectorProxies));
  expect(got.get('CF-Connecting-IP')).toBe(means.address ?? '127.0.0.1');
  expect(got.get('X-Forwarded-Proto')).toBe(means.isOverTls ? 'https' : null);
  expect(got.get('X-Forwarded-Port')).toBe(means.port ?? null);
  expect(got.get('Host')).toBe(means.host ?? 'localhost:5000');
});

test.each(forwardedVectors)(
  'from a peer that is no trusted proxy, nothing that the worker believes: $name',
  ({ headers }) => {
    const { headers: got } = withClientAddress(requestWith(headers), []);
    expect([null, '127.0.0.1']).toContain(got.get('CF-Connecting-IP'));
    expect([got.get('X-Forwarded-Proto'), got.get('X-Forwarded-Port')]).toEqual([null, null]);
    expect(got.get('Host')).toBe('localhost:5000');
  },
);
