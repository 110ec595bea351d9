/** The address of the current page: `#/page?query`. Hash routes, because `/keys` and the like belong to the API. */
import { signal } from '@preact/signals';

const pages = ['keys', 'logs', 'users', 'account', 'about'] as const;
export type Page = (typeof pages)[number];

export type Query = Readonly<Record<string, string>>;

export interface Route {
  page: Page;
  query: Query;
}

export const parseRoute = (hash: string): Route => {
  const [path, search] = hash.replace(/^#?\/?/, '').split(/\?(.*)/s);
  const page = pages.find((known) => known === path) ?? 'keys';
  return { page, query: Object.fromEntries(new URLSearchParams(search)) };
};

/** Leaves out empty values, so that the unfiltered list has the plain address. */
export const href = (page: Page, query: Query = {}): string => {
  const given = Object.entries(query).filter(([, value]) => value !== '');
  const search = new URLSearchParams(given).toString();
  return search ? `#/${page}?${search}` : `#/${page}`;
};

export const route = signal<Route>(parseRoute(globalThis.location?.hash ?? ''));

export const startRouter = (): void => {
  addEventListener('hashchange', () => {
    clearTimeout(writing);
    route.value = parseRoute(location.hash);
  });
};

export const go = (page: Page, query: Query = {}): void => {
  location.hash = href(page, query);
};

/** Browsers allow about three changes of the address a second, and people type faster. */
const addressDelayMs = 250;
let writing: ReturnType<typeof setTimeout> | undefined;

/** Changes the query of the current page: at once for the page, a moment later in the address. Adds no history entry. */
export const setQuery = (change: Query): void => {
  const { page, query } = route.value;
  route.value = { page, query: { ...query, ...change } };
  clearTimeout(writing);
  writing = setTimeout(() => {
    // The event for a new address comes late, so the address may be ahead of the page.
    if (parseRoute(location.hash).page === page) history.replaceState(null, '', href(page, route.value.query));
  }, addressDelayMs);
};
