/** Modal dialogs, and how many are open. */
import { signal } from '@preact/signals';
import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { shown } from '../../core/text.ts';
import { IconButton } from './button.ts';
import { addLayer } from './layers.ts';
import { ToastList } from './toast.ts';
import { askFirst, useUnsaved } from './unsaved.ts';

export const openDialogs = signal(0);

interface Props {
  title: string;
  onClose: () => void;
  /** Whether it holds something typed. Then it asks before it closes. */
  isTyped?: boolean;
  /** A palette has its title for screen readers only. */
  kind?: 'form' | 'palette';
  children: ComponentChildren;
}

/**
 * A native modal dialog: the rest of the page is inert, Esc and the browser's Back close it, and the focus stays inside. When
 * it closes, the focus returns to where it was. It shows toasts of its own, because screen readers ignore the ones outside.
 */
export const Dialog = ({ title, onClose, isTyped = false, kind = 'form', children }: Props) => {
  const isTitled = kind === 'form';
  const ref = useRef<HTMLDialogElement>(null);
  const level = useRef(0);
  const titleId = useId();
  const close = () => askFirst(isTyped, onClose);
  const newest = useRef(close);
  newest.current = close;
  useUnsaved(isTyped);
  useLayoutEffect(() => addLayer(() => newest.current()), []);
  useLayoutEffect(() => {
    level.current = openDialogs.value + 1;
    return opened(ref.current);
  }, []);

  return html`
    <dialog
      ref=${ref} class="dialog panel ${kind}" aria-labelledby=${titleId}
      onKeyDown=${(event: KeyboardEvent) => onKeyDown(event, close)}
      onCancel=${(event: Event) => {
        event.preventDefault();
        close();
      }}
      onClose=${(event: Event) => {
        const dialog = event.currentTarget as HTMLDialogElement;
        // The event comes late: by then this dialog may be off the page. Browsers insist on a second request to close.
        if (dialog.isConnected && !dialog.open && !close()) dialog.showModal();
      }}
    >
      <div class=${isTitled ? 'dialog-head ends' : 'unseen'}>
        <h2 id=${titleId}>${shown(title)}</h2>
        ${isTitled && html`<${IconButton} icon="close" label="Close" onClick=${close} />`}
      </div>
      ${children}
      <${ToastList} isElsewhere=${openDialogs.value !== level.current} />
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
    queueMicrotask(() => focusAgain(opener));
  };
};

/** Returns the focus, if nothing else took it. If the opener is gone, like the row of a deleted key, the page's heading gets it. */
const focusAgain = (opener: Element | null) => {
  const { activeElement } = document;
  if (activeElement?.isConnected && activeElement !== document.body) return;
  if (opener instanceof HTMLElement && opener.isConnected && opener !== document.body) opener.focus();
  else if (!document.querySelector('dialog[open]')) document.querySelector<HTMLElement>('main h1')?.focus();
};

const onKeyDown = (event: KeyboardEvent, close: () => void) => {
  if (event.key === 'Tab') keepFocusInside(event);
  // Handled here, because browsers close a dialog at the second Esc whatever the page says.
  if (event.key !== 'Escape' || event.isComposing) return;
  event.preventDefault();
  close();
};

const focusable =
  'a[href], button:not(:disabled), input:not(:disabled):not([hidden]), select, textarea, [tabindex="0"]';

const keepFocusInside = (event: KeyboardEvent) => {
  const inside = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>(focusable)].filter(
    (element) => element.checkVisibility() && element.tabIndex >= 0,
  );
  const edge = event.shiftKey ? inside[0] : inside.at(-1);
  const other = event.shiftKey ? inside.at(-1) : inside[0];
  if (document.activeElement !== edge) return;
  event.preventDefault();
  other?.focus();
};
