/**
 * Hashes outside the thread that serves, where the surroundings offer a process for that: other requests are hardly delayed, and
 * native code takes half the time. Without that process, or while it does not answer, the hash is computed here, in slices.
 */
import type { FernetKey } from '../../core/crypto/fernet.ts';
import { remoteScrypt } from '../../core/crypto/hash-job.ts';
import { type Pause, type Scrypt, sliced } from '../../core/crypto/scrypt.ts';
import { maxHasherAnswerMs } from '../../core/limits.ts';

/** A process that hashes. */
export interface Hasher {
  /** Resolves to what `work` makes with its hashes; to null if it does not answer, or is not asked because it lately did not. */
  attempt(work: (scrypt: Scrypt) => Promise<Uint8Array>, pause: Pause): Promise<Uint8Array | null>;
}

/** How often a request that waits for an answer shows that it is still there. */
const beatMs = 50;

/** After it failed, it is not asked for this many times as long as it kept a request waiting. */
const restFactor = 10;
const minRestMs = 1_000;

/** Only `fetch` is needed of what is bound. */
type Service = { fetch: (url: string, init: RequestInit) => Promise<Response> };

/** @param key seals what is said; null if nobody else can reach the service. */
export const createHasher = (service: Service, key: FernetKey | null): Hasher => {
  let failed = { at: 0, restMs: 0 };
  const isResting = () => Math.abs(Date.now() - failed.at) < failed.restMs;
  const fail = (since: number) => {
    const restMs = Math.max(minRestMs, restFactor * Math.abs(Date.now() - since));
    failed = { at: Date.now(), restMs };
    console.error(`The process that hashes passwords does not answer. Hashing here for ${Math.ceil(restMs / 1000)} s.`);
  };
  return {
    attempt: async (work, pause) => {
      if (isResting()) return null;
      const since = Date.now();
      const given = new AbortController();
      const send = async (body: string) => {
        const answer = await service.fetch('http://hasher/', {
          method: 'POST',
          body,
          redirect: 'manual',
          signal: given.signal,
        });
        const text = await answer.text();
        if (!answer.ok) throw new Error(`The hasher answered ${answer.status}`);
        return text;
      };
      const asked = work(remoteScrypt(send, key)).catch(() => null);
      // Counted, not timed: the clock may be set.
      for (let beats = 0; beats * beatMs < maxHasherAnswerMs; beats++) {
        const derived = await Promise.race([asked, scheduler.wait(beatMs)]);
        if (derived) return derived;
        if (derived === null) break;
        await pause();
      }
      given.abort();
      fail(since);
      return null;
    },
  };
};

/** scrypt by the hasher if there is one, and else in slices. `pause` is the sign of life of the request. */
export const scryptBy = (hasher: Hasher | null, pause: Pause): Scrypt => {
  const here = sliced(pause);
  if (hasher === null) return here;
  return async (...job) => (await hasher.attempt((scrypt) => scrypt(...job), pause)) ?? here(...job);
};
