/**
 * The names of the vault's cookies, how they are set and how they are read.
 *
 * Browsers send a cookie to every port of a host. So the name holds a tag of the vault: two vaults on one host do not
 * overwrite each other's. Over TLS a name has the prefix `__Host-` (`__Secure-` on a sub-path), and a browser then takes it
 * only from TLS, and no other host can set it (RFC 6265bis, section 4.1.3).
 */
import { generateCookie } from 'hono/cookie';
import { maxCookiesPerName } from '../../core/limits.ts';
import type { Reply } from '../wire/reply.ts';
import type { AppContext } from './context.ts';

/** What a cookie is for. */
export type CookieKind = 'session' | 'device';

const cookieName = (c: AppContext, kind: CookieKind): string => {
  const { vaultTag, path } = c.get('cookies');
  const prefix = isOverTls(c.req.raw) ? (path === '/' ? '__Host-' : '__Secure-') : '';
  return `${prefix}keystore_${kind}_${vaultTag}`;
};

/**
 * The values of all cookies of this kind, without repetitions, at most `maxCookiesPerName`. A browser sends several of one
 * name if they were set for different paths or by another host of the domain, and an old one may come first.
 */
export const cookieValues = (c: AppContext, kind: CookieKind): string[] => {
  const header = c.req.raw.headers.get('Cookie');
  if (!header) return [];
  const start = `${cookieName(c, kind)}=`;
  const values = header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(start) && pair.length > start.length)
    .map((pair) => pair.slice(start.length));
  return [...new Set(values)].slice(0, maxCookiesPerName);
};

/** The reply with a cookie that no script can read and no other site sends. An empty value with `maxAgeSeconds` 0 deletes it. */
export const withCookie = (
  c: AppContext,
  reply: Reply,
  kind: CookieKind,
  value: string,
  maxAgeSeconds: number,
): Reply => {
  const cookie = generateCookie(cookieName(c, kind), value, {
    maxAge: maxAgeSeconds,
    path: c.get('cookies').path,
    httpOnly: true,
    sameSite: 'Strict',
    secure: isOverTls(c.req.raw),
  });
  return { ...reply, cookies: [cookie, ...(reply.cookies ?? [])] };
};

/** Browsers keep a Secure cookie only if it came over TLS, and a vault on a box may be reached without. */
export const isOverTls = ({ url, headers }: Request): boolean =>
  url.startsWith('https:') || headers.get('X-Forwarded-Proto') === 'https';
