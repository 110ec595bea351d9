/**
 * The process that hashes passwords, as a binding of the worker. It takes 40 MB, so it runs only when it is needed: if it does
 * not, this asks the launcher for it, by a line of its log, and waits.
 */

/** What the launcher takes as the wish for the process (launcher/4-hasher.sh), and does not print. */
const wish = 'keystore: start the hasher';

/** It is up within 50 ms, unless the machine is busy. */
const maxWaits = 100;
const waitMs = 10;

export const createHasher = (service: Fetcher) => ({
  /** Rejects if the process does not come up. The body is sent again, so it must be a text. */
  async fetch(url: string, init: RequestInit): Promise<Response> {
    for (let waits = 0; ; waits++) {
      try {
        return await service.fetch(url, init);
      } catch (error) {
        if (waits === maxWaits || init.signal?.aborted) throw error;
        if (waits === 0) console.error(wish);
        await scheduler.wait(waitMs);
      }
    }
  },
});
