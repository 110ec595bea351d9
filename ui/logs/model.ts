/**
 * The state of the logs page: the entries, newest first, page by page; the filters from the address; the activity chart, which
 * counts what the filters let through.
 */
import { computed, signal } from '@preact/signals';
import { api } from '../api/client.ts';
import { asProblem, loaded } from '../api/loaded.ts';
import type { LogEntry } from '../api/wire.ts';
import { type Query, route, setQuery } from '../shell/router.ts';
import { hoursFor, type Per } from './bars.ts';

const entriesPerPage = 100;
/** The vault searches a long log in parts. A page asks for more parts until it has so many entries, or asked so often. */
const enoughEntries = 20;
const maxPartsPerPage = 5;

const filterNames = ['user', 'action', 'key', 'address', 'failures'] as const;
export type FilterName = (typeof filterNames)[number];

/** The query of the API for the filters in the address. */
const apiQuery = (query: Query): Record<string, string> => {
  const { user = '', action = '', key = '', address = '', failures = '' } = query;
  const asked = {
    user_name: user,
    action,
    key_name: key,
    ip_address: address,
    success: failures === 'only' ? 'false' : '',
  };
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== ''));
};

/** Entries of the log, and where to search on; null at the end of the log. */
export interface Found {
  entries: readonly LogEntry[];
  next: number | null;
}

export const search = async (filters: Record<string, string>, before: number | null): Promise<Found> => {
  const entries: LogEntry[] = [];
  let next = before;
  for (let part = 0; part < maxPartsPerPage && entries.length < enoughEntries; part += 1) {
    const query = { ...filters, limit: String(entriesPerPage), ...(next !== null && { before: String(next) }) };
    const answer = await api.logs(query);
    entries.push(...answer.logs);
    next = answer.next ?? null;
    if (next === null) break;
  }
  return { entries, next };
};

export const logsModel = () => {
  const filters = computed(() => JSON.stringify(apiQuery(route.value.query)));
  const asked = () => JSON.parse(filters.value) as Record<string, string>;
  const per = signal<Per>('hour');

  const list = loaded(() => search(asked(), null));
  /** The answer knows what it counts: the choices on the page may be newer. */
  const activity = loaded(async () => {
    const [span, counted] = [per.value, filters.value];
    const query = { ...asked(), per: 'hour', hours: String(hoursFor[span]) };
    return { ...(await api.activity(query)), per: span, isFiltered: counted !== '{}' };
  });
  const olderProblem = signal<string | null>(null);

  return {
    list,
    activity,
    filters,
    olderProblem,
    per,

    setPer: (next: Per) => {
      per.value = next;
      void activity.load();
    },

    setFilter: (name: FilterName, value: string) => setQuery({ [name]: value }),
    clearFilters: () => setQuery(Object.fromEntries(filterNames.map((name) => [name, '']))),

    /** An answer to earlier filters, or about an earlier list, says nothing about the list on screen. */
    loadOlder: async () => {
      const known = list.answer.value;
      const before = filters.value;
      olderProblem.value = null;
      try {
        const { entries, next } = await search(asked(), known?.next ?? null);
        if (before !== filters.value || known === null || known !== list.answer.value) return;
        list.answer.value = { entries: [...known.entries, ...entries], next };
      } catch (problem) {
        olderProblem.value = asProblem(problem).message;
      }
    },
  };
};

export type LogsModel = ReturnType<typeof logsModel>;
export type CountedActivity = NonNullable<LogsModel['activity']['answer']['value']>;

export interface LogsProps {
  model: LogsModel;
  isAdmin: boolean;
}
