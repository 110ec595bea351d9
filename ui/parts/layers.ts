/**
 * The browser's Back closes what lies over the page. Each open layer (a dialog) has an entry in the history, after that of the
 * page and with the same address; the state of an entry is its depth, 0 for the page.
 *
 * A layer that closes in another way leaves its entry behind, since going back takes time and the user may be quicker. The next
 * layer or page takes that entry over, and Back does not stop at it.
 */

interface Layer {
  /** Asks the layer to close. Returns false if it stays open. */
  onBack: () => boolean;
}

const layers: Layer[] = [];

/** Null for entries that are not ours: a page without layers so far. */
const stateOfEntry = (): number | null => {
  const { depth } = (history.state ?? {}) as { depth?: unknown };
  return typeof depth === 'number' ? depth : null;
};

/** The depth of the current entry. */
let depth = 0;
let addressOfPage = '';
let beforeFirst = () => {};

const push = (to: number) => {
  for (; depth < to; depth += 1) history.pushState({ depth: depth + 1 }, '', addressOfPage);
};

/** @returns a function that removes the layer. */
export const addLayer = (onBack: () => boolean): (() => void) => {
  const layer: Layer = { onBack };
  if (layers.length === 0) {
    beforeFirst();
    addressOfPage = location.href;
    if (depth === 0) history.replaceState({ depth: 0 }, '');
  }
  layers.push(layer);
  push(layers.length);
  return () => void layers.splice(layers.indexOf(layer), 1);
};

/** Goes to another address of this page. */
export const visit = (address: string): void => {
  if (depth > 0) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
  depth = 0;
};

/** The same, in the place of the address that it is at. */
export const exchange = (address: string): void => {
  history.replaceState(null, '', address);
  depth = 0;
};

/** Goes to an address that lies over this one, until `leaveOver`. */
export const visitOver = (address: string): void => {
  if (depth === 0) history.replaceState({ depth: 0 }, '');
  visit(address);
};

/** Returns to the address below at once. The entry is left behind as that of a closed layer is. */
export const leaveOver = (address: string): void => {
  history.replaceState({ depth: 1 }, '', address);
  depth = 1;
};

/** @param whenFirst brings the address up to date before the first layer opens. */
export const startLayers = (whenFirst: () => void): void => {
  beforeFirst = whenFirst;
  depth = stateOfEntry() ?? 0;
  addEventListener('popstate', onPopState);
};

const onPopState = () => {
  const state = stateOfEntry();
  const left = state !== null && state < depth ? state - (layers.length - 1) : 0;
  depth = state ?? 0;
  // Only entries without a layer were left so far, so that nothing has happened for the user.
  if (left > 0) history.go(-left);
  else if (layers.length > depth) close(state);
};

/** Closes the layers above the current entry. One that stays open gets its entry back, and with it the page its address. */
const close = (state: number | null) => {
  let open = layers.length;
  while (open > depth && layers[open - 1]?.onBack()) open -= 1;
  // At once, because the event for the new address comes next, and must find that of the page.
  if (open > depth) push(open);
  else if (state === 0) history.replaceState({ depth: 0 }, '', addressOfPage);
};
