/** Sign-in, sign-out, sessions, and one's own password. */
import { router } from '../http/context.ts';
import { withDeviceCookie, withKnownDevice } from '../http/device-cookie.ts';
import { answer, answerStranger } from '../http/route.ts';
import { withoutSessionCookie, withSessionCookie } from '../http/session-cookie.ts';
import { changePassword } from '../operations/own-password.ts';
import { listSessions, readSession, revokeSession, signOut } from '../operations/sessions.ts';
import { signIn } from '../operations/sign-in.ts';
import * as json from '../wire/json.ts';
import { done, ok } from '../wire/reply.ts';
import { credentials, passwordChange, sessionPath } from '../wire/requests.ts';

export const auth = router()
  .use('/auth/*', withKnownDevice)
  .post(
    '/auth/login',
    answerStranger(signIn, { body: credentials }, withSessionCookie(withDeviceCookie(ok(json.signedIn)))),
  )
  .post('/auth/logout', answer(signOut, {}, withoutSessionCookie(done('Logged out successfully'))))
  .post(
    '/auth/password',
    answer(changePassword, { body: passwordChange }, withDeviceCookie(done('Password changed successfully'))),
  )
  .get('/auth/session', answer(readSession, {}, ok(json.session)))
  .get('/auth/sessions', answer(listSessions, {}, ok(json.sessionList)))
  .delete('/auth/sessions/:id', answer(revokeSession, { path: sessionPath }, done('Session ended successfully')));
