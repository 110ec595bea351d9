/** People who type an address of the API into a browser get the page, at the view of that address. */
import { createMiddleware } from 'hono/factory';
import { parseAccept } from 'hono/utils/accept';
import { pathnameOf } from '../../core/pathname.ts';
import { tokenIn } from './credential.ts';

/** Addresses by their first segment; the views of the page have the same names. */
const views = /^\/(keys|projects|trash|tokens|logs|users|account|about)(?:\/(.*))?$/;

/**
 * Redirects a browser that opens such an address as a page. Programs go on getting JSON: a request with a token, one that a
 * script makes, and one that does not ask for HTML.
 */
export const welcomeVisitors = (basePath: string) =>
  createMiddleware(async (c, next) => {
    const [, view, rest] = views.exec(pathnameOf(c.req.url)) ?? [];
    if (view === undefined) return next();
    if (isVisit(c.req.raw))
      return c.body(null, 303, { Location: `${basePath}/#/${view}${placeIn(view, rest)}`, ...notStored });
    await next();
    c.res.headers.append('Vary', notStored.Vary);
  });

/** What an answer depends on, for caches that store it against its will. */
const notStored = { 'Cache-Control': 'no-store', Vary: 'Accept, Authorization, Sec-Fetch-Mode' };

const isVisit = ({ method, headers }: Request): boolean =>
  (method === 'GET' || method === 'HEAD') &&
  tokenIn(headers) === undefined &&
  (headers.get('Sec-Fetch-Mode') ?? 'navigate') === 'navigate' &&
  prefersHtml(headers.get('Accept') ?? '');

/** Browsers name HTML when they open a page; of programs, hardly any does. */
const prefersHtml = (accept: string): boolean => {
  const accepted = parseAccept(accept);
  const weightOf = (type: string) => accepted.find((each) => each.type.toLowerCase() === type)?.q ?? 0;
  return weightOf('text/html') > weightOf('application/json');
};

/**
 * The address of a key opens the list where it is found: opening a page must not show a value. A project has a page of its own.
 */
const placeIn = (view: string, rest: string | undefined): string => {
  if (!rest) return '';
  if (view === 'projects') return `/${rest.split('/')[0]}`;
  if (view !== 'keys') return '';
  try {
    return `?${new URLSearchParams({ q: decodeURIComponent(rest) })}`;
  } catch {
    return '';
  }
};
