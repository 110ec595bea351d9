import { expect, test } from 'vitest';
import { ok } from '../wire/reply.ts';
import { type CookieSettings, router } from './context.ts';
import { cookieValues } from './cookies.ts';
import { send } from './send.ts';
import { withoutSessionCookie, withSessionCookie } from './session-cookie.ts';

const session = { cookie: 'head.payload.mac_-', ttlSeconds: 3_600 };

const appFor = (cookies: CookieSettings) =>
  router()
    .use(async (c, next) => {
      c.set('cookies', cookies);
      await next();
    })
    .get('/in', (c) => send(c, withSessionCookie(ok(() => 'in'))(session, c)))
    .get('/out', (c) => send(c, withoutSessionCookie(ok(() => 'out'))(undefined, c)))
    .get('/read', (c) => c.json(cookieValues(c, 'session')));

const app = appFor({ vaultTag: 'tag', path: '/' });
const appOnPath = appFor({ vaultTag: 'tag', path: '/vault' });

const cookieFrom = async (url: string, headers: Record<string, string> = {}, from = app) =>
  (await from.request(url, { headers })).headers.get('Set-Cookie');

test('a sign-in sets a cookie that scripts cannot read and other sites do not send, named after the vault', async () => {
  expect(await cookieFrom('http://vault.test/in')).toBe(
    'keystore_session_tag=head.payload.mac_-; Max-Age=3600; Path=/; HttpOnly; SameSite=Strict',
  );
});

test.each([
  ['the request came over TLS', 'https://vault.test/in', {}],
  ['the proxy says that it did', 'http://vault.test/in', { 'X-Forwarded-Proto': 'https' }],
])('the cookie is Secure and bound to the host if %s', async (_, url, headers) => {
  const rest = 'keystore_session_tag=head.payload.mac_-; Max-Age=3600;';
  expect(await cookieFrom(url, headers)).toBe(`__Host-${rest} Path=/; HttpOnly; Secure; SameSite=Strict`);
  expect(await cookieFrom(url, headers, appOnPath)).toBe(
    `__Secure-${rest} Path=/vault; HttpOnly; Secure; SameSite=Strict`,
  );
});

test('on a sub-path, the cookie is sent to that path only', async () => {
  expect(await cookieFrom('http://vault.test/in', {}, appOnPath)).toContain('; Path=/vault;');
});

test('a sign-out deletes the cookie', async () => {
  const rest = 'keystore_session_tag=; Max-Age=0; Path=';
  expect(await cookieFrom('http://vault.test/out')).toBe(`${rest}/; HttpOnly; SameSite=Strict`);
  expect(await cookieFrom('http://vault.test/out', {}, appOnPath)).toBe(`${rest}/vault; HttpOnly; SameSite=Strict`);
  expect(await cookieFrom('https://vault.test/out')).toBe(`__Host-${rest}/; HttpOnly; Secure; SameSite=Strict`);
});

const many = Array.from({ length: 100 }, (_, i) => `keystore_session_tag=${i}`);

test.each<[string, string[]]>([
  ['keystore_session_tag=abc', ['abc']],
  ['theme=dark; keystore_session_tag=abc; x=y', ['abc']],
  ['keystore_session_tag=old; keystore_session_tag=abc;keystore_session_tag=old', ['old', 'abc']],
  ['keystore_session_tag=', []],
  ['keystore_session_other=abc', []],
  ['keystore_session=abc', []],
  ['not_keystore_session_tag=abc', []],
  ['__Host-keystore_session_tag=abc', []],
  ['keystore_session_tag', []],
  ['', []],
  [many.join('; '), many.slice(0, 32).map((_, i) => String(i))],
])('of the header %j, the session cookies are %j', async (cookie, values) => {
  const response = await app.request('http://vault.test/read', { headers: { Cookie: cookie } });
  expect(await response.json()).toEqual(values);
});

test('over TLS, only a cookie counts that was set over TLS', async () => {
  const headers = { Cookie: 'keystore_session_tag=planted; __Host-keystore_session_tag=own' };
  expect(await (await app.request('https://vault.test/read', { headers })).json()).toEqual(['own']);
});
