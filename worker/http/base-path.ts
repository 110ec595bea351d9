/** The vault under a sub-path of its host: what BASE_PATH changes in requests and in the page. */
import type { MovableRequest } from '../../core/network/response-maker.ts';

/**
 * The request as the vault's routes know it: without the base path. A request without it stays as it is, since some proxies
 * strip it and some do not.
 */
export const withoutBasePath = (basePath: string, request: Request): Request => {
  if (basePath === '') return request;
  const url = new URL(request.url);
  if (!url.pathname.startsWith(`${basePath}/`)) return request;
  url.pathname = url.pathname.slice(basePath.length);
  return (request as MovableRequest).with?.({ url: url.href }) ?? new Request(url, request);
};

/** A page, or the API document, with its own addresses under the base path. */
export const pageUnder = (basePath: string, page: string): string =>
  page
    .replace(/(href|src)="\//g, `$1="${basePath}/`)
    .replace('"servers":[{"url":"/"', `"servers":[{"url":"${basePath}"`)
    .replace('<meta name="base-path" content="">', `<meta name="base-path" content="${basePath}">`);
