import { expect, test } from 'vitest';
import { ok } from '../wire/reply.ts';
import { router } from './context.ts';
import { send } from './send.ts';
import { sessionCookieOf, withoutSessionCookie, withSessionCookie } from './session-cookie.ts';

const session = { token: 'head.payload.mac_-', ttlSeconds: 3_600 };
const app = router()
  .get('/in', (c) => send(c, withSessionCookie(ok(() => 'in'))(session, c)))
  .get('/out', (c) => send(c, withoutSessionCookie(ok(() => 'out'))(undefined, c)))
  .get('/read', (c) => c.json(sessionCookieOf(c)));

const cookieFrom = async (url: string, headers: Record<string, string> = {}) =>
  (await app.request(url, { headers })).headers.get('Set-Cookie');

test('a sign-in sets a cookie that scripts cannot read and other sites do not send', async () => {
  expect(await cookieFrom('http://vault.test/in')).toBe(
    'keystore_session=head.payload.mac_-; Max-Age=3600; Path=/; HttpOnly; SameSite=Strict',
  );
});

test.each([
  ['the request came over TLS', 'https://vault.test/in', {}],
  ['the proxy says that it did', 'http://vault.test/in', { 'X-Forwarded-Proto': 'https' }],
])('the cookie is Secure if %s', async (_, url, headers) => {
  expect(await cookieFrom(url, headers)).toContain('; Secure;');
});

test('a sign-out deletes the cookie', async () => {
  expect(await cookieFrom('http://vault.test/out')).toBe(
    'keystore_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict',
  );
});

test.each([
  ['keystore_session=abc', 'abc'],
  ['theme=dark; keystore_session=abc; x=y', 'abc'],
  ['keystore_session=', null],
  ['not_keystore_session=abc', null],
  ['keystore_session', null],
  ['', null],
])('of the header %j, the session cookie is %j', async (cookie, token) => {
  const response = await app.request('http://vault.test/read', { headers: { Cookie: cookie } });
  expect(await response.json()).toBe(token);
});
