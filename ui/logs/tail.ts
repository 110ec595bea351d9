/**
 * When a log that is followed is asked again. Each question is an entry of the log itself, so one that brings nothing makes the next
 * one later.
 */

const minPauseMs = 3_000;
const maxPauseMs = 30_000;
const growth = 1.5;

/** The pause before the next question, in ms. `before` is the one before; 0 at the beginning. */
export const pauseAfter = (before: number, hasNews: boolean): number =>
  hasNews ? minPauseMs : Math.min(maxPauseMs, Math.max(minPauseMs, before * growth));
