/** Runs what a user asked for: reports whether it is busy and the problem if it fails, and ignores a second start meanwhile. */
import { useSignal } from '@preact/signals';
import type { Problem } from '../api/client.ts';
import { asProblem } from '../api/loaded.ts';

export const useTask = () => {
  const isBusy = useSignal(false);
  const problem = useSignal<Problem | null>(null);

  const run = async (work: () => Promise<unknown>): Promise<void> => {
    if (isBusy.value) return;
    isBusy.value = true;
    problem.value = null;
    try {
      await work();
    } catch (error) {
      problem.value = asProblem(error);
    } finally {
      isBusy.value = false;
    }
  };

  return { isBusy, problem, run };
};

export type Task = ReturnType<typeof useTask>;
