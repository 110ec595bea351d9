/** Modal dialogs, and how many are open. */
import { signal } from '@preact/signals';
import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { IconButton } from './button.ts';
import { ToastList } from './toast.ts';

export const openDialogs = signal(0);

interface Props {
  title: string;
  onClose: () => void;
  /** A palette has its title for screen readers only. */
  kind?: 'form' | 'palette';
  children: ComponentChildren;
}

/**
 * A native modal dialog: the rest of the page is inert, Esc closes it, and the focus stays inside. When it closes, the focus
 * returns to where it was. It shows toasts of its own, because screen readers ignore the ones outside.
 */
export const Dialog = ({ title, onClose, kind = 'form', children }: Props) => {
  const isTitled = kind === 'form';
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useLayoutEffect(() => opened(ref.current), []);

  return html`
    <dialog
      ref=${ref} class="dialog panel ${kind}" aria-labelledby=${titleId} onKeyDown=${keepFocusInside}
      onCancel=${(event: Event) => {
        event.preventDefault();
        onClose();
      }}
      onClose=${(event: Event) => {
        // The event comes late: by then this dialog may be off the page.
        if ((event.currentTarget as HTMLDialogElement).isConnected) onClose();
      }}
    >
      <div class=${isTitled ? 'dialog-head ends' : 'unseen'}>
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

/** Returns the focus. If the opener is gone, like the row of a deleted key, the page's heading gets it. */
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
