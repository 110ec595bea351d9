/** Toasts: short messages at the edge of the page that report what was done and offer to undo it. */
import { signal } from '@preact/signals';
import { html } from 'htm/preact';
import { shown } from '../../core/text.ts';
import { asProblem } from '../api/loaded.ts';
import { Button, IconButton } from './button.ts';
import { Icon } from './icon.ts';

const maxToasts = 4;
const usualSeconds = 5;
const undoSeconds = 10;

export interface News {
  /** A function reads signals, and is called again when they change. */
  text: string | (() => string);
  /** `bad`: it failed. `refused`: the user may not. */
  tone?: 'good' | 'bad' | 'refused' | 'plain';
  undo?: () => Promise<void>;
  /** How long the toast stays; 0 keeps it until it is dismissed. The default depends on the tone and on `undo`. */
  seconds?: number;
  /** Shows how many of the seconds are left. */
  isCountdown?: boolean;
  /**
   * The thing that changed, as a path like `['user', 3, 'role']`. Earlier toasts about it, or about a part of it, are out of
   * date and go: their Undo would bring back an older state.
   */
  about?: readonly (string | number)[] | undefined;
}

interface Toast extends News {
  id: number;
  left: number;
}

const toasts = signal<Toast[]>([]);
let lastId = 0;

const secondsOf = ({ seconds, undo, tone }: News) =>
  seconds ?? (tone === 'bad' || tone === 'refused' ? 0 : undo ? undoSeconds : usualSeconds);

/** @returns a function that dismisses the toast. */
export const notify = (news: News): (() => void) => {
  lastId += 1;
  const id = lastId;
  const seconds = secondsOf(news);
  const current = toasts.value.filter((toast) => !isWithin(toast.about, news.about));
  toasts.value = [...current.slice(1 - maxToasts), { ...news, id, left: seconds }];
  if (seconds > 0) countDown(id);
  return () => dismiss(id);
};

const isWithin = (part: News['about'], whole: News['about']) =>
  part && whole?.every((step, index) => step === part[index]);

/** Reports an error as a toast, for actions without a form. An expired session is reported by the sign-in page instead. */
export const complain = (error: unknown, about?: News['about']): void => {
  const problem = asProblem(error);
  if (problem.status !== 401) notify({ tone: problem.isRefusal ? 'refused' : 'bad', text: problem.message, about });
};

const dismiss = (id: number) => {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
};

const countDown = (id: number) => {
  const timer = setInterval(() => {
    toasts.value = toasts.value
      .map((one) => (one.id === id ? { ...one, left: one.left - 1 } : one))
      .filter((one) => one.id !== id || one.left > 0);
    if (toasts.value.every((one) => one.id !== id)) clearInterval(timer);
  }, 1000);
};

export const forgetToasts = (): void => {
  toasts.value = [];
};

/**
 * The live region for toasts. It stays on the page while it is empty, since screen readers announce changes only in regions
 * that exist already. An open dialog has a list of its own: `isElsewhere` empties this one meanwhile.
 */
export const ToastList = ({ isElsewhere = false }: { isElsewhere?: boolean }) => html`
  <div class="toasts" role="status" aria-live="polite">
    ${!isElsewhere && toasts.value.map((toast) => html`<${ToastCard} key=${toast.id} toast=${toast} />`)}
  </div>
`;

const icons = { good: 'check', bad: 'alert', refused: 'refuse', plain: 'info' } as const;

const ToastCard = ({ toast }: { toast: Toast }) => {
  const { id, text, tone = 'good', undo, isCountdown = false, left } = toast;
  return html`
    <div class="toast panel row ${tone === 'refused' ? 'bad refused' : tone}">
      <${Icon} name=${icons[tone]} />
      <span class="toast-text">${shown(typeof text === 'string' ? text : text())}</span>
      ${
        // Hidden from screen readers: announced each second, it would drown everything else.
        isCountdown && html`<span class="toast-count" aria-hidden="true">${left}</span>`
      }
      ${undo && html`<${Button} kind="quiet" onClick=${() => takeBack(id, undo)}>Undo<//>`}
      <${IconButton} icon="close" label="Dismiss" onClick=${() => dismiss(id)} />
    </div>
  `;
};

const takeBack = (id: number, undo: () => Promise<void>) => {
  dismiss(id);
  undo().catch((problem: unknown) =>
    notify({ tone: 'bad', text: `Undo failed. ${problem instanceof Error ? problem.message : ''}` }),
  );
};
