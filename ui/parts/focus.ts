/** Keeps the keyboard focus on the page: when the focused element goes, the one that had the focus before gets it back. */

/** The elements that had the focus, the newest last. Empty once the user has left the last one on purpose. */
let trail: Element[] = [];
const maxTrail = 20;

export const startFocusKeeper = (): void => {
  document.addEventListener('focusin', ({ target }) => {
    if (target instanceof Element)
      trail = [...trail.filter((one) => one !== target && one.isConnected), target].slice(-maxTrail);
  });
  document.addEventListener('focusout', ({ target, relatedTarget }) => {
    // Browsers differ in whether they report an element that is being removed, so look again when it is gone.
    if (!relatedTarget) queueMicrotask(() => leftOnPurpose(target as Element));
  });
  const watch = new MutationObserver(() => {
    // A moment later: whoever removed the element may have a better place.
    if (isLost()) setTimeout(restore);
  });
  watch.observe(document.body, { subtree: true, childList: true, attributeFilter: ['disabled', 'hidden'] });
};

const isNowhere = () => document.activeElement === null || document.activeElement === document.body;

const leftOnPurpose = (element: Element) => {
  if (isNowhere() && document.hasFocus() && canFocus(element)) trail = [];
};

const canFocus = (element: Element) =>
  element.isConnected && element.checkVisibility() && !element.matches(':disabled');

const isLost = () => {
  const last = trail.at(-1);
  return isNowhere() && last !== undefined && !canFocus(last);
};

const restore = () => {
  if (!isLost()) return;
  const dialog = [...document.querySelectorAll('dialog[open]')].at(-1);
  const scope = dialog ?? document.body;
  const earlier = trail.filter((one) => canFocus(one) && scope.contains(one) && !one.closest('.toasts')).at(-1);
  if (earlier) (earlier as HTMLElement).focus();
  if (isNowhere()) scope.querySelector<HTMLElement>('main h1[tabindex]')?.focus({ preventScroll: true });
  if (isNowhere()) scope.querySelector<HTMLElement>('input:not([hidden]), button')?.focus();
};

/** Moves the focus to the page's search, after something that searched was cleared. */
export const focusSearch = (): void => document.querySelector<HTMLElement>('main [data-search]')?.focus();
