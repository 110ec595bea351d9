/**
 * Whether the disk of the data folder is nearly full. The runtime cannot measure that: the launcher does, and keeps a file in the
 * folder while there is space (launcher/4-space.sh).
 */
import { pathnameOf } from '../core/pathname.ts';
import { isStoring, maxSpaceAgeMs, spaceHeader } from '../core/space.ts';

/** The launcher measures this often while space is low, so that a request waits for one more measurement. */
const maxWaits = 10;
const waitMs = 50;

export const createSpace = (service: Fetcher) => {
  let isLow = false;
  let lookedAt = 0;
  const look = async () => {
    const { status } = await service.fetch('http://disk/standalone.lock/has-space', { method: 'HEAD' });
    isLow = status === 404;
    lookedAt = Date.now();
  };
  return {
    /** Tells the worker, in a header of a request that would store something, if the disk is nearly full. */
    async mark(request: Request): Promise<void> {
      if (!isStoring(request.method, pathnameOf(request.url))) return;
      if (isLow || Math.abs(Date.now() - lookedAt) > maxSpaceAgeMs) await look();
      for (let waits = 0; isLow && waits < maxWaits; waits++) {
        await scheduler.wait(waitMs);
        await look();
      }
      if (isLow) request.headers.set(spaceHeader, 'low');
    },
  };
};
