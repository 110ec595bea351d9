/** The cookie by which accounts know a browser. It lets nobody in; only the throttle on passwords asks for it. */
import { createMiddleware } from 'hono/factory';
import { maxDeviceSeconds } from '../../core/limits.ts';
import type { AppEnv } from './context.ts';
import { cookieValues, withCookie } from './cookies.ts';
import type { Success } from './send.ts';

/** Adds the cookie to the caller, for the routes that ask for a password. */
export const withKnownDevice = createMiddleware<AppEnv>(async (c, next) => {
  c.set('caller', { ...c.get('caller'), deviceCookie: cookieValues(c, 'device').join('~') });
  await next();
});

/** A reply to a sign-in or a new password that also sets the cookie. It outlives the session, and a sign-out. */
export const withDeviceCookie =
  <Result extends { deviceCookie: string }>(success: Success<Result>): Success<Result> =>
  (result, c) =>
    withCookie(c, success(result, c), 'device', result.deviceCookie, maxDeviceSeconds);
