import { type SessionIdentity, type SessionKey, verifySessionToken } from '../../core/crypto/session-token.ts';

/** From a request to the credential it shows. No database: what the credential is worth, the verdict finds out. */

export const sessionCookie = 'keystore_session';

/**
 * The session that a bearer token (RFC 6750) or the browser's cookie names; null if there is none or it is not ours. A
 * header, where there is one, is the only thing that counts.
 */
export const credentialOf = async (request: Request, key: SessionKey, now: number): Promise<SessionIdentity | null> => {
  const token = tokenOf(request);
  return token === null ? null : verifySessionToken(key, token, Math.floor(now / 1000));
};

const tokenOf = (request: Request): string | null => {
  const authorization = request.headers.get('Authorization');
  if (authorization !== null) return /^bearer +([^\s,]+)$/i.exec(authorization)?.[1] ?? null;
  return isFromOwnPage(request) ? cookieOf(request) : null;
};

const cookieOf = (request: Request): string | null => {
  const cookies = request.headers.get('Cookie') ?? '';
  for (const cookie of cookies.split(';')) {
    const [name, value] = cookie.trim().split('=', 2);
    if (name === sessionCookie && value) return value;
  }
  return null;
};

/**
 * The cookie is believed only from pages of this origin (OWASP CSRF Cheat Sheet, "Fetch Metadata" and "Verifying Origin").
 * SameSite alone would let through other ports of the same host.
 */
const isFromOwnPage = ({ headers }: Request): boolean => {
  const site = headers.get('Sec-Fetch-Site');
  if (site !== null && site !== 'same-origin' && site !== 'none') return false;
  const origin = headers.get('Origin');
  return origin === null || (URL.canParse(origin) && new URL(origin).host === headers.get('Host'));
};

/** Browsers keep a cookie marked Secure only over TLS, and a vault on a box may be reached without. */
export const setSessionCookie = (request: Request, token: string, ttlSeconds: number): string =>
  `${sessionCookie}=${token}; Path=/; Max-Age=${ttlSeconds}; HttpOnly; SameSite=Strict${isOverTls(request) ? '; Secure' : ''}`;

export const clearSessionCookie = (request: Request): string => setSessionCookie(request, '', 0);

const isOverTls = ({ url, headers }: Request) =>
  url.startsWith('https:') || headers.get('X-Forwarded-Proto') === 'https';
