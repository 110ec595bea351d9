/**
 * The state of the logs page: the entries, newest first, page by page; the filters from the address; what is open and followed; the
 * activity chart, which counts what the filters let through.
 */
import { computed, signal } from '@preact/signals';
import { api } from '../api/client.ts';
import { asProblem, loaded } from '../api/loaded.ts';
import type { LogEntry } from '../api/wire.ts';
import { type Query, route, setQuery } from '../shell/router.ts';
import { askedFor, type Per, windowOf } from './bars.ts';
import { daysOf, isRoutine } from './groups.ts';
import { apiQuery, noFilters, picked, queryOf, type Range, rangeIn, type TextFilter, typedIn } from './query.ts';
import { sealModel } from './seal-model.ts';
import { type Asked, entriesPerPage, search } from './search.ts';

/** A log that is followed for days forgets what was loaded first. */
const maxFollowed = 2_000;
/** The chart of a log that is followed is counted anew at most so often. */
const recountMs = 60_000;

/** Who asks for an action wants to see it, routine or not. */
const showsRoutine = ({ routine, action }: Query) => routine === 'show' || Boolean(action);

export const logsModel = () => {
  const filters = computed(() => JSON.stringify(apiQuery(route.value.query)));
  const asked = () => JSON.parse(filters.value) as Asked;
  const range = computed(() => rangeIn(route.value.query, Date.now()));
  const isAll = computed(() => showsRoutine(route.value.query));
  const per = signal<Per>('hour');
  /** How often one looked at the time before. */
  const back = signal(0);

  const counts = (entry: LogEntry) => isAll.value || !isRoutine(entry);
  const list = loaded(() => search(asked(), null, counts));
  const days = computed(() => daysOf(list.answer.value?.entries ?? [], isAll.value));

  /** What the chart shows, and what it asks for: the filters but for the time, within which a range is chosen. */
  const window = () => windowOf(per.value, range.value, Date.now(), back.value);
  const counted = computed(() => {
    const { from: _, to: __, ...others } = asked();
    return JSON.stringify({ ...others, ...askedFor(window()) });
  });
  /** The answer knows what it counts: the choices on the page may be newer. */
  const activity = loaded(async () => {
    const [shown, query] = [window(), JSON.parse(counted.value) as Asked];
    const isFiltered = Object.keys(query).some((name) => !['per', 'hours', 'from', 'to'].includes(name));
    return { ...(await api.activity(query)), window: shown, isFiltered };
  });

  const olderProblem = signal<string | null>(null);
  const isFollowed = signal(false);
  const newEntries = signal(0);

  /** An answer to earlier filters, or about an earlier list, says nothing about the list on screen. */
  const unlessChanged = () => {
    const [known, before] = [list.answer.value, filters.value];
    return { known, isStill: () => known !== null && before === filters.value && known === list.answer.value };
  };

  return {
    list,
    days,
    activity,
    filters,
    counted,
    range,
    isAll,
    olderProblem,
    per,
    back,
    isFollowed,
    newEntries,
    seal: sealModel(),
    /** The rows that are open, by the id of their newest entry; a row of several has its id with a minus. */
    open: signal<ReadonlySet<number>>(new Set()),
    /** The row whose controls are in the Tab order; 0 for the first. */
    active: signal(0),

    setPer: (next: Per) => {
      per.value = next;
      back.value = 0;
    },
    goBack: (by: number) => {
      back.value = Math.max(0, back.value + by);
    },

    setFilter: (name: Parameters<typeof typedIn>[0], value: string) => setQuery(typedIn(name, value)),
    pick: (name: TextFilter, value: string) => setQuery(picked(route.value.query, name, value)),
    setRange: (next: Range | null) => setQuery(next ? queryOf(next) : { from: '', to: '' }),
    showRoutine: (shows: boolean) => setQuery({ routine: shows ? 'show' : '' }),
    clearFilters: () => setQuery(noFilters),

    loadOlder: async () => {
      const { known, isStill } = unlessChanged();
      olderProblem.value = null;
      try {
        const { entries, next } = await search(asked(), known?.next ?? null, counts);
        if (isStill() && known) list.answer.value = { entries: [...known.entries, ...entries], next };
      } catch (problem) {
        olderProblem.value = asProblem(problem).message;
      }
    },

    /** Adds what is newer than the list. Returns whether any of it is more than routine. */
    loadNewer: async (): Promise<boolean> => {
      const { known, isStill } = unlessChanged();
      const newest = known?.entries[0]?.id;
      if (newest === undefined) {
        await list.load();
        return (list.answer.value?.entries.length ?? 0) > 0;
      }
      const { logs, next } = await api.logs({ ...asked(), after: String(newest), limit: String(entriesPerPage) });
      if (!isStill() || !known) return true;
      // There may be entries between these and the list.
      if (next !== undefined || logs.length >= entriesPerPage) {
        await list.load();
        return true;
      }
      if (logs.length === 0) return false;
      const all = [...logs, ...known.entries];
      const kept = all.slice(0, maxFollowed);
      list.answer.value = { entries: kept, next: kept.length < all.length ? (kept.at(-1)?.id ?? null) : known.next };
      const news = logs.filter((entry) => !isRoutine(entry)).length;
      newEntries.value += news;
      if (news > 0 && Date.now() - activity.time.value > recountMs) void activity.load();
      return news > 0;
    },
  };
};

export type LogsModel = ReturnType<typeof logsModel>;
export type CountedActivity = NonNullable<LogsModel['activity']['answer']['value']>;

/** Where the model is kept while other pages are shown. It is made with the page, whose file is fetched later than the others'. */
export interface KeptLogs {
  model?: LogsModel;
}

export interface LogsProps {
  model: LogsModel;
  isAdmin: boolean;
}
