import { signal } from '@preact/signals';
import { Problem } from './client.ts';

/** Something that is fetched: its last good answer, whether it is being fetched, and what went wrong the last time. */
export const loaded = <Answer>(fetchIt: () => Promise<Answer>) => {
  const answer = signal<Answer | null>(null);
  const error = signal<Problem | null>(null);
  const isLoading = signal(false);
  let newest = 0;

  /** Of several loads at once only the newest counts. */
  const load = async (): Promise<void> => {
    newest += 1;
    const mine = newest;
    isLoading.value = true;
    try {
      const found = await fetchIt();
      if (mine !== newest) return;
      answer.value = found;
      error.value = null;
    } catch (problem) {
      if (mine === newest) error.value = shown(asProblem(problem));
    } finally {
      if (mine === newest) isLoading.value = false;
    }
  };

  return { answer, error, isLoading, load };
};

/** That a session has ended is said by the sign-in; after it everything is fetched again. */
const shown = (problem: Problem): Problem | null => (problem.status === 401 ? null : problem);

export type Loaded<Answer> = ReturnType<typeof loaded<Answer>>;

/** Our own mistakes are not the vault's words: they go to the console, and on. */
export const asProblem = (problem: unknown): Problem => {
  if (problem instanceof Problem) return problem;
  console.error(problem);
  return new Problem(-1, 'Something went wrong in this page. Reload it, then try again.');
};
