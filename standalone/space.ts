/**
 * Whether the disk of the data folder is nearly full. The runtime cannot measure that: the launcher does, and keeps a file in the
 * folder while there is space (launcher/4-space.sh).
 */
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
    /** The request, with a header for the worker if it would store something and the disk is nearly full. */
    async mark(request: Request): Promise<Request> {
      if (!isStoring(request.method, new URL(request.url).pathname)) return request;
      if (isLow || Math.abs(Date.now() - lookedAt) > maxSpaceAgeMs) await look();
      for (let waits = 0; isLow && waits < maxWaits; waits++) {
        await scheduler.wait(waitMs);
        await look();
      }
      if (!isLow) return request;
      const marked = new Request(request);
      marked.headers.set(spaceHeader, 'low');
      return marked;
    },
  };
};
