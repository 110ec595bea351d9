import { describe, expect, test } from 'vitest';
import { startVault } from './testing/vault.ts';

const { anonymous, raw } = await startVault();

describe('a path that the API has', () => {
  test.each([
    ['PATCH', '/keys', 'GET, HEAD, POST'],
    ['POST', '/keys/a%2Fb', 'GET, HEAD, PUT, DELETE'],
    ['GET', '/auth/login', 'POST'],
    ['OPTIONS', '/logs', 'GET, HEAD'],
    ['DELETE', '/health', 'GET, HEAD'],
  ])('answers %s %s with 405 and the methods that it accepts', async (method, path, allow) => {
    const answer = await anonymous(method, path);
    expect([answer.status, answer.headers.get('Allow')]).toEqual([405, allow]);
    expect(answer.body).toEqual({ error: `This path accepts ${allow}.` });
  });

  test('answers HEAD as it does GET, without a body', async () => {
    const response = await raw(new Request('http://vault.test/health/live', { method: 'HEAD' }));
    expect([response.status, await response.text()]).toEqual([200, '']);
  });
});

test.each(['GET', 'POST', 'PATCH', 'OPTIONS'])('%s of a path that does not exist: 404', async (method) => {
  const answer = await anonymous(method, '/nothing/here');
  expect([answer.status, answer.headers.get('Allow')]).toEqual([404, null]);
  expect(answer.body.error).toMatch(/\.$/);
});

describe('the UI', () => {
  const page = '<!doctype html>';
  const files = {
    fetch: async (request: Request) =>
      new URL(request.url).pathname === '/index.html'
        ? new Response(page, { headers: { 'Content-Type': 'text/html', ETag: '"abc"' } })
        : new Response(null, { status: 404 }),
  } as unknown as Fetcher;

  const get = async (headers: Record<string, string> = {}, path = '/') =>
    (await startVault({ ASSETS: files })).raw(new Request(`http://vault.test${path}`, { headers }));

  test('is the page at /, with the security headers, and is asked for anew each time', async () => {
    const response = await get();
    expect([response.status, await response.text()]).toEqual([200, page]);
    expect(response.headers.get('Cache-Control')).toBe('no-cache');
    expect(response.headers.get('Content-Security-Policy')).toContain("default-src 'none'");
  });

  // A proxy that compresses turns "abc" into W/"abc": RFC 9110, section 13.1.2 compares weakly.
  test.each(['"abc"', 'W/"abc"', '"x", W/"abc"', '*'])('is not sent again to a client that has %s', async (known) => {
    const response = await get({ 'If-None-Match': known });
    expect([response.status, await response.text()]).toEqual([304, '']);
    expect(response.headers.get('ETag')).toBe('"abc"');
    expect(response.headers.get('Cache-Control')).toBe('no-cache');
  });

  test('is sent to a client that has another version', async () => {
    expect((await get({ 'If-None-Match': '"other"' })).status).toBe(200);
  });

  test('has no other files', async () => {
    expect((await get({}, '/missing.js')).status).toBe(404);
  });
});
