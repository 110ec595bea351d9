/** Logins of programs: with a service token in the form of an AppRole, or with a name and a password. Each answers a fresh child. */
import * as v from 'valibot';
import { pathnameOf } from '../../core/pathname.ts';
import { type AppContext, contextOf } from '../http/context.ts';
import { contextOfToken } from '../http/credential.ts';
import { send } from '../http/send.ts';
import { admit } from '../operations/admission.ts';
import { createChild } from '../operations/children.ts';
import { signIn } from '../operations/sign-in.ts';
import type { Reply } from '../wire/reply.ts';
import { credentials, id } from '../wire/requests.ts';
import { canBeProlonged, issued } from './auth-answers.ts';
import { childOfLogin, type Fields, fieldsOf, lifetimeAsked } from './auth-requests.ts';
import { unservedHeader } from './credential.ts';
import { errors } from './envelope.ts';
import { refusedAsVault } from './refusals.ts';

/** A route without a credential in its head. What is no login at all is not recorded: otherwise anyone could fill the log. */
const login =
  (answer: (c: AppContext, fields: Fields, lifetimeMs: number | null) => Promise<Reply>) => async (c: AppContext) => {
    const problem = unservedHeader(c.req.raw.headers);
    if (problem) return send(c, problem);
    const body = await fieldsOf(c);
    if ('error' in body) return send(c, errors(body.status, [body.error]));
    const asked = lifetimeAsked(body.fields);
    if ('error' in asked) return send(c, errors(400, [asked.error]));
    return send(c, await answer(c, body.fields, asked.lifetimeMs));
  };

/** The same for every token and number that do not belong together, whether there are such or not. */
const badAppRole = errors(400, ['invalid role or secret ID']);

/** The number of a service token; 0, which none has, for anything else. */
const tokenNumber = (given: unknown): number => v.parse(id, String(given));

/** `role_id` is the number of a service token, `secret_id` the token. */
export const appRoleLogin = login(async (c, { role_id, secret_id }, lifetimeMs) => {
  if (role_id === undefined || role_id === '') return errors(400, ['missing role_id']);
  if (secret_id === undefined || secret_id === '') return errors(400, ['missing secret_id']);
  const context = typeof secret_id === 'string' ? await contextOfToken(c, secret_id) : null;
  if (context?.caller.tokenHash === undefined) return badAppRole;
  const tooMuch = await admit(context, createChild.action);
  if (tooMuch) return refusedAsVault(tooMuch);
  const made = await createChild.perform(context, childOfLogin(lifetimeMs, tokenNumber(role_id)));
  if (made.outcome !== 'allowed') {
    const isBad = made.outcome === 'unauthenticated' || made.reason === 'other_token';
    return isBad ? badAppRole : refusedAsVault(made);
  }
  const { result: child } = made;
  return issued(
    {
      ...child,
      isRenewable: canBeProlonged(child.endsAt, child.latestEnd),
      hasParent: true,
      metadata: { role_name: child.name },
    },
    context.caller.now,
    'approle',
  );
});

/** The same for an unknown name, a wrong password, and an account that is switched off. */
const badPassword = errors(400, ['invalid username or password']);

const mustChange =
  'This account must get a new password: POST /auth/password with current_password and new_password, or sign in to the web page.';

const namePath = '/v1/auth/userpass/login/';

const nameIn = (c: AppContext): string => {
  try {
    return decodeURIComponent(pathnameOf(c.req.url).slice(namePath.length));
  } catch {
    return '';
  }
};

/** The sign-in of the product, with its throttles, its queue and its log. */
export const userpassLogin = login(async (c, { password }, lifetimeMs) => {
  if (password === undefined || password === '') return errors(400, ['missing password']);
  const given = v.safeParse(credentials, { username: nameIn(c), password }, { abortEarly: true });
  if (!given.success) return errors(400, [given.issues[0].message]);
  const context = contextOf(c);
  const signedIn = await signIn(context, { ...given.output, isForProgram: true, lifetimeMs });
  if (signedIn.outcome !== 'allowed')
    return signedIn.outcome === 'unauthenticated' ? badPassword : refusedAsVault(signedIn);
  const { token, id: session, name, endsAt, latestEnd, must_change_password } = signedIn.result;
  const child = { secret: token, id: session, access: 'manage' as const, endsAt };
  return issued(
    { ...child, isRenewable: canBeProlonged(endsAt, latestEnd), hasParent: false, metadata: { username: name } },
    context.caller.now,
    'userpass',
    must_change_password ? [mustChange] : [],
  );
});
