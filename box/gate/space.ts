/** Whether the disk of the data folder is nearly full: then the worker stores nothing new, and goes on logging who reads. */
import { statfsSync } from 'node:fs';
import { reserveBytes } from '../../core/space.ts';

/** While there is space, it is measured no more often than this. */
const measureIntervalMs = 250;

/**
 * Watches the free space of the file system that a folder is in. Nothing runs in between: each question measures, if the last
 * answer is old or was yes.
 *
 * @param folder it exists.
 * @param measure for tests.
 */
export function watchSpace(
  folder: string,
  minFreeMegabytes: number,
  measure: typeof statfsSync = statfsSync,
): () => boolean {
  let isLow = false;
  let measuredAt = 0;
  return () => {
    const now = Date.now();
    if (isLow || Math.abs(now - measuredAt) > measureIntervalMs) {
      measuredAt = now;
      const { bavail, blocks, bsize } = measure(folder);
      isLow = bavail * bsize < reserveBytes(minFreeMegabytes, blocks * bsize);
    }
    return isLow;
  };
}
