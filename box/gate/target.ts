/** What a request target means once every spelling of it is undone. */

const base = 'http://gate.invalid';

/** More layers of percent-encoding than this are no key name, only an attempt to get past us. */
const maxDecodings = 16;

/**
 * The path and query of a request target (RFC 9112 section 3.2, origin-form or absolute-form), as `new URL()` reads it:
 * dot segments and backslashes resolved, `%2F` and `%25` kept byte for byte.
 *
 * Returns undefined for what is neither: no leading slash, another scheme, no host.
 */
export function normaliseTarget(target: string): string | undefined {
  const absolute = target.startsWith('/') ? base + target : /^https?:\/\//i.test(target) ? target : '';
  if (!URL.canParse(absolute)) return undefined;
  const url = new URL(absolute);
  return url.pathname + url.search;
}

/**
 * Whether a normalised path belongs to the runtime rather than to the vault: `/cdn-cgi/...` and `/__...`, where
 * `wrangler dev` keeps its SQL explorer, its event triggers and its proxies. Every layer of encoding is looked under.
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

/** Undoes one layer of percent-encoding, of ASCII only; `?` and `#` stay encoded, or they would end the path. */
function decodeLayer(path: string): string {
  return path.replace(/%([0-7][0-9a-f])/gi, (encoded, hex: string) =>
    /^(3f|23)$/i.test(hex) ? encoded : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
