/**
 * The transactions that requests want, until the object that holds the database takes them.
 *
 * Requests and object share an isolate, so this is a list in memory and nothing is serialised. But no promise is settled
 * across requests: in workerd a promise belongs to the request that made it, and the wrong request may go on. Each request
 * calls the object itself, and looks here after that call has returned.
 */

import { maxJobWaitMs, maxWaitingJobs } from '../../core/limits.ts';

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
  /** Set when the job has run. It counts only after the object has answered, since then it is on the disk. */
  outcome?: { results: Rows[] } | { error: Error };
  /** The number of the object that ran it. After a failure another object answers, and this job is lost. */
  ranBy?: number;
}

let waiting: Job[] = [];

/** @throws Error if too many wait already. */
export const enqueue = (queries: readonly Query[]): Job => {
  if (waiting.length >= maxWaitingJobs) throw new Error('Too many transactions wait for the database');
  const job = { queries, since: Date.now() };
  waiting.push(job);
  return job;
};

/** Removes a job that has not run, because its caller is told that it failed. */
export const withdraw = (job: Job): void => {
  waiting = waiting.filter((each) => each !== job);
};

/** Takes all waiting jobs, except those whose callers have hung up. */
export const takeAll = (): Job[] => {
  const oldest = Date.now() - maxJobWaitMs;
  const taken = waiting.filter(({ since }) => since >= oldest);
  waiting = [];
  return taken;
};
