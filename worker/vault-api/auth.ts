/** Tokens about themselves, and the logins: `auth/token`, `auth/approle` and `auth/userpass`. */
import { serviceTokenPrefix } from '../../core/crypto/service-token.ts';
import { type AppContext, contextOf, router } from '../http/context.ts';
import { createChild } from '../operations/children.ts';
import type { Child } from '../operations/new-child.ts';
import {
  endOwnSession,
  endOwnToken,
  type OwnCredential,
  readOwnSession,
  readOwnToken,
  renewOwn,
} from '../operations/own-credential.ts';
import { answer, type ReadRequest } from './answer.ts';
import { canBeProlonged, issued, lookedUp, metadataOf } from './auth-answers.ts';
import { type AskedToken, readNewToken, readRenewal } from './auth-requests.ts';
import { vaultToken } from './credential.ts';
import { noContent } from './envelope.ts';
import { appRoleLogin, userpassLogin } from './logins.ts';

type Handler = (c: AppContext) => Promise<Response>;

/** Two actions that are one to clients. */
const byForm =
  (ofToken: Handler, ofSession: Handler): Handler =>
  (c) =>
    (vaultToken(c.req.raw.headers)?.startsWith(serviceTokenPrefix) ? ofToken : ofSession)(c);

const nothing: ReadRequest<Record<never, never>> = () => ({ input: {} });
const nowOf = (c: AppContext) => contextOf(c).caller.now;
const sentIn = (c: AppContext) => vaultToken(c.req.raw.headers) ?? '';

const lookup = (own: OwnCredential, _: unknown, c: AppContext) => lookedUp(own, sentIn(c), nowOf(c));

const renewed = (own: OwnCredential, _: unknown, c: AppContext) =>
  issued(
    {
      ...own,
      secret: sentIn(c),
      isRenewable: canBeProlonged(own.endsAt, own.latestEnd),
      metadata: metadataOf(own),
    },
    nowOf(c),
    'token',
  );

const writing = ['POST', 'PUT'];

export const auth = router()
  .get(
    '/v1/auth/token/lookup-self',
    byForm(answer(readOwnToken, nothing, lookup), answer(readOwnSession, nothing, lookup)),
  )
  .on(writing, '/v1/auth/token/renew-self', answer(renewOwn, readRenewal, renewed))
  .on(
    writing,
    '/v1/auth/token/revoke-self',
    byForm(
      answer(endOwnToken, nothing, () => noContent),
      answer(endOwnSession, nothing, () => noContent),
    ),
  )
  .on(
    writing,
    '/v1/auth/token/create',
    answer<AskedToken, Child>(createChild, readNewToken, (child, asked, c) =>
      issued(
        {
          ...child,
          isRenewable: canBeProlonged(child.endsAt, child.latestEnd),
          hasParent: true,
          metadata: null,
        },
        nowOf(c),
        'token',
        asked.warnings,
      ),
    ),
  )
  .on(writing, '/v1/auth/approle/login', appRoleLogin)
  .on(writing, '/v1/auth/userpass/login/:user', userpassLogin);
