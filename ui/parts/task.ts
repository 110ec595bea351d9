import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Problem } from '../api/client.ts';
import { asProblem } from '../api/loaded.ts';

/** Something that a person asked for and waits for: busy meanwhile, a problem if it fails, never twice at once. */
export const useTask = () => {
  const isBusy = useSignal(false);
  const problem = useSignal<Problem | null>(null);
  const isMounted = useRef(true);
  useLayoutEffect(
    () => () => {
      isMounted.current = false;
    },
    [],
  );

  const run = async (work: () => Promise<unknown>): Promise<void> => {
    if (isBusy.value) return;
    isBusy.value = true;
    problem.value = null;
    try {
      await work();
    } catch (error) {
      if (isMounted.current) problem.value = asProblem(error);
    } finally {
      isBusy.value = false;
    }
  };

  return { isBusy, problem, run };
};
