/** The files of the UI, in the place of wrangler's assets binding: by exact path, with an ETag. The worker adds the rest. */

import files from 'keystore:ui';
import { getMimeType } from 'hono/utils/mime';

const etags = new Map<string, string>();

/** Computed at the first request for a file: workerd has no cryptography while a module loads. */
const etagOf = async (path: string, bytes: Uint8Array): Promise<string> => {
  const known = etags.get(path);
  if (known !== undefined) return known;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const etag = `"${[...digest.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}"`;
  etags.set(path, etag);
  return etag;
};

export const assets = {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const bytes = Object.hasOwn(files, pathname) ? files[pathname] : undefined;
    if (bytes === undefined) return new Response(null, { status: 404 });
    const type = getMimeType(pathname) ?? 'application/octet-stream';
    return new Response(bytes, { headers: { 'Content-Type': type, ETag: await etagOf(pathname, bytes) } });
  },
};
