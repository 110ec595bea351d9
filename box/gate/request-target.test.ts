import { expect, test } from 'vitest';
import { get, raw, startGate } from '../../testing/gate.ts';

test.each([
  ['/', '/'],
  ['/keys', '/keys'],
  ['/logs?user_name=a%20b&x=%', '/logs?user_name=a%20b&x=%'],
  ['/keys/a%2Fb', '/keys/a%2Fb'],
  ['/keys/100%25', '/keys/100%25'],
  ['/keys/%252F', '/keys/%252F'],
  ['/keys/%E2%9C%93', '/keys/%E2%9C%93'],
  ['/keys/a+b;c', '/keys/a+b;c'],
  ['/keys/a%3Fb%23c', '/keys/a%3Fb%23c'],
  ['/keys/__proto__', '/keys/__proto__'],
  ['/keys/__proto__/cdn-cgi', '/keys/__proto__/cdn-cgi'],
  ['/a/./b/../c', '/a/c'],
  ['/a/%2e%2E/c', '/c'],
  ['/a\\b', '/a/b'],
  ['/#x', '/'],
  ['http://localhost/keys?x=1', '/keys?x=1'],
  ['HTTP://u:p@localhost:80/keys', '/keys'],
])('%s reaches the worker as %s', async (requestTarget, expected) => {
  const { port, seen } = await startGate();
  expect((await raw(port, get(requestTarget))).status).toBe(200);
  expect(seen.map(({ url }) => url)).toEqual([expected]);
});

test.each([
  '/cdn-cgi/explorer',
  '/cdn-cgi',
  '/CDN-CGI/mf/scheduled',
  '/cdn-cgi/handler/scheduled?cron=*',
  '/./cdn-cgi/explorer',
  '/x/../cdn-cgi/explorer',
  '/x/%2e%2e/cdn-cgi/explorer',
  '/x/%252e%252e/cdn-cgi/explorer',
  '//cdn-cgi/explorer',
  '///cdn-cgi/explorer',
  '/\\cdn-cgi/explorer',
  '\\cdn-cgi/explorer',
  '/%63dn-cgi/explorer',
  '/%2563dn-cgi/explorer',
  '/%25252563dn-cgi/explorer',
  '/%43%44%4E%2D%43%47%49/explorer',
  '/%2Fcdn-cgi/explorer',
  '/%5Ccdn-cgi/explorer',
  '/%2e%2fcdn-cgi/explorer',
  '/cdn%09-cgi/explorer',
  '/cdn-cgi%2Fexplorer',
  '/__scheduled',
  '/%5F%5Fscheduled',
  '/./__cf_local/x',
  '//__x',
  `/${'%25'.repeat(1)}${'25'.repeat(40)}63dn-cgi`,
  'http://localhost/cdn-cgi/explorer',
  'http://localhost/x/..//%63dn-cgi/',
])('%s: 404 or 400, without asking the worker', async (requestTarget) => {
  const { port, seen } = await startGate();
  const { status, error, text } = await raw(port, get(requestTarget));
  expect([404, 400]).toContain(status);
  expect(error).not.toBe('');
  expect(text).toMatch(/nosniff/);
  expect(text).toMatch(/no-store/);
  expect(seen).toEqual([]);
});

test.each([
  ['/keys/..%2F__x', '/key?key_name=..%2F__x'],
  ['/keys/..%2Fcdn-cgi%2Fx', '/key?key_name=..%2Fcdn-cgi%2Fx'],
  ['/keys/..%252fcdn-cgi', '/key?key_name=..%252fcdn-cgi'],
  ['/keys/%252e%252e%2F__x', '/key?key_name=%252e%252e%2F__x'],
  [`/keys/%${'25'.repeat(40)}2F`, `/key?key_name=%${'25'.repeat(40)}2F`],
  ['/vault/keys/..%2F..%2F__x', '/vault/key?key_name=..%2F..%2F__x'],
  ['/keys/..%2F__x+%26key_name=y?x=1', '/key?key_name=..%2F__x%2B%26key_name%3Dy&x=1'],
  ['/keys/..%2F__x?key_name=y&version=3&key%5Fname=z', '/key?key_name=..%2F__x&version=3'],
  ['/keys/..%2F__x?version=%33/../__y', '/key?key_name=..%2F__x&version=3%2F..%2F__y'],
  ['/keys/..%2F__x/versions?limit=5', '/key/versions?key_name=..%2F__x&limit=5'],
  ['/keys/..%2F__x/versions/3', '/key/versions/3?key_name=..%2F__x'],
  ['/vault/keys/..%2F..%2F__x/restore', '/vault/key/restore?key_name=..%2F..%2F__x'],
])('%s, the path of a key, reaches the worker as %s', async (requestTarget, expected) => {
  for (const credential of ['Authorization: Bearer x\r\n', 'Cookie: x=y\r\n']) {
    const { port, seen } = await startGate();
    expect((await raw(port, get(requestTarget, credential))).status).toBe(200);
    expect(seen.map(({ url }) => url)).toEqual([expected]);
  }
  const { port, seen } = await startGate();
  expect((await raw(port, get(requestTarget))).status).toBe(404);
  expect(seen).toEqual([]);
});

test.each([
  '/keys/../__x',
  '/keys/..%2F__x/y',
  '/keys/..%2F__x/versions/__y',
  '/keys/..%2F__x/restore/y',
  '/keys/keys/..%2F..%2F__x',
  '/cdn-cgi/keys/x',
  '/x/../cdn-cgi/keys/..%2Fx',
  '/%2e%2e/__x/keys/y',
  '/va%2Fult/keys/..%2F..%2F..%2F__x',
  '/keys/x/..%2F..%2F__x',
  '/keys/%2e%2e/cdn-cgi/x',
  '/keys/..%2Fcdn-cgi/x',
  '/keys/..%2F__x%ff',
  '/%6beys/..%2F__x',
  '/users/..%2F__x',
])('%s is not the path of one key: 404, with a credential too', async (requestTarget) => {
  const { port, seen } = await startGate();
  expect((await raw(port, get(requestTarget, 'Authorization: Bearer x\r\n'))).status).toBe(404);
  expect(seen).toEqual([]);
});

test.each(['*', 'keys', '/keys/\xe2\x9c\x93', 'ftp://localhost/', 'http://', '/keys/\xff', 'javascript:alert(1)'])(
  '%s is not a path: 400',
  async (requestTarget) => {
    const { port, seen } = await startGate();
    expect(await raw(port, get(requestTarget))).toMatchObject({ status: 400, error: expect.stringMatching(/./) });
    expect(seen).toEqual([]);
  },
);

test('a path beyond 16 KB: 414', async () => {
  const { port } = await startGate();
  expect((await raw(port, get(`/${'a'.repeat(20_000)}`))).status).toBe(414);
});
