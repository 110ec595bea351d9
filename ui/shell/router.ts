/** The address of the current page: `#/page/item?query`. Hash routes, because `/keys` and the like belong to the API. */
import { signal } from '@preact/signals';
import { startLayers, visit } from '../parts/layers.ts';
import { askFirst, hasUnsaved } from '../parts/unsaved.ts';

const pages = ['keys', 'care', 'projects', 'trash', 'tokens', 'logs', 'users', 'account', 'about'] as const;
export type Page = (typeof pages)[number];

export type Query = Readonly<Record<string, string>>;

export interface Route {
  page: Page;
  /** What of the page is shown, such as the name of a project; empty for all. */
  item: string;
  query: Query;
}

export const parseRoute = (hash: string): Route => {
  const [path, search] = hash.replace(/^#?\/?/, '').split(/\?(.*)/s);
  const [first, ...rest] = path?.split('/') ?? [];
  const page = pages.find((known) => known === first) ?? 'keys';
  return { page, item: decoded(rest.join('/')), query: Object.fromEntries(new URLSearchParams(search)) };
};

const decoded = (text: string) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** Leaves out empty values, so that the unfiltered list has the plain address. */
export const href = (page: Page, query: Query = {}, item = ''): string => {
  const given = Object.entries(query).filter(([, value]) => value !== '');
  const search = new URLSearchParams(given).toString();
  const path = item === '' ? `#/${page}` : `#/${page}/${encodeURIComponent(item)}`;
  return search ? `${path}?${search}` : path;
};

const addressOf = ({ page, item, query }: Route) => href(page, query, item);

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
  if (wouldDrop(next)) {
    visit(addressOf(route.value));
    go(next.page, next.query, next.item);
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
  const { page, query, item } = parseRoute(link.getAttribute('href') ?? '');
  go(page, query, item);
};

/** What holds what one types: a page, and on it the page of a key. A dialog is closed before another item of its page is shown. */
const placeOf = ({ page, item, query }: Route) => JSON.stringify([page, page === 'keys' && item, query.key]);

/** Whether a change of the place would lose what was typed at this one. */
const wouldDrop = (next: Route) => placeOf(next) !== placeOf(route.value) && hasUnsaved();

export const go = (page: Page, query: Query = {}, item = ''): void => {
  const next = { page, item, query };
  askFirst(wouldDrop(next), () => goAnyway(next));
};

/** Asks nobody about what was typed. `moveTo` says what becomes of the address that is left. */
export const goAnyway = (next: Route, moveTo = visit): void => {
  clearTimeout(writing);
  if (addressOf(next) !== location.hash) moveTo(addressOf(next));
  route.value = next;
};

/** Browsers allow about three changes of the address a second, and people type faster. */
const addressDelayMs = 250;
let writing: ReturnType<typeof setTimeout> | undefined;

/** Changes the query of the current page: at once for the page, a moment later in the address. Adds no history entry. */
export const setQuery = (change: Query): void => {
  route.value = { ...route.value, query: { ...route.value.query, ...change } };
  clearTimeout(writing);
  writing = setTimeout(writeAddress, addressDelayMs);
};

const writeAddress = () => {
  clearTimeout(writing);
  const { page, item } = route.value;
  const there = parseRoute(location.hash);
  // The event for a new address comes late, so the address may be ahead of the page.
  if (there.page !== page || there.item !== item || addressOf(route.value) === location.hash) return;
  history.replaceState(history.state, '', addressOf(route.value));
};
