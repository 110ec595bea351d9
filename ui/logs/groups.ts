/**
 * Orders entries for reading: by days of the reader's calendar, without those of plain browsing, and with what was done again and
 * again as one line.
 */
import type { LogEntry } from '../api/wire.ts';
import { dateIn } from './bars.ts';
import { sentenceOf } from './sentence.ts';

export interface Day {
  /** Noon in UTC of the date: format it in UTC. */
  date: number;
  /** The newest first. */
  items: Item[];
  /** How many entries are in `items`, and how many were left out. */
  shown: number;
  hidden: number;
}

/** One entry, or several that say the same. The newest is the first. */
export type Item = readonly [LogEntry, ...LogEntry[]];

/** Two say the same as one line would. */
const minRun = 3;
/** After a longer pause, it is something new. */
const maxPauseMs = 30 * 60_000;

export const isRoutine = (entry: LogEntry): boolean => sentenceOf(entry).isRoutine;

/**
 * @param entries the newest first.
 * @param zone a name of the IANA database; by default the reader's.
 */
export const daysOf = (entries: readonly LogEntry[], showsRoutine: boolean, zone?: string): Day[] => {
  const days = new Map<number, LogEntry[]>();
  const dateOf = quickDate(zone);
  for (const entry of entries) {
    const date = dateOf(Date.parse(entry.timestamp));
    const day = days.get(date);
    if (day) day.push(entry);
    else days.set(date, [entry]);
  }
  return [...days].map(([date, all]) => {
    const shown = showsRoutine ? all : all.filter((entry) => !isRoutine(entry));
    return { date, items: itemsOf(shown), shown: shown.length, hidden: all.length - shown.length };
  });
};

/** A run stands where its newest entry is. */
const itemsOf = (entries: readonly LogEntry[]): Item[] => {
  const runs = runsOf(entries);
  return entries.flatMap((entry): Item[] => {
    const run = runs.get(entry);
    if (!run || run.length < minRun) return [[entry]];
    const [first, ...rest] = run;
    return first === entry ? [[first, ...rest]] : [];
  });
};

/**
 * The run that each entry is in. Others may do something between two entries of a run; a change of what the run is about ends it,
 * and so does a pause.
 */
const runsOf = (entries: readonly LogEntry[]): Map<LogEntry, LogEntry[]> => {
  const open = new Map<string, LogEntry[]>();
  const runs = new Map<LogEntry, LogEntry[]>();
  for (const entry of entries) {
    const deed = deedOf(entry);
    if (entry.target !== null && entry.action !== 'view_key') {
      for (const [other, [newest]] of open) if (other !== deed && newest?.target === entry.target) open.delete(other);
    }
    const before = open.get(deed);
    const last = before?.at(-1);
    const isNear = last && Date.parse(last.timestamp) - Date.parse(entry.timestamp) <= maxPauseMs;
    const run = before && isNear ? before : [];
    run.push(entry);
    open.set(deed, run);
    runs.set(entry, run);
  }
  return runs;
};

/** What two entries have in common that say the same. Another address, program, way of reading or reason is something else. */
const deedOf = (entry: LogEntry): string =>
  JSON.stringify([
    entry.user_name,
    entry.token_id,
    entry.token,
    entry.action,
    entry.via,
    entry.target,
    entry.outcome,
    entry.reason,
    entry.ip_address,
    entry.user_agent,
  ]);

/** How many requests a run stands for. */
export const timesOf = (run: Item): number => run.reduce((sum, { count = 1 }) => sum + count, 0);

/** Dates change at quarters of an hour, in every time zone: most entries need no new look at the calendar. */
const quickDate = (zone: string | undefined) => {
  const dateOf = dateIn(zone);
  const known = new Map<number, number>();
  return (time: number): number => {
    const quarter = Math.floor(time / 900_000);
    const date = known.get(quarter) ?? dateOf(time);
    known.set(quarter, date);
    return date;
  };
};
