/**
 * Shows a value on request. This is the only component that holds one: until the time is up, the window loses the focus,
 * the tab is hidden, or the component is removed.
 */
import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { IconButton } from '../parts/button.ts';
import { copySecret } from '../parts/clipboard.ts';
import { complain } from '../parts/toast.ts';
import type { KeysModel } from './model.ts';

interface Props {
  model: KeysModel;
  name: string;
  /** An earlier one; by default the current one. */
  version?: number;
  tabindex?: number;
  /** Leaves room for many lines. */
  isTall?: boolean;
}

const revealSeconds = 30;

/** Has the same width for every value. */
const mask = '••••••••••••';

export const Value = ({ model, name, version, tabindex = 0, isTall = false }: Props) => {
  const value = useSignal<string | null>(null);
  const asked = useRef(0);
  const isShown = value.value !== null;
  const label = version === undefined ? name : `version ${version}`;

  const hide = () => {
    asked.current += 1;
    value.value = null;
  };

  /** Ignores an answer that comes after the value was hidden again. */
  const reveal = async () => {
    asked.current += 1;
    const mine = asked.current;
    try {
      const found = await model.read(name, version);
      if (mine === asked.current) value.value = found;
    } catch (problem) {
      complain(problem);
    }
  };

  useLayoutEffect(() => whenLookedAway(hide), []);
  useLayoutEffect(() => {
    if (!isShown) return;
    const timer = setTimeout(hide, revealSeconds * 1000);
    return () => clearTimeout(timer);
  }, [isShown]);

  return html`
    <div class="value well ${isTall ? 'tall' : ''} ${isShown ? 'shown' : ''}">
      <${Text} value=${value.value} />
      <${IconButton}
        icon=${isShown ? 'eye-off' : 'eye'} label="${isShown ? 'Hide' : 'Reveal'} ${label}" tabindex=${tabindex}
        onClick=${() => (isShown ? hide() : void reveal())}
      />
      <${IconButton} icon="copy" label="Copy ${label}" tabindex=${tabindex} onClick=${() => void copyValue(model, name, version)} />
    </div>
  `;
};

const Text = ({ value }: { value: string | null }) =>
  value === null
    ? html`<span class="mask soft" role="img" aria-label="Value hidden">${mask}</span>`
    : html`<pre class="value-text" tabindex=${0} role="group" aria-label="Revealed value">${value}</pre>
        <span class="time-left" aria-hidden="true" style=${{ animationDuration: `${revealSeconds}s` }} />`;

/** Copies a value without showing it. */
export const copyValue = async (model: KeysModel, name: string, version?: number): Promise<void> => {
  try {
    await copySecret(() => model.read(name, version), name);
  } catch (problem) {
    complain(problem);
  }
};

const whenLookedAway = (hide: () => void) => {
  const onVisibility = () => {
    if (document.hidden) hide();
  };
  const listening = new AbortController();
  const { signal } = listening;
  addEventListener('blur', hide, { signal });
  addEventListener('pagehide', hide, { signal });
  document.addEventListener('visibilitychange', onVisibility, { signal });
  return () => {
    listening.abort();
    hide();
  };
};
