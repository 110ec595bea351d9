/** The state of the logs page: the entries, newest first, page by page; the filters from the address; the activity chart. */
import { computed, signal } from '@preact/signals';
import { api } from '../api/client.ts';
import { asProblem, loaded } from '../api/loaded.ts';
import type { LogEntry } from '../api/wire.ts';
import { type Query, route, setQuery } from '../shell/router.ts';
import type { Per } from './bars.ts';

const entriesPerPage = 100;

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

export const logsModel = () => {
  const filters = computed(() => JSON.stringify(apiQuery(route.value.query)));
  const isComplete = signal(false);
  const per = signal<Per>('hour');

  const page = async (before: number | null): Promise<LogEntry[]> => {
    const asked = filters.value;
    const query: Record<string, string> = { ...JSON.parse(asked), limit: String(entriesPerPage) };
    const { logs } = await api.logs(before === null ? query : { ...query, before: String(before) });
    // An answer to earlier filters says nothing about the list on screen.
    if (asked === filters.value) isComplete.value = logs.length < entriesPerPage;
    return logs;
  };

  const list = loaded(() => page(null));
  const activity = loaded(() => api.activity(per.value));
  const olderProblem = signal<string | null>(null);

  return {
    list,
    activity,
    filters,
    isComplete,
    olderProblem,
    per,

    setPer: (next: Per) => {
      per.value = next;
      void activity.load();
    },

    setFilter: (name: FilterName, value: string) => setQuery({ [name]: value }),
    clearFilters: () => setQuery(Object.fromEntries(filterNames.map((name) => [name, '']))),

    loadOlder: async () => {
      const known = list.answer.value ?? [];
      const asked = filters.value;
      olderProblem.value = null;
      try {
        const older = await page(known.at(-1)?.id ?? null);
        if (asked === filters.value && known === list.answer.value) list.answer.value = [...known, ...older];
      } catch (problem) {
        olderProblem.value = asProblem(problem).message;
      }
    },
  };
};

export type LogsModel = ReturnType<typeof logsModel>;

export interface LogsProps {
  model: LogsModel;
  isAdmin: boolean;
}
