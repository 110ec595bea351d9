/** How many keys need care: in the sidebar, and on a phone, which has none, above the list of keys. */
import { html } from 'htm/preact';
import { useLayoutEffect } from 'preact/hooks';
import type { Loaded } from '../api/loaded.ts';
import { href, route } from '../shell/router.ts';
import type { CareModel } from './model.ts';

export const SideCare = ({ model }: { model: CareModel }) => {
  const count = model.countText.value;
  const isHere = route.value.page === 'care';
  if (count === '' && !isHere) return null;
  return html`
    <div class="side-care">
      <a class="side-project row ends" href=${href('care')} aria-current=${isHere ? 'page' : undefined}>
        <span>Needs care</span>
        ${count && html`<small class="care-count">${count}<span class="unseen"> ${count === '1' ? 'key' : 'keys'}</span></small>`}
      </a>
    </div>
  `;
};

export const CareNotice = ({ model }: { model: CareModel }) => {
  const count = model.countText.value;
  if (count === '') return null;
  return html`<p class="care-notice note"><a href=${href('care')}>${count === '1' ? '1 key needs care' : `${count} keys need care`}</a></p>`;
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
    if (isShown && rows === null && !keys.isLoading.value) void keys.load();
  }, [isShown, rows, keys]);
  useLayoutEffect(() => {
    const isKnown = list.time.value > 0;
    const isRecent = isShown ? rows === null || !isKnown : Date.now() - list.time.value < pauseMs;
    if (isRecent || list.isLoading.value) return;
    const timer = setTimeout(() => void list.load(), rows === null ? delayMs : 0);
    return () => clearTimeout(timer);
  }, [rows, list]);
};
