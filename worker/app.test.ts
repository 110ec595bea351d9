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
    for (const [path, status] of [
      ['/health/live', 200],
      ['/keys', 401],
      ['/nothing', 404],
    ] as const) {
      const [head, found] = await Promise.all(
        ['HEAD', 'GET'].map((method) => raw(new Request(`http://vault.test${path}`, { method }))),
      );
      expect([head?.status, await head?.text()]).toEqual([status, '']);
      expect(Number(head?.headers.get('Content-Length'))).toBe((await found?.text())?.length);
      expect(head?.headers.get('Content-Type')).toBe('application/json');
    }
  });
});

test.each(['GET', 'POST', 'PATCH', 'OPTIONS'])('%s of a path that does not exist: 404', async (method) => {
  const answer = await anonymous(method, '/nothing/here');
  expect([answer.status, answer.headers.get('Allow')]).toEqual([404, null]);
  expect(answer.body.error).toMatch(/\.$/);
});

describe('the UI', () => {
  const page = '<!doctype html><meta name="base-path" content=""><script src="/assets/main-abcdefgh.js"></script>';
  const script = '// main';
  const contents: Record<string, [string, string]> = {
    '/index.html': [page, 'text/html'],
    '/assets/main-abcdefgh.js': [script, 'text/javascript'],
  };
  const files = {
    fetch: async (request: Request) => {
      const [content, type = ''] = contents[new URL(request.url).pathname] ?? [];
      return content === undefined
        ? new Response(null, { status: 404 })
        : new Response(content, { headers: { 'Content-Type': type, ETag: '"abc"' } });
    },
  } as unknown as Fetcher;

  const ask = async (path: string, init: RequestInit = {}, bindings: object = {}) =>
    (await startVault({ ASSETS: files, ...bindings })).raw(new Request(`http://vault.test${path}`, init));
  const get = (headers: Record<string, string> = {}, path = '/') => ask(path, { headers });

  test('is the page at /, with the security headers, and is asked for anew each time', async () => {
    const response = await get();
    expect([response.status, await response.text()]).toEqual([200, page]);
    expect(response.headers.get('Cache-Control')).toBe('no-cache');
    expect(response.headers.get('Content-Security-Policy')).toContain("default-src 'none'");
  });

  test.each(['/', '/assets/main-abcdefgh.js'])('answers HEAD %s as it does GET, without a body', async (path) => {
    const [head, found] = [await ask(path, { method: 'HEAD' }), await ask(path)];
    expect([head.status, await head.text()]).toEqual([200, '']);
    const { byteLength } = await found.clone().arrayBuffer();
    expect(Object.fromEntries(head.headers)).toEqual({
      ...Object.fromEntries(found.headers),
      'content-length': String(byteLength),
    });
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

  const browser = { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

  test.each([
    ['/keys', '/#/keys'],
    ['/keys/', '/#/keys'],
    ['/keys/a%2Fb%20%26c', '/#/keys?q=a%2Fb+%26c'],
    ['/keys/%', '/#/keys'],
    ['/projects/shop%2Fx/members/a', '/#/projects/shop%2Fx'],
    ['/trash', '/#/trash'],
    ['/logs', '/#/logs'],
    ['/logs/activity?per=day', '/#/logs'],
    ['/users', '/#/users'],
    ['/users/5', '/#/users'],
    ['/account', '/#/account'],
  ])('a person who types %s into a browser gets the page at %s', async (path, view) => {
    for (const headers of [
      browser,
      { ...browser, 'Sec-Fetch-Mode': 'navigate' },
      { ...browser, Authorization: 'Basic dTpw' },
    ]) {
      const response = await get(headers, path);
      expect([response.status, response.headers.get('Location')]).toEqual([303, view]);
      expect(response.headers.get('Vary')).toContain('Accept');
      expect(response.headers.get('Cache-Control')).toBe('no-store');
      expect(response.headers.get('Content-Security-Policy')).toContain("default-src 'none'");
    }
  });

  test.each<[string, RequestInit]>([
    ['curl', { headers: { Accept: '*/*' } }],
    ['no Accept', {}],
    ['a script of a page', { headers: { ...browser, 'Sec-Fetch-Mode': 'cors' } }],
    ['axios', { headers: { Accept: 'application/json, text/plain, */*' } }],
    ['a program that takes both', { headers: { Accept: 'text/html, application/json' } }],
    [
      'a token, as old versions of Java send it',
      { headers: { Accept: 'text/html, image/gif, *; q=.2', Authorization: 'Bearer x' } },
    ],
    ['a token that is broken', { headers: { ...browser, Authorization: 'Bearer' } }],
    ['a form', { method: 'POST', headers: browser }],
  ])('%s gets JSON', async (_, init) => {
    const response = await ask('/keys', init);
    expect([response.status, response.headers.get('Content-Type')]).toEqual([401, 'application/json']);
    expect(response.headers.get('Vary')).toContain('Authorization');
  });

  describe('under BASE_PATH=/vault', () => {
    const under = (path: string, init: RequestInit = {}) => ask(path, init, { BASE_PATH: '/vault' });

    test('is the page at /vault/, and names its files and the API under that path', async () => {
      for (const path of ['/vault/', '/']) {
        const response = await under(path);
        expect(response.headers.get('Content-Type')).toMatch(/^text\/html/);
        expect(await response.text()).toBe(
          page.replace('content=""', 'content="/vault"').replace('"/assets', '"/vault/assets'),
        );
      }
    });

    test('the page is not sent again to a client that has it', async () => {
      const tag = (await under('/vault/')).headers.get('ETag') ?? '';
      expect(tag).not.toBe('"abc"');
      expect((await under('/vault/', { headers: { 'If-None-Match': tag } })).status).toBe(304);
      expect((await under('/vault/', { headers: { 'If-None-Match': '"abc"' } })).status).toBe(200);
    });

    test('/vault is redirected to /vault/', async () => {
      for (const method of ['GET', 'HEAD']) {
        const response = await under('/vault?x=1', { method });
        expect([response.status, response.headers.get('Location')]).toEqual([307, '/vault/?x=1']);
      }
    });

    test.each([
      ['/vault/assets/main-abcdefgh.js', 200],
      ['/assets/main-abcdefgh.js', 200],
      ['/vault/health', 200],
      ['/health', 200],
      ['/vault/keys', 401],
      ['/keys', 401],
      ['/vaults/keys', 404],
      ['/vault/vault/keys', 404],
      ['/VAULT/keys', 404],
      ['/other/keys', 404],
    ])('a proxy may strip the path or leave it: %s is %i', async (path, status) => {
      expect((await under(path)).status).toBe(status);
    });

    test('a person who types an address of the API gets the page under that path', async () => {
      for (const path of ['/vault/logs', '/logs']) {
        expect((await under(path, { headers: browser })).headers.get('Location')).toBe('/vault/#/logs');
      }
    });

    test('names with slashes and percent signs, and the cookie, are those of the vault', async () => {
      const { signIn, raw, client } = await startVault({ BASE_PATH: '/vault/' });
      const { token, cookie } = await signIn('admin', 'admin123');
      const api = client(token);
      for (const name of ['a/b', '100%', 'vault']) {
        expect((await api('POST', '/vault/keys', { key_name: name, api_key: `of ${name}` })).status).toBe(201);
        expect((await api('GET', `/vault/keys/${encodeURIComponent(name)}`)).body.api_key).toBe(`of ${name}`);
        expect((await api('GET', `/keys/${encodeURIComponent(name)}`)).body.api_key).toBe(`of ${name}`);
      }
      const login = { username: 'admin', password: 'admin123' };
      const { headers } = await api('POST', '/vault/auth/login', login, { Authorization: '' });
      expect(headers.get('Set-Cookie')).toContain('; Path=/vault;');
      const request = new Request('http://vault.test/vault/keys', { headers: { Cookie: cookie } });
      expect((await raw(request)).status).toBe(200);
    });
  });
});
