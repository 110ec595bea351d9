/** The address of the current page: `#/page?query`. Hash routes, because `/keys` and the like belong to the API. */
import { signal } from '@preact/signals';
import { startLayers, visit } from '../parts/layers.ts';
import { askFirst, hasUnsaved } from '../parts/unsaved.ts';

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
  startLayers(writeAddress);
  addEventListener('hashchange', onHashChange);
  document.addEventListener('click', onClick);
};

/** Another address, by Back, Forward or the keyboard. It is taken back while the user is asked about unsaved work. */
const onHashChange = () => {
  clearTimeout(writing);
  const next = parseRoute(location.hash);
  if (wouldDrop(next.page)) {
    visit(href(route.value.page, route.value.query));
    go(next.page, next.query);
  } else {
    route.value = next;
  }
};

/** Links to pages go through `go`. */
const onClick = (event: MouseEvent) => {
  const link = event.target instanceof Element ? event.target.closest('a[href^="#/"]') : null;
  if (!link || event.defaultPrevented || event.button !== 0) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const { page, query } = parseRoute(link.getAttribute('href') ?? '');
  go(page, query);
};

/** Whether a change of the page would lose what was typed on this one. */
const wouldDrop = (page: Page) => page !== route.value.page && hasUnsaved();

export const go = (page: Page, query: Query = {}): void => {
  askFirst(wouldDrop(page), () => {
    clearTimeout(writing);
    if (href(page, query) !== location.hash) visit(href(page, query));
    route.value = { page, query };
  });
};

/** Browsers allow about three changes of the address a second, and people type faster. */
const addressDelayMs = 250;
let writing: ReturnType<typeof setTimeout> | undefined;

/** Changes the query of the current page: at once for the page, a moment later in the address. Adds no history entry. */
export const setQuery = (change: Query): void => {
  const { page, query } = route.value;
  route.value = { page, query: { ...query, ...change } };
  clearTimeout(writing);
  writing = setTimeout(writeAddress, addressDelayMs);
};

const writeAddress = () => {
  clearTimeout(writing);
  const { page, query } = route.value;
  // The event for a new address comes late, so the address may be ahead of the page.
  if (parseRoute(location.hash).page !== page || href(page, query) === location.hash) return;
  history.replaceState(history.state, '', href(page, query));
};
