/**
 * From a request to the credential that it presents. The database is not asked: the verdict decides what the credential
 * may do.
 */
import { serviceTokenHash, serviceTokenPrefix } from '../../core/crypto/service-token.ts';
import { type SessionIdentity, type SessionKey, verifySessionToken } from '../../core/crypto/session-token.ts';
import { sortedAddress } from '../../core/network/allowed.ts';
import { findLiveSession } from '../operations/sessions.ts';
import type { Context } from '../operations/vault.ts';
import { otherOrigin, type Reply, signInAgain } from '../wire/reply.ts';
import { type AppContext, contextOf } from './context.ts';
import { cookieValues } from './cookies.ts';
import { originMismatch } from './own-page.ts';

/**
 * The caller with the session that their bearer token (RFC 6750) or session cookie names, or with the hash of their service token;
 * or the reply that says why there is none. If there is a bearer token, cookies are ignored.
 */
export const signedInContext = async (c: AppContext): Promise<Context | Reply> => {
  const token = tokenIn(c.req.raw.headers);
  if (token !== undefined) return (token === null ? null : await contextOfToken(c, token)) ?? signInAgain();
  const cookies = cookieValues(c, 'session');
  if (cookies.length === 0) return signInAgain();
  const mismatch = originMismatch(c.req.raw);
  if (mismatch) return otherOrigin(mismatch);
  const identity = await identityOf(c, cookies);
  return identity ? withSession(c, identity) : signInAgain();
};

/** The caller with the session that a token names, or with the hash of a service token; null for what is neither. */
export const contextOfToken = async (c: AppContext, token: string): Promise<Context | null> => {
  if (token.startsWith(serviceTokenPrefix)) return withToken(c, token);
  const identity = await verified(c, c.get('vault').sessionKey, token);
  return identity && withSession(c, identity);
};

/** The identity in the first cookie whose session is live. The database is only asked if there is more than one. */
const identityOf = async (c: AppContext, cookies: readonly string[]): Promise<SessionIdentity | undefined> => {
  const { vault, caller } = contextOf(c);
  const found = new Map<string, SessionIdentity>();
  for (const cookie of cookies) {
    const identity = await verified(c, vault.cookieKey, cookie);
    if (identity) found.set(identity.sessionId, identity);
  }
  const [first] = found.values();
  if (found.size <= 1) return first;
  const live = await findLiveSession({ vault, caller }, [...found.keys()]);
  return live === null ? first : found.get(live);
};

const verified = (c: AppContext, key: SessionKey, token: string) =>
  verifySessionToken(key, token, Math.floor(c.get('caller').now / 1000));

const withSession = (c: AppContext, { sessionId, username, userId, access }: SessionIdentity): Context => {
  const { vault, caller } = contextOf(c);
  return { vault, caller: { ...caller, sessionId, claimedName: username, claimedId: userId, claimedAccess: access } };
};

/** A mistyped token is refused here. Whether the vault knows it, and where it may be used, the verdict says. */
const withToken = (c: AppContext, token: string): Context | null => {
  const tokenHash = serviceTokenHash(token);
  if (tokenHash === null) return null;
  const { vault, caller } = contextOf(c);
  return { vault, caller: { ...caller, tokenHash, sortedAddress: sortedAddress(caller.address) } };
};

/** The bearer token that a request presents; null if its Authorization header holds none, undefined if there is no such header. */
export const tokenIn = (headers: Headers): string | null | undefined => {
  const authorization = headers.get('Authorization');
  return authorization === null || isOtherScheme(authorization) ? undefined : bearerToken(authorization);
};

/** Such as the Basic authentication of a proxy, which is not for the vault. */
const isOtherScheme = (authorization: string) => /^(?!bearer\b)[a-z][\w-]* /i.test(authorization);

/** The token of an Authorization header; null for another scheme, or for anything but one token. */
export const bearerToken = (authorization: string): string | null =>
  /^bearer +([^\s,]+)$/i.exec(authorization)?.[1] ?? null;
