/** The browser UI, and the API document with its page. Every file of the UI except its page has a hash of its content in its name. */
import type { Context } from 'hono';
import { pageUnder } from './base-path.ts';
import { compressed } from './compression.ts';

const hashedName = /-[A-Za-z0-9]{8}\.\w+$/;

const isText = /\.(html|js|css|svg|json|webmanifest)$/;

/** The addresses of pages, and their files. */
const pages: Record<string, string> = { '/': '/index.html', '/docs': '/docs.html' };

/** @param basePath as `parseBasePath` reads it. */
export const assets = (files: Fetcher | undefined, basePath: string) =>
  async function serveAsset(c: Context): Promise<Response> {
    if (!files || (c.req.method !== 'GET' && c.req.method !== 'HEAD')) return c.notFound();
    const url = new URL(c.req.url);
    url.pathname = pages[url.pathname] ?? url.pathname;
    const isMoved = basePath !== '' && (url.pathname.endsWith('.html') || url.pathname === '/openapi.json');
    // The ETag of the file is not that of the page that is made of it.
    const found = await files.fetch(new Request(url, isMoved ? {} : { headers: c.req.raw.headers }));
    if (found.status === 404) return c.notFound();
    const response = isMoved
      ? movedPage(basePath, await found.text(), found.headers.get('Content-Type') ?? '')
      : new Response(found.body, found);
    response.headers.set(
      'Cache-Control',
      hashedName.test(url.pathname) ? 'public, max-age=31536000, immutable' : 'no-cache',
    );
    if (response.body && isText.test(url.pathname)) compressed(c.req.raw, response.headers);
    return response;
  };

const movedPage = (basePath: string, page: string, type: string) =>
  new Response(pageUnder(basePath, page), { headers: { 'Content-Type': type } });
