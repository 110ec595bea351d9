import { signal } from '@preact/signals';
import { html } from 'htm/preact';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const tickMs = 20_000;
const now = signal(Date.now());
if (globalThis.document) {
  setInterval(() => {
    now.value = Date.now();
  }, tickMs);
}

const wholeDate = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });
const shortDate = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });

/** `3 min ago`, and for what is long ago the date. */
export const ago = (time: number, at: number): string => {
  const past = at - time;
  if (past < -minute) return shortDate.format(time);
  if (past < minute) return 'just now';
  if (past < hour) return `${Math.floor(past / minute)} min ago`;
  if (past < day) return `${Math.floor(past / hour)} h ago`;
  if (past < 2 * day) return 'yesterday';
  if (past < 30 * day) return `${Math.floor(past / day)} days ago`;
  return shortDate.format(time);
};

/** A moment in the past, as far as it is from now; the exact one on hover. */
export const Ago = ({ time }: { time: string }) => {
  const moment = Date.parse(time);
  return html`<time datetime=${time} title=${wholeDate.format(moment)}>${ago(moment, Math.max(now.value, Date.now()))}</time>`;
};

/** A day to come. */
export const Until = ({ time }: { time: string }) => {
  const moment = Date.parse(time);
  return html`<time datetime=${time} title=${wholeDate.format(moment)}>${shortDate.format(moment)}</time>`;
};
