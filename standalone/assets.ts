import files from 'keystore:ui';

/** The UI's files as `wrangler dev` serves them: by exact path, with an ETag of their content. The worker adds the rest. */

const types: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  ico: 'image/vnd.microsoft.icon',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json',
  png: 'image/png',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
  webmanifest: 'application/manifest+json',
  woff2: 'font/woff2',
};

const etags = new Map<string, string>();

/** Computed at the first request for a file: at start-up there is no cryptography. */
const etagOf = async (path: string, bytes: Uint8Array): Promise<string> => {
  const known = etags.get(path);
  if (known !== undefined) return known;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const etag = `"${[...digest.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}"`;
  etags.set(path, etag);
  return etag;
};

/** Stands where wrangler has its assets binding. */
export const assets = {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const bytes = Object.hasOwn(files, pathname) ? files[pathname] : undefined;
    if (bytes === undefined) return new Response(null, { status: 404 });
    const etag = await etagOf(pathname, bytes);
    if (isMatch(request.headers.get('If-None-Match'), etag))
      return new Response(null, { status: 304, headers: { ETag: etag } });
    const type = types[pathname.slice(pathname.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
    return new Response(bytes, { headers: { 'Content-Type': type, ETag: etag } });
  },
};

/** RFC 9110, section 13.1.2: compared weakly, since a proxy that compresses makes `"x"` into `W/"x"`. */
const isMatch = (condition: string | null, etag: string): boolean =>
  (condition ?? '').split(',').some((each) => each.trim() === '*' || each.trim().replace(/^W\//, '') === etag);
