/**
 * From a request to the credential that it presents. The database is not asked: the verdict decides what the credential
 * may do.
 */
import { verifySessionToken } from '../../core/crypto/session-token.ts';
import type { Context } from '../operations/vault.ts';
import type { AppContext } from './context.ts';
import { sessionCookieOf } from './session-cookie.ts';

/**
 * The caller with the session that their bearer token (RFC 6750) or session cookie names. Null if there is no token or it
 * does not verify. If there is an Authorization header, the cookie is ignored.
 */
export const signedInContext = async (c: AppContext): Promise<Context | null> => {
  const { vault, caller } = c.var;
  const token = tokenOf(c);
  const identity = token && (await verifySessionToken(vault.sessionKey, token, Math.floor(caller.now / 1000)));
  return identity
    ? {
        vault,
        caller: {
          ...caller,
          sessionId: identity.sessionId,
          claimedName: identity.username,
          claimedId: identity.userId,
        },
      }
    : null;
};

const tokenOf = (c: AppContext): string | null => {
  const authorization = c.req.raw.headers.get('Authorization');
  if (authorization !== null) return bearerToken(authorization);
  return isFromOwnPage(c.req.raw.headers) ? sessionCookieOf(c) : null;
};

/** The token of an Authorization header; null for another scheme, or for anything but one token. */
export const bearerToken = (authorization: string): string | null =>
  /^bearer +([^\s,]+)$/i.exec(authorization)?.[1] ?? null;

/**
 * Whether a request with a cookie comes from a page of this origin, or from no page at all (OWASP CSRF Cheat Sheet, "Fetch
 * Metadata" and "Verifying Origin"). SameSite alone would let through pages on other ports of the same host.
 */
export const isFromOwnPage = (headers: Headers): boolean => {
  const site = headers.get('Sec-Fetch-Site');
  if (site !== null && site !== 'same-origin' && site !== 'none') return false;
  const origin = headers.get('Origin');
  return origin === null || (URL.canParse(origin) && new URL(origin).host === headers.get('Host'));
};
