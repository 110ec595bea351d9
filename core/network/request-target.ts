/** Normalises the request target (path and query), so that no spelling of it gets past a check. */

const base = 'http://gate.invalid';

/** A path that is normalised as it is: no query, no escapes, no empty segment and none that begins with a dot. */
const plainPath = /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$/;

/** No key name needs more layers of percent-encoding than this. */
const maxDecodings = 16;

/**
 * The path and query of a request target (RFC 9112 section 3.2, origin-form or absolute-form), as `new URL()` reads it:
 * dot segments and backslashes resolved, `%2F` and `%25` kept byte for byte.
 *
 * Returns undefined if it has neither form: no leading slash, another scheme, no host.
 */
export function normaliseRequestTarget(sent: string): string | undefined {
  if (plainPath.test(sent)) return sent;
  const absolute = sent.startsWith('/') ? base + sent : /^https?:\/\//i.test(sent) ? sent : '';
  if (!URL.canParse(absolute)) return undefined;
  const url = new URL(absolute);
  return url.pathname + url.search;
}

/** The host and port that an absolute-form request target names, without the port that its scheme implies; else undefined. */
export function authorityOf(sent: string): string | undefined {
  return sent.startsWith('/') || !URL.canParse(sent) ? undefined : new URL(sent).host;
}

/**
 * Whether a normalised path belongs to the runtime rather than to the vault: `/cdn-cgi/...` and `/__...`, where
 * `wrangler dev` has its SQL explorer, event triggers and proxies. Every layer of percent-encoding is checked.
 */
export function isInternal(pathname: string): boolean {
  let seen = pathname;
  for (let layer = 0; layer < maxDecodings; layer++) {
    const flat = seen.replace(/\/{2,}/g, '/').toLowerCase();
    if (flat.startsWith('/cdn-cgi') || flat.startsWith('/__')) return true;
    if (!seen.includes('%')) return false;
    const decoded = new URL(base + decodeLayer(seen)).pathname;
    if (decoded === seen) return false;
    seen = decoded;
  }
  return true;
}

const keyPath = /^((?:\/(?!keys\/)[\w.~-]+)*)\/keys\/([^/?]+)(\/versions(?:\/\d+)?|\/restore)?(?:\?(.*))?$/;

/**
 * The request for the same key, or for its versions, with its name in the query, which nobody takes for a path: `/keys/..%2F__x`
 * becomes `/key?key_name=..%2F__x`; under BASE_PATH as well. Undefined if the path is not that of one key.
 */
export function asKeyQuery(path: string): string | undefined {
  const [, basePath = '', name, part = '', search = ''] = keyPath.exec(path) ?? [];
  if (name === undefined || isInternal(basePath)) return undefined;
  const others = new URLSearchParams(search);
  others.delete('key_name');
  try {
    const query = [`key_name=${encodeURIComponent(decodeURIComponent(name))}`, ...(others.size ? [`${others}`] : [])];
    return `${basePath}/key${part}?${query.join('&')}`;
  } catch {
    return undefined;
  }
}

/** Decodes one layer of percent-encoding, of ASCII only. `?` and `#` stay encoded, since they would end the path. */
function decodeLayer(path: string): string {
  return path.replace(/%([0-7][0-9a-f])/gi, (encoded, hex: string) =>
    /^(3f|23)$/i.test(hex) ? encoded : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
