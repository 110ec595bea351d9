import { expect, test } from 'vitest';
import { pathnameOf } from './pathname.ts';

test.each([
  'http://vault',
  'https://vault.test:8443/keys/a%2Fb?after=/x?y',
  'http://[::1]:5000/keys/..%2F?',
  'http://user:word@vault/a//b/./c/../d',
  'http://vault/keys/\\x y',
])('the path of a request for %s is that of its URL', (url) => {
  const request = new Request(url);
  expect(pathnameOf(request.url)).toBe(new URL(request.url).pathname);
});
