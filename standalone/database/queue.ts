/**
 * What requests ask of the database, until the object that holds it takes it.
 *
 * Requests and object share an isolate, so this is a list in memory: nothing is serialised. But a promise never goes from one
 * to the other: in workerd it belongs to the request that made it, and what waits for one that another request settles now
 * and then goes on in the wrong one. Each request calls the object itself, and looks here when that call has come back.
 */

export interface Query {
  text: string;
  values: readonly (string | number | null)[];
}

export type Rows = Record<string, SqlStorageValue>[];

/** One transaction. */
export interface Job {
  queries: readonly Query[];
  /** Milliseconds since 1970. */
  since: number;
  /** Set when it has run. It counts only once that object's answer says that it is on disk. */
  outcome?: { results: Rows[] } | { error: Error };
  /** The number of the object that ran it: after a failure there is another, which knows nothing of it. */
  ranBy?: number;
}

/** More than the connections that anyone should open; what comes then is told to come back. */
const waitingMost = 4_096;

/** Whoever asked for a job that waits this long has hung up: while they wait, their call takes it. */
const waitMsMost = 10_000;

let waiting: Job[] = [];

/** @throws Error if too many wait already. */
export const enqueue = (queries: readonly Query[]): Job => {
  if (waiting.length >= waitingMost) throw new Error('Too many transactions wait for the database');
  const job = { queries, since: Date.now() };
  waiting.push(job);
  return job;
};

/** Takes back a job that has not run: whoever asked for it has been told that it failed. */
export const withdraw = (job: Job): void => {
  waiting = waiting.filter((each) => each !== job);
};

/** All jobs that wait. */
export const takeAll = (): Job[] => {
  const oldest = Date.now() - waitMsMost;
  const taken = waiting.filter(({ since }) => since >= oldest);
  waiting = [];
  return taken;
};
