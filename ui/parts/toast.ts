import { signal } from '@preact/signals';
import { html } from 'htm/preact';
import { Button, IconButton } from './button.ts';
import { Icon } from './icon.ts';

/** Short news at the edge of the page: what was done, and for a while the way back. */

export interface News {
  text: string;
  tone?: 'good' | 'bad' | 'plain';
  undo?: (() => Promise<void>) | undefined;
  /** How long it stays; for good until it is closed if 0. */
  seconds?: number;
  /** Shows how many of the seconds are left. */
  isCountdown?: boolean;
}

interface Toast extends News {
  id: number;
  left: number;
}

const toasts = signal<Toast[]>([]);
let lastId = 0;

const secondsOf = ({ seconds, undo, tone }: News) => seconds ?? (tone === 'bad' ? 0 : undo ? 10 : 5);

/** @returns a function that takes it away again. */
export const notify = (news: News): (() => void) => {
  lastId += 1;
  const id = lastId;
  const seconds = secondsOf(news);
  toasts.value = [...toasts.value.slice(-3), { ...news, id, left: seconds }];
  if (seconds > 0) countDown(id);
  return () => dismiss(id);
};

const dismiss = (id: number) => {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
};

const countDown = (id: number) => {
  const timer = setInterval(() => {
    const toast = toasts.value.find((one) => one.id === id);
    if (!toast) return clearInterval(timer);
    if (toast.left > 1) {
      toasts.value = toasts.value.map((one) => (one.id === id ? { ...one, left: one.left - 1 } : one));
      return;
    }
    clearInterval(timer);
    dismiss(id);
  }, 1000);
};

export const forgetToasts = (): void => {
  toasts.value = [];
};

/** Stays in the page even when empty: only a live region that was there before is heard. An open dialog has its own. */
export const ToastList = ({ isElsewhere = false }: { isElsewhere?: boolean }) => html`
  <div class="toasts" role="status" aria-live="polite">
    ${!isElsewhere && toasts.value.map((toast) => html`<${ToastCard} key=${toast.id} toast=${toast} />`)}
  </div>
`;

const tones = { good: 'check', bad: 'alert', plain: 'info' } as const;

const ToastCard = ({ toast }: { toast: Toast }) => {
  const { id, text, tone = 'good', undo, isCountdown = false, left } = toast;
  return html`
    <div class="toast ${tone}">
      <${Icon} name=${tones[tone]} />
      <span class="toast-text">${text}</span>
      <${Countdown} seconds=${isCountdown ? left : null} />
      <${Undo} onUndo=${undo && (() => takeBack(id, undo))} />
      <${IconButton} icon="close" label="Dismiss" onClick=${() => dismiss(id)} />
    </div>
  `;
};

/** Seen only: said aloud each second it would drown everything else. */
const Countdown = ({ seconds }: { seconds: number | null }) =>
  seconds === null ? null : html`<span class="toast-count" aria-hidden="true">${seconds}</span>`;

const Undo = ({ onUndo }: { onUndo?: (() => void) | undefined }) =>
  onUndo ? html`<${Button} kind="quiet" onClick=${onUndo}>Undo<//>` : null;

const takeBack = (id: number, undo: () => Promise<void>) => {
  dismiss(id);
  undo().catch((problem: unknown) =>
    notify({ tone: 'bad', text: `That could not be undone. ${problem instanceof Error ? problem.message : ''}` }),
  );
};
