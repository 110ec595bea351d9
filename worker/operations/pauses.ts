/** Pauses in work on many values: what seals and opens them is the thread that answers everybody. */
import { maxCharactersPerSlice } from '../../core/limits.ts';

/**
 * Makes a pause, to be called after each value with its length. After `maxCharactersPerSlice` it returns what lets other requests run, to
 * be waited for. Otherwise it returns nothing: a promise for each value would take longer than to open a short one.
 */
export const createPause = () => {
  let characters = 0;
  return (length: number): Promise<void> | undefined => {
    characters += length;
    if (characters < maxCharactersPerSlice) return undefined;
    characters = 0;
    // A microtask would let nobody else run.
    return new Promise((resolve) => setTimeout(resolve));
  };
};
