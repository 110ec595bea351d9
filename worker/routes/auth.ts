import { clearSessionCookie, setSessionCookie } from '../http/credential.ts';
import { type AppContext, answer, done, ok, parse, router, type Success, send } from '../http/route.ts';
import {
  changePassword,
  listSessions,
  readSession,
  revokeSession,
  type SignedIn,
  signIn,
  signOut,
} from '../operations/sessions.ts';
import * as json from '../wire/json.ts';
import { failed, type Reply, refused } from '../wire/reply.ts';
import { credentials, passwordChange, sessionPath } from '../wire/requests.ts';

/** The token for programs, and the same in a cookie for the browser, where no script can read it. */
const signedIn = ({ req }: AppContext, { token, name, role, mustChangePassword, ttlSeconds }: SignedIn): Reply => ({
  status: 200,
  body: { token, user: name, role, must_change_password: mustChangePassword },
  headers: { 'Set-Cookie': setSessionCookie(req.raw, token, ttlSeconds) },
});

/** The one route without a credential. What makes no sense is not written down: anybody could fill the log with it. */
const login = async (c: AppContext): Promise<Response> => {
  const parsed = await parse<{ username: string; password: string }>(c, { body: credentials });
  if ('error' in parsed) return send(c, failed(parsed.status, parsed.error));
  const { username, password } = parsed.input;
  const outcome = await signIn(c.var, username, password);
  return send(c, outcome.outcome === 'allowed' ? signedIn(c, outcome.result) : refused(outcome));
};

const loggedOut: Success<void> = (_, { req }) => ({
  status: 200,
  body: { message: 'Logged out successfully' },
  headers: { 'Set-Cookie': clearSessionCookie(req.raw) },
});

export const auth = router()
  .post('/auth/login', login)
  .post('/auth/logout', answer(signOut, {}, loggedOut))
  .post('/auth/password', answer(changePassword, { body: passwordChange }, done('Password changed successfully')))
  .get('/auth/session', answer(readSession, {}, ok(json.session)))
  .get('/auth/sessions', answer(listSessions, {}, ok(json.sessionList)))
  .delete(
    '/auth/sessions/:session_id',
    answer(revokeSession, { path: sessionPath }, done('Session ended successfully')),
  );
