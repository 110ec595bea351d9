/** The cookie that keeps a browser signed in. It holds the session token, and no script can read it. */
import { getCookie, setCookie } from 'hono/cookie';
import type { AppContext } from './context.ts';
import type { Success } from './send.ts';

const name = 'keystore_session';

export const sessionCookieOf = (c: AppContext): string | null => getCookie(c, name) || null;

/** A reply to a sign-in that also sets the cookie. */
export const withSessionCookie =
  <Result extends { token: string; ttlSeconds: number }>(success: Success<Result>): Success<Result> =>
  (result, c) => {
    set(c, result.token, result.ttlSeconds);
    return success(result, c);
  };

/** A reply to a sign-out that also deletes the cookie. */
export const withoutSessionCookie =
  <Result>(success: Success<Result>): Success<Result> =>
  (result, c) => {
    set(c, '', 0);
    return success(result, c);
  };

const set = (c: AppContext, token: string, maxAge: number) =>
  setCookie(c, name, token, { maxAge, path: '/', httpOnly: true, sameSite: 'Strict', secure: isOverTls(c.req.raw) });

/** Browsers keep a Secure cookie only if it came over TLS, and a vault on a box may be reached without. */
export const isOverTls = ({ url, headers }: Request) =>
  url.startsWith('https:') || headers.get('X-Forwarded-Proto') === 'https';
