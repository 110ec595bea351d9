/** What the log is filtered by: in the address of the page, in a request, and as chips. */
import type { Query } from '../shell/router.ts';
import { actionsWith } from './sentence.ts';

/** The filters that are texts, by their name in the address; each with its name in the API, and with what the reader calls it. */
const texts = {
  user: { param: 'user_name', label: 'User' },
  key: { param: 'key_name', label: 'Key or target' },
  token: { param: 'token', label: 'Token' },
  project: { param: 'project', label: 'Project' },
  address: { param: 'ip_address', label: 'Address' },
} as const;
export type TextFilter = keyof typeof texts;
const textFilters = Object.keys(texts) as TextFilter[];

/** Those with a field of their own, in which a part of a name can be typed. */
const typedFilters: readonly TextFilter[] = ['key', 'user', 'address'];

/** `exact` is there if names were clicked: the texts are then whole names. */
const filterNames = [...textFilters, 'action', 'failures', 'from', 'to', 'match'] as const;
export type FilterName = (typeof filterNames)[number];

/** Removes every filter. */
export const noFilters: Query = Object.fromEntries(filterNames.map((name) => [name, '']));

/** A span of time in ms; `to` is not in it. */
export interface Range {
  from: number;
  to: number;
}

/** The query of the API for the filters in the address. What is no time there does not filter. */
export const apiQuery = (query: Query): Record<string, string> => {
  const hasText = textFilters.some((name) => query[name]);
  const match = hasText && (query.match === 'exact' || query.match === 'prefix') ? query.match : '';
  const asked = {
    ...Object.fromEntries(textFilters.map((name) => [texts[name].param, query[name] ?? ''])),
    // An action is a part of a name, but all texts are compared in the same way.
    action: match && query.action ? actionsWith(query.action).join(',') : (query.action ?? ''),
    success: query.failures === 'only' ? 'false' : '',
    match,
    from: isoOf(query.from),
    to: isoOf(query.to),
  };
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== ''));
};

const isoOf = (text = '') => (Number.isNaN(Date.parse(text)) ? '' : new Date(text).toISOString());

/** The span of time in the address. Without a beginning or an end it goes as far as it can. */
export const rangeIn = ({ from = '', to = '' }: Query, now: number): Range | null => {
  const [begin, end] = [Date.parse(from), Date.parse(to)];
  if (Number.isNaN(begin) && Number.isNaN(end)) return null;
  return { from: Number.isNaN(begin) ? 0 : begin, to: Number.isNaN(end) ? now : end };
};

/** Minutes are enough, and short. */
export const queryOf = ({ from, to }: Range): Query => ({ from: minuteOf(from), to: minuteOf(to) });

const minuteOf = (time: number) => `${new Date(time).toISOString().slice(0, 16)}Z`;

/**
 * What a click on a name changes. It means the whole name, unless a part of another one was typed before: one request compares
 * all texts in the same way.
 */
export const picked = (query: Query, name: TextFilter, value: string): Query => {
  const isPart = query.match !== 'exact' && textFilters.some((other) => other !== name && query[other]);
  return { [name]: value, match: isPart ? '' : 'exact' };
};

/** What typing changes: what is typed may be a part of a name. */
export const typedIn = (name: FilterName, value: string): Query =>
  typedFilters.some((typed) => typed === name) ? { [name]: value, match: '' } : { [name]: value };

export interface Chip {
  /** As in `User is ann`. */
  label: string;
  value: string;
  /** What taking the chip away changes. */
  without: Query;
}

/** The filters that show nowhere else: what is typed is in its field, the action and the refused ones have controls. */
export const chipsOf = (query: Query, spanText: (range: Range) => string, now: number): Chip[] => {
  const verb = { exact: 'is', prefix: 'begins with' }[query.match ?? ''] ?? 'contains';
  const isShown = (name: TextFilter) => query[name] && (query.match || !typedFilters.includes(name));
  const left = textFilters.filter((name) => query[name]).length;
  const range = rangeIn(query, now);
  return [
    ...textFilters.filter(isShown).map((name) => ({
      label: `${texts[name].label} ${verb}`,
      value: query[name] ?? '',
      without: { [name]: '', ...(left === 1 && { match: '' }) },
    })),
    ...(range ? [{ label: 'Time', value: spanText(range), without: { from: '', to: '' } }] : []),
  ];
};
