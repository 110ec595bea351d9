/** Tries again by itself what failed for a reason that passes: a lost connection, a vault that restarts. */
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Problem } from '../api/client.ts';

const firstPauseMs = 2_000;
const maxPauseMs = 60_000;

/** The pause before a try, after `failures` failures: twice as long each time, and never the same in two browsers. */
export const pauseAfter = (failures: number, random = Math.random()): number =>
  Math.min(maxPauseMs, firstPauseMs * 2 ** (failures - 1)) * (0.8 + 0.4 * random);

/**
 * Calls `again` after each new `problem` that may pass: after a pause, and at once when the browser is online again or somebody
 * looks at the page. A page that nobody looks at waits.
 */
export const useRetry = (problem: Problem | null, again: () => unknown): void => {
  const failures = useRef(0);
  useLayoutEffect(() => {
    failures.current = problem ? failures.current + 1 : 0;
    if (!problem?.isPassing) return;
    const tryAgain = () => {
      if (!document.hidden) void again();
    };
    const timer = setTimeout(tryAgain, pauseAfter(failures.current));
    const listening = new AbortController();
    const { signal } = listening;
    addEventListener('online', tryAgain, { signal });
    addEventListener('focus', tryAgain, { signal });
    document.addEventListener('visibilitychange', tryAgain, { signal });
    return () => {
      clearTimeout(timer);
      listening.abort();
    };
  }, [problem, again]);
};
