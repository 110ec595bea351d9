/** The browser UI. Every file except the page itself has a hash of its content in its name. */
import type { Context } from 'hono';
import { compressed } from './compression.ts';

const hashedName = /-[A-Za-z0-9]{8}\.\w+$/;

const isText = /\.(html|js|css|svg|webmanifest)$/;

export const assets = (files: Fetcher | undefined) =>
  async function serveAsset(c: Context): Promise<Response> {
    if (!files || c.req.method !== 'GET') return c.notFound();
    const url = new URL(c.req.url);
    if (url.pathname === '/') url.pathname = '/index.html';
    const found = await files.fetch(new Request(url, { headers: c.req.raw.headers }));
    if (found.status === 404) return c.notFound();
    const response = new Response(found.body, found);
    response.headers.set(
      'Cache-Control',
      hashedName.test(url.pathname) ? 'public, max-age=31536000, immutable' : 'no-cache',
    );
    if (response.body && isText.test(url.pathname)) compressed(c.req.raw, response.headers);
    return response;
  };
