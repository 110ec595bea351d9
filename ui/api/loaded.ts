/** Data that is fetched: the last good answer and its time, whether a fetch is in progress, and what went wrong the last time. */
import { signal } from '@preact/signals';
import { Problem } from './client.ts';

export const loaded = <Answer>(fetchIt: () => Promise<Answer>) => {
  const answer = signal<Answer | null>(null);
  /** When the answer was fetched, in ms. */
  const time = signal(0);
  const error = signal<Problem | null>(null);
  const isLoading = signal(false);
  let newest = 0;

  /** If several loads overlap, only the newest counts. */
  const load = async (): Promise<void> => {
    newest += 1;
    const mine = newest;
    isLoading.value = true;
    try {
      const found = await fetchIt();
      if (mine !== newest) return;
      answer.value = found;
      time.value = Date.now();
      error.value = null;
    } catch (problem) {
      if (mine === newest) fail(asProblem(problem));
    } finally {
      if (mine === newest) isLoading.value = false;
    }
  };

  /**
   * A problem that passes leaves the last answer, which is better than none; after a refusal it may no longer be shown. An ended
   * session is reported by the sign-in page, and everything is fetched again after it.
   */
  const fail = (problem: Problem) => {
    const hasEnded = problem.status === 401;
    if (!hasEnded && !problem.isPassing) answer.value = null;
    error.value = hasEnded ? null : problem;
  };

  return { answer, time, error, isLoading, load };
};

export type Loaded<Answer> = ReturnType<typeof loaded<Answer>>;

/** Turns an unexpected error of this page into a problem that can be shown, and logs it. */
export const asProblem = (problem: unknown): Problem => {
  if (problem instanceof Problem) return problem;
  console.error(problem);
  return new Problem(-1, 'This page ran into an error. Reload it, then try again.');
};
