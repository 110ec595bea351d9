/** Whether a request with a cookie comes from the vault's own page. */
import { maxOriginCharacters } from '../../core/limits.ts';
import { isOverTls } from './cookies.ts';

/** Two origins that should be one, as the caller may read them. */
export interface Mismatch {
  /** The origin of the page that sent the request; null if the browser only says that it is another one. */
  page: string | null;
  /** Where the vault was asked, as far as it knows. */
  own: string;
}

/**
 * Null if a request comes from a page of this origin, or from no page at all: then its cookie counts (OWASP CSRF Cheat Sheet,
 * "Fetch Metadata" and "Verifying Origin"). SameSite alone would let through pages on other ports of the same host.
 *
 * A browser sets Sec-Fetch-Site itself and compares what it sees, so `same-origin` counts even if a proxy has rewritten
 * Host. It is not sent over plain HTTP; then Origin must be the origin that was asked, which Host names. Its scheme may
 * differ, since a proxy that ends TLS need not be a trusted one.
 */
export const originMismatch = (request: Request): Mismatch | null => {
  const { headers } = request;
  const site = headers.get('Sec-Fetch-Site');
  if (site === 'same-origin') return null;
  const origin = headers.get('Origin');
  if ((site === null || site === 'none') && (origin === null || isOwn(origin, headers))) return null;
  return { page: origin && shown(origin), own: ownOrigin(request) };
};

/** Proxies often send the port apart from the host, and sometimes one that the browser does not see. */
const isOwn = (origin: string, headers: Headers): boolean => {
  if (!URL.canParse(origin)) return false;
  const { protocol, host } = new URL(origin);
  const own = headers.get('Host') ?? '';
  const port = headers.get('X-Forwarded-Port');
  return [own, ...(port === null || hasPort(own) ? [] : [`${own}:${port}`])].some((each) => {
    const url = `${protocol}//${each}`;
    // A default port may be written or left out.
    return URL.canParse(url) && new URL(url).host === host;
  });
};

const hasPort = (host: string) => /:\d+$/.test(host);

const ownOrigin = (request: Request): string => {
  const { headers } = request;
  const host = headers.get('Host') ?? 'unknown';
  const port = headers.get('X-Forwarded-Port');
  const url = `${isOverTls(request) ? 'https' : 'http'}://${port === null || hasPort(host) ? host : `${host}:${port}`}`;
  return shown(URL.canParse(url) ? new URL(url).origin : url);
};

/** A host name has at most 255 characters, and an origin is ASCII. */
const shown = (origin: string) => origin.replace(/[^!-~]/g, '').slice(0, maxOriginCharacters);
