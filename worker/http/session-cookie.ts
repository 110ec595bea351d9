/** The cookie that keeps a browser signed in. Its value names the session, and is no bearer token. */
import { putCookie } from './cookies.ts';
import type { Success } from './send.ts';

/** A reply to a sign-in that also sets the cookie. */
export const withSessionCookie =
  <Result extends { cookie: string; ttlSeconds: number }>(success: Success<Result>): Success<Result> =>
  (result, c) => {
    putCookie(c, 'session', result.cookie, result.ttlSeconds);
    return success(result, c);
  };

/** A reply to a sign-out that also deletes the cookie. */
export const withoutSessionCookie =
  <Result>(success: Success<Result>): Success<Result> =>
  (result, c) => {
    putCookie(c, 'session', '', 0);
    return success(result, c);
  };
