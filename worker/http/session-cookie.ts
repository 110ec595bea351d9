/** The cookie that keeps a browser signed in. Its value names the session, and is no bearer token. */
import { withCookie } from './cookies.ts';
import type { Success } from './send.ts';

/** A reply to a sign-in that also sets the cookie. */
export const withSessionCookie =
  <Result extends { cookie: string; ttlSeconds: number }>(success: Success<Result>): Success<Result> =>
  (result, c) =>
    withCookie(c, success(result, c), 'session', result.cookie, result.ttlSeconds);

/** A reply to a sign-out that also deletes the cookie. */
export const withoutSessionCookie =
  <Result>(success: Success<Result>): Success<Result> =>
  (result, c) =>
    withCookie(c, success(result, c), 'session', '', 0);
