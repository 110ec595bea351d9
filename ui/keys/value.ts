import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { IconButton } from '../parts/button.ts';
import { copySecret } from '../parts/clipboard.ts';
import { complain } from '../parts/complain.ts';
import type { KeysModel } from './model.ts';

interface Props {
  model: KeysModel;
  name: string;
  tabindex?: number;
  /** Room for many lines. */
  isTall?: boolean;
}

const shownForMs = 30_000;

/** As wide for a short value as for a long one. */
const mask = '••••••••••••';

/**
 * The only place where a value is shown, and the only one that holds it: until half a minute is over, the window is left,
 * the tab is hidden or this is taken off the page.
 */
export const Value = ({ model, name, tabindex = 0, isTall = false }: Props) => {
  const value = useSignal<string | null>(null);
  const asked = useRef(0);
  const isShown = value.value !== null;

  const hide = () => {
    asked.current += 1;
    value.value = null;
  };

  /** An answer that comes when the person has looked away is not shown any more. */
  const reveal = async () => {
    asked.current += 1;
    const mine = asked.current;
    try {
      const found = await model.read(name);
      if (mine === asked.current) value.value = found;
    } catch (problem) {
      complain(problem);
    }
  };

  useLayoutEffect(() => whenLookedAway(hide), []);
  useLayoutEffect(() => {
    if (!isShown) return;
    const timer = setTimeout(hide, shownForMs);
    return () => clearTimeout(timer);
  }, [isShown]);

  return html`
    <div class="value ${isTall ? 'tall' : ''} ${isShown ? 'shown' : ''}">
      <${Text} value=${value.value} />
      <${IconButton}
        icon=${isShown ? 'eye-off' : 'eye'} label="${isShown ? 'Hide' : 'Reveal'} ${name}" tabindex=${tabindex}
        onClick=${() => (isShown ? hide() : void reveal())}
      />
      <${IconButton} icon="copy" label="Copy ${name}" tabindex=${tabindex} onClick=${() => void copyValue(model, name)} />
    </div>
  `;
};

const Text = ({ value }: { value: string | null }) =>
  value === null
    ? html`<span class="mask" role="img" aria-label="Hidden">${mask}</span>`
    : html`<pre class="value-text" tabindex="0" role="group" aria-label="The value">${value}</pre><span class="fuse" aria-hidden="true" />`;

/** Copies without showing. */
export const copyValue = async (model: KeysModel, name: string): Promise<void> => {
  try {
    await copySecret(() => model.read(name), name);
  } catch (problem) {
    complain(problem);
  }
};

const whenLookedAway = (hide: () => void) => {
  const onVisibility = () => {
    if (document.hidden) hide();
  };
  addEventListener('blur', hide);
  addEventListener('pagehide', hide);
  document.addEventListener('visibilitychange', onVisibility);
  return () => {
    removeEventListener('blur', hide);
    removeEventListener('pagehide', hide);
    document.removeEventListener('visibilitychange', onVisibility);
    hide();
  };
};
