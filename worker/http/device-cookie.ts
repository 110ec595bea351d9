/** The cookie by which accounts know a browser. It lets nobody in; only the throttle on passwords asks for it. */
import { getCookie, setCookie } from 'hono/cookie';
import { createMiddleware } from 'hono/factory';
import { maxDeviceSeconds } from '../../core/limits.ts';
import type { AppContext, AppEnv } from './context.ts';
import type { Success } from './send.ts';
import { isOverTls } from './session-cookie.ts';

const name = 'keystore_device';

/** Adds the cookie to the caller, for the routes that ask for a password. */
export const withKnownDevice = createMiddleware<AppEnv>(async (c, next) => {
  c.set('caller', { ...c.var.caller, deviceCookie: getCookie(c, name) ?? null });
  await next();
});

/** A reply to a sign-in or a new password that also sets the cookie. It outlives the session, and a sign-out. */
export const withDeviceCookie =
  <Result extends { deviceCookie: string }>(success: Success<Result>): Success<Result> =>
  (result, c: AppContext) => {
    setCookie(c, name, result.deviceCookie, {
      maxAge: maxDeviceSeconds,
      path: '/auth',
      httpOnly: true,
      sameSite: 'Strict',
      secure: isOverTls(c.req.raw),
    });
    return success(result, c);
  };
