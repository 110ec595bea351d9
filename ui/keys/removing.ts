/** Moves keys to the trash one by one, and takes them out again. */
import { api, Problem } from '../api/client.ts';
import { asProblem } from '../api/loaded.ts';
import type { KeyRow } from './order.ts';

export interface Removed {
  gone: readonly string[];
  /** Those that somebody has changed, deleted or renamed meanwhile. */
  left: readonly string[];
  /** What it stopped at; null if it came to the end. */
  problem: unknown;
  /** Their numbers in the trash. */
  ids: readonly number[];
}

const isStatus = (status: number) => (problem: unknown) => problem instanceof Problem && problem.status === status;

/** Whether a change was refused because the key has changed since. */
export const isConflict = isStatus(412);

/** Whether there is no such key any more. */
export const isGone = isStatus(404);

/** Tells how many it has done. */
export const removeAll = async (rows: readonly KeyRow[], onProgress: (count: number) => void): Promise<Removed> => {
  const gone = new Map<string, number | null>();
  const left: string[] = [];
  let problem: unknown = null;
  for (const { name, revision } of rows) {
    try {
      gone.set(name, await api.deleteKey(name, revision));
    } catch (found) {
      if (isConflict(found) || isGone(found)) left.push(name);
      else problem = found;
    }
    if (problem !== null) break;
    onProgress(gone.size);
  }
  return { gone: [...gone.keys()], left, problem, ids: [...gone.values()].filter((id) => id !== null) };
};

export const restoreAll = async (ids: readonly number[]): Promise<void> => {
  let done = 0;
  try {
    for (const id of ids) {
      await api.restoreKey(id);
      done += 1;
    }
  } catch (problem) {
    if (ids.length === 1) throw problem;
    throw new Problem(
      0,
      `${done} of ${ids.length} keys are back, the others are still in the trash. ${asProblem(problem).message}`,
    );
  }
};
