/** The contents of the open form. They survive the page, so that nothing typed is lost when the session ends. */
import type { KeyChange } from '../api/wire.ts';
import { labelsText, readLabels } from './labels.ts';
import type { KeyRow } from './order.ts';

export interface Draft {
  name: string;
  value: string;
  description: string;
  /** `2026-12-31`, the last day; empty for never. */
  expires: string;
  /** Days, as typed; empty for never. */
  rotate: string;
  /** `env:prod, team:web` */
  labels: string;
}

export const emptyDraft: Draft = { name: '', value: '', description: '', expires: '', rotate: '', labels: '' };

/** The name is that of the key, and its value is never in a draft. */
export const draftOf = ({ description, expiresAt, rotateEveryDays, labels }: KeyRow): Draft => ({
  ...emptyDraft,
  description,
  expires: expiresAt === null ? '' : dateOf(expiresAt),
  rotate: rotateEveryDays === null ? '' : String(rotateEveryDays),
  labels: labelsText(labels),
});

export const differs = (one: Draft, other: Draft): boolean =>
  (Object.keys(one) as (keyof Draft)[]).some((field) => one[field] !== other[field]);

/** The fields that somebody typed in `draft`, which began as `was`; the others as they are in `is`. */
export const rebased = (draft: Draft, was: Draft, is: Draft): Draft => {
  const next = { ...is };
  for (const field of Object.keys(is) as (keyof Draft)[]) if (draft[field] !== was[field]) next[field] = draft[field];
  return next;
};

/** The date of a moment (ISO 8601) where the reader is. */
const dateOf = (time: string): string => {
  const date = new Date(time);
  const two = (number: number) => String(number).padStart(2, '0');
  return `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
};

/** The last second of a date, where the reader is. */
const endOf = (date: string): string => new Date(`${date}T23:59:59`).toISOString();

/** What is wrong with a draft before it is sent, by the field's name in the API. */
export const problemOf = ({ labels, rotate }: Draft): Partial<Record<'labels' | 'rotate_every_days', string>> => {
  const read = readLabels(labels);
  const days = Number(rotate);
  const isDays = rotate.trim() === '' || (Number.isInteger(days) && days >= 1 && days <= maxRotateDays);
  return {
    ...('problem' in read && { labels: read.problem }),
    ...(!isDays && { rotate_every_days: `Give a whole number of days, from 1 to ${maxRotateDays.toLocaleString()}.` }),
  };
};

const maxRotateDays = 3650;

/** What a form changes of a key; nothing for the fields that are as they were. */
export const changeOf = (draft: Draft, before: Draft): KeyChange => {
  const read = readLabels(draft.labels);
  return {
    ...(draft.value !== '' && { api_key: draft.value }),
    ...(draft.description !== before.description && { description: draft.description }),
    ...(draft.expires !== before.expires && { expires_at: draft.expires === '' ? null : endOf(draft.expires) }),
    ...(draft.rotate.trim() !== before.rotate && {
      rotate_every_days: draft.rotate.trim() === '' ? null : Number(draft.rotate),
    }),
    ...(draft.labels !== before.labels && 'labels' in read && { labels: read.labels }),
  };
};

/** What sets a key back to how it was, except for its value. */
export const undoOf = (change: KeyChange, row: KeyRow): KeyChange => ({
  ...(change.description !== undefined && { description: row.description }),
  ...(change.expires_at !== undefined && { expires_at: row.expiresAt }),
  ...(change.rotate_every_days !== undefined && { rotate_every_days: row.rotateEveryDays }),
  ...(change.labels !== undefined && { labels: row.labels }),
});
