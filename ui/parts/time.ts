/** Times, relative to now or as dates. */
import { signal } from '@preact/signals';
import { html } from 'htm/preact';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const refreshMs = 20_000;
export const now = signal(Date.now());
if (globalThis.document) {
  setInterval(() => {
    now.value = Date.now();
  }, refreshMs);
}

const wholeDate = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });
const shortDate = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });

const timeOfDay = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const dateAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** `14:03`; with the date if `time` (ms) is not today. */
export const clock = (time: number, at = Date.now()): string => {
  const isToday = new Date(time).toDateString() === new Date(at).toDateString();
  return (isToday ? timeOfDay : dateAndTime).format(time);
};

/** `3 min ago`; the date if `time` is long past. Both are in ms. */
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

/** How long ago `time` (ISO 8601) was, with the exact time on hover. */
export const Ago = ({ time }: { time: string }) => {
  const moment = Date.parse(time);
  return html`<time datetime=${time} title=${wholeDate.format(moment)}>${ago(moment, Math.max(now.value, Date.now()))}</time>`;
};

/** The date of a future `time` (ISO 8601), with the exact time on hover. */
export const Until = ({ time }: { time: string }) => {
  const moment = Date.parse(time);
  return html`<time datetime=${time} title=${wholeDate.format(moment)}>${shortDate.format(moment)}</time>`;
};
