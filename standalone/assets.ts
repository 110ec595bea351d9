/** The files of the UI, in the place of wrangler's assets binding: by exact path, with an ETag. The worker adds the rest. */

import files from 'keystore:ui';
import { getMimeType } from 'hono/utils/mime';

interface Asset {
  bytes: Uint8Array;
  etag: string;
}

const unpacked = new Map<string, Promise<Asset>>();

/** Unpacked at its first request: most files are seldom asked for, and all of them would take time and memory at the start. */
const assetAt = (path: string): Promise<Asset> | null => {
  const known = unpacked.get(path);
  if (known !== undefined) return known;
  const text = Object.hasOwn(files, path) ? files[path] : undefined;
  if (text === undefined) return null;
  const asset = unpack(text);
  unpacked.set(path, asset);
  return asset;
};

const unpack = async (text: string): Promise<Asset> => {
  const packed = new Blob([Uint8Array.from(atob(text), (character) => character.charCodeAt(0))]);
  const plain = new Response(packed.stream().pipeThrough(new DecompressionStream('gzip')));
  const bytes = new Uint8Array(await plain.arrayBuffer());
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const etag = `"${[...digest.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}"`;
  return { bytes, etag };
};

export const assets = {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const asset = await assetAt(pathname);
    if (asset === null) return new Response(null, { status: 404 });
    const type = getMimeType(pathname) ?? 'application/octet-stream';
    return new Response(asset.bytes, { headers: { 'Content-Type': type, ETag: asset.etag } });
  },
};
