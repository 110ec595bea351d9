/**
 * Shows values on request: on the page of a key, or under a row of the list. Only these components hold one: until the time is
 * up, the window loses the focus, the tab is hidden, or the component is removed.
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
  /** An earlier one; by default the current one. It has its own button to copy it; the page of a key has one for the current one. */
  version?: number;
}

const revealSeconds = 30;

/** Has the same width for every value. */
const mask = '••••••••••••';

/** What `read` fetches, for a time. */
export const useRevealed = <Found>(read: () => Promise<Found>, onHide = () => {}) => {
  const value = useSignal<Found | null>(null);
  const asked = useRef(0);
  const isShown = value.value !== null;

  const hide = () => {
    asked.current += 1;
    value.value = null;
    onHide();
  };

  /** Ignores an answer that comes after the value was hidden again. */
  const reveal = async () => {
    asked.current += 1;
    const mine = asked.current;
    try {
      const found = await read();
      if (mine === asked.current) value.value = found;
    } catch (problem) {
      if (mine === asked.current) hide();
      complain(problem);
    }
  };

  useLayoutEffect(() => whenLookedAway(hide), []);
  useLayoutEffect(() => {
    if (!isShown) return;
    const timer = setTimeout(hide, revealSeconds * 1000);
    return () => clearTimeout(timer);
  }, [isShown]);
  return { value: value.value, isShown, reveal, hide };
};

export const Value = (props: Props) => {
  const { model, name, version } = props;
  const { value, isShown, reveal, hide } = useRevealed(() => model.read(name, version));
  const isAsked = version === undefined && model.toReveal.value === name;
  useLayoutEffect(() => {
    if (!isAsked) return;
    model.toReveal.value = null;
    if (isShown) hide();
    else void reveal();
  }, [isAsked]);
  const label = version === undefined ? name : `version ${version}`;
  return html`
    <div class="value well ${isShown ? 'shown' : ''}">
      <${Text} value=${value} />
      <${IconButton}
        icon=${isShown ? 'eye-off' : 'eye'} label="${isShown ? 'Hide' : 'Reveal'} ${label}"
        onClick=${() => (isShown ? hide() : void reveal())}
      />
      ${version !== undefined && html`<${IconButton} icon="copy" label="Copy ${label}" onClick=${() => void copyValue(model, name, version)} />`}
    </div>
  `;
};

/** What stands under the row of a key whose value is to be shown. It goes when the value does. */
export const Revealed = ({ model, name }: Props) => {
  const { value, reveal } = useRevealed(
    () => model.read(name),
    () => {
      if (model.revealed.value === name) model.revealed.value = null;
    },
  );
  useLayoutEffect(() => void reveal(), []);
  return value !== null && html`<div class="value well shown"><${Text} value=${value} /></div>`;
};

const Text = ({ value }: { value: string | null }) =>
  value === null
    ? html`<span class="mask soft" role="img" aria-label="Value hidden">${mask}</span>`
    : html`<pre class="value-text" tabindex=${0} role="group" aria-label="Revealed value">${value}</pre><${TimeLeft} />`;

/** How long it stays. */
export const TimeLeft = () =>
  html`<span class="time-left" aria-hidden="true" style=${{ animationDuration: `${revealSeconds}s` }} />`;

/** Copies a value without showing it. */
export const copyValue = async (model: KeysModel, name: string, version?: number): Promise<void> => {
  try {
    await copySecret(() => model.read(name, version, 'copy'), name);
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
