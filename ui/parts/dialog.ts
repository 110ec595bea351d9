import { signal } from '@preact/signals';
import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { IconButton } from './button.ts';
import { ToastList } from './toast.ts';

/** Modal dialogs that are open. */
export const openDialogs = signal(0);

interface Props {
  title: string;
  onClose: () => void;
  kind?: 'form' | 'wide' | 'palette';
  /** Without it the title is only said, not shown. */
  isTitled?: boolean;
  children?: ComponentChildren;
}

/**
 * A native modal dialog: the rest of the page is inert, Esc closes it, focus stays inside and goes back to where it came
 * from. What happened is said inside as well, since nothing outside can be heard meanwhile.
 */
export const Dialog = ({ title, onClose, kind = 'form', isTitled = true, children }: Props) => {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useLayoutEffect(() => opened(ref.current), []);

  return html`
    <dialog
      ref=${ref} class="dialog ${kind}" aria-labelledby=${titleId} onKeyDown=${keepFocusInside}
      onCancel=${(event: Event) => {
        event.preventDefault();
        onClose();
      }}
      onClose=${(event: Event) => {
        // The event comes a moment after the closing, and so also when this dialog has gone already.
        if ((event.currentTarget as HTMLDialogElement).isConnected) onClose();
      }}
    >
      <div class=${isTitled ? 'dialog-head' : 'unseen'}>
        <h2 id=${titleId}>${title}</h2>
        ${isTitled && html`<${IconButton} icon="close" label="Close" onClick=${onClose} />`}
      </div>
      ${children}
      <${ToastList} />
    </dialog>
  `;
};

const opened = (dialog: HTMLDialogElement | null) => {
  if (!dialog) return;
  const opener = document.activeElement;
  dialog.showModal();
  dialog.querySelector<HTMLElement>('[autofocus]')?.focus();
  openDialogs.value += 1;
  return () => {
    openDialogs.value -= 1;
    dialog.close();
    const isBack = document.activeElement !== document.body && document.activeElement === opener;
    if (!isBack) queueMicrotask(() => focusAgain(opener));
  };
};

/** Where the opener is gone, as the row of a deleted key is, one goes on at the top of the page's content. */
const focusAgain = (opener: Element | null) => {
  if (document.querySelector('dialog[open]')) return;
  if (opener instanceof HTMLElement && opener.isConnected && opener !== document.body) opener.focus();
  else document.querySelector<HTMLElement>('main h1')?.focus();
};

const focusable =
  'a[href], button:not(:disabled), input:not(:disabled):not([hidden]), select, textarea, [tabindex="0"]';

const keepFocusInside = (event: KeyboardEvent) => {
  if (event.key !== 'Tab') return;
  const inside = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>(focusable)].filter(
    (element) => element.checkVisibility() && element.tabIndex >= 0,
  );
  const edge = event.shiftKey ? inside[0] : inside.at(-1);
  const other = event.shiftKey ? inside.at(-1) : inside[0];
  if (document.activeElement !== edge) return;
  event.preventDefault();
  other?.focus();
};
