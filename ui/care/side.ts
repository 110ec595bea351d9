/** How many keys need care: in the sidebar, and on a phone, which has none, above the list of keys. */
import { html } from 'htm/preact';
import { useLayoutEffect } from 'preact/hooks';
import type { Loaded } from '../api/loaded.ts';
import { href, route } from '../shell/router.ts';
import type { CareModel } from './model.ts';

/** Empty for none. */
const countOf = ({ list: { answer } }: CareModel): string => {
  const { keys = [], more = false } = answer.value ?? {};
  return keys.length === 0 ? '' : keys.length.toLocaleString() + (more ? '+' : '');
};

export const SideCare = ({ model }: { model: CareModel }) => {
  const count = countOf(model);
  const isHere = route.value.page === 'care';
  return (
    (count || isHere) &&
    html`<div class="side-care">
      <a class="side-project row ends" href=${href('care')} aria-current=${isHere ? 'page' : undefined}>
        <span>Needs care</span>${' '}${count && html`<small class="care-count">${count}</small>`}
      </a>
    </div>`
  );
};

export const CareNotice = ({ model }: { model: CareModel }) => {
  const count = countOf(model);
  return (
    count && html`<p class="care-notice note"><a class="care-link" href=${href('care')}>Needs care: ${count}</a></p>`
  );
};

/** Each fetch adds an entry to the log, so a list that changes again and again asks for it once a minute. */
const pauseMs = 60_000;
/** A page that shows no list of keys does not wait for one. */
const delayMs = 1_500;

/** Fetches what needs care after the list of keys. The page itself needs that list, and asks again after each change. */
export const useCareCount = ({ list }: CareModel, keys: Loaded<unknown>): void => {
  const rows = keys.answer.value;
  const isShown = route.value.page === 'care';
  useLayoutEffect(() => {
    if (isShown && !rows && !keys.isLoading.value) void keys.load();
    const known = list.time.value;
    const isRecent = isShown ? !rows || known === 0 : Date.now() - known < pauseMs;
    if (isRecent || list.isLoading.value) return;
    const timer = setTimeout(() => void list.load(), rows ? 0 : delayMs);
    return () => clearTimeout(timer);
  }, [rows, list, isShown]);
};
