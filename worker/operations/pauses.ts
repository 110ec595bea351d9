/** Pauses in work on many values: what seals and opens them is the thread that answers everybody. */
import { maxCharactersPerSlice } from '../../core/limits.ts';

/** Makes a pause, to be called after each value with its length. After `maxCharactersPerSlice` it lets other requests run. */
export const createPause = () => {
  let characters = 0;
  return async (length: number): Promise<void> => {
    characters += length;
    if (characters < maxCharactersPerSlice) return;
    characters = 0;
    // A microtask would let nobody else run.
    await new Promise((resolve) => setTimeout(resolve));
  };
};
