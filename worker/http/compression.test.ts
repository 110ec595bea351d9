import { expect, test } from 'vitest';
import { compressed } from './compression.ts';

const encodingFor = (acceptEncoding: string | undefined, cf?: object) => {
  const request = new Request('http://vault.test/', {
    headers: acceptEncoding === undefined ? {} : { 'Accept-Encoding': acceptEncoding },
  });
  const headers = new Headers({ 'Content-Length': '5' });
  if (cf) Object.defineProperty(request, 'cf', { value: cf });
  compressed(request, headers);
  expect(headers.get('Vary')).toBe('Accept-Encoding');
  const encoding = headers.get('Content-Encoding');
  expect(headers.has('Content-Length')).toBe(encoding === null);
  return encoding;
};

test.each(['gzip', 'GZIP', 'deflate, gzip;q=1.0, *;q=0.5', 'br, gzip ; q=0.001', 'gzip, deflate, br, zstd'])(
  'a client that accepts %j gets gzip',
  (accepted) => {
    expect(encodingFor(accepted)).toBe('gzip');
  },
);

test.each([undefined, '', 'identity', 'br', 'gzip;q=0', 'gzip;q=0.000', 'x-gzip', 'gzipped', '*;q=0'])(
  'a client that accepts %j gets no encoding',
  (accepted) => {
    expect(encodingFor(accepted)).toBeNull();
  },
);

test('what the client sent counts, not what the edge put in its place', () => {
  expect(encodingFor('br, gzip', { clientAcceptEncoding: 'identity' })).toBeNull();
  expect(encodingFor('identity', { clientAcceptEncoding: 'gzip' })).toBe('gzip');
});
