import { afterEach, beforeEach, expect, type MockInstance, test, vi } from 'vitest';
import { utf8 } from '../../core/crypto/encoding.ts';
import { answerJob } from '../../core/crypto/hash-job.ts';
import { sliced } from '../../core/crypto/scrypt.ts';
import { maxHasherAnswerMs } from '../../core/limits.ts';
import { createHasher, scryptBy } from './hasher.ts';

const job = [utf8('a password'), utf8('a salt'), { N: 1024, r: 1, p: 1 }, 64] as const;
const noPause = async () => {};
const expected = await sliced(noPause)(...job);

let asked = 0;
let logged: MockInstance<typeof console.error>;
/** A hasher that does `how` with each request, and else answers it. */
const hasherThat = (how: (init: RequestInit) => Promise<Response | undefined>) =>
  createHasher(
    {
      fetch: async (_url, init) => {
        asked += 1;
        return (await how(init)) ?? new Response(await answerJob(String(init.body), null, sliced(noPause)));
      },
    },
    null,
  );

beforeEach(() => {
  asked = 0;
  logged = vi.spyOn(console, 'error').mockImplementation(() => {});
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Hashes; tells how often this thread paused between slices. */
const hashed = async (hasher: ReturnType<typeof createHasher> | null) => {
  let pauses = 0;
  const scrypt = scryptBy(hasher, async () => {
    pauses += 1;
  });
  expect(await scrypt(...job)).toEqual(expected);
  return pauses;
};

test('without a hasher the hash is computed here; with one, there', async () => {
  expect(await hashed(null)).toBeGreaterThan(0);
  expect(await hashed(hasherThat(async () => undefined))).toBe(0);
  expect(asked).toBe(1);
});

test.each([
  ['is not there', () => Promise.reject(new Error('connection refused'))],
  ['refuses', async () => new Response(null, { status: 403 })],
  ['breaks', async () => new Response('no answer', { status: 500 })],
  ['answers nonsense', async () => new Response('{"id":"","derived":"AAAA"}')],
  ['sends elsewhere', async () => Response.redirect('http://192.0.2.1/')],
])('a hasher that %s is replaced by slices, and not asked again at once', async (_, how) => {
  const hasher = hasherThat(how);
  expect(await hashed(hasher)).toBeGreaterThan(0);
  expect(await hashed(hasher)).toBeGreaterThan(0);
  expect(asked).toBe(1);
  expect(logged).toHaveBeenCalledTimes(1);
});

test('a hasher that does not answer is given up after a while, during which the request shows that it is there', async () => {
  vi.spyOn(scheduler, 'wait').mockImplementation(() => Promise.resolve());
  let signal: AbortSignal | undefined | null;
  const hasher = hasherThat((init) => {
    signal = init.signal;
    return new Promise(() => {});
  });
  expect(await hashed(hasher)).toBeGreaterThan(maxHasherAnswerMs / 1_000);
  expect(signal?.aborted).toBe(true);
});

test('after its rest it is asked again, and one that works again is used', async () => {
  let isBroken = true;
  const hasher = hasherThat(async () => (isBroken ? new Response(null, { status: 500 }) : undefined));
  await hashed(hasher);
  isBroken = false;
  vi.setSystemTime(Date.now() + 60_000);
  expect(await hashed(hasher)).toBe(0);
  expect(asked).toBe(2);
});

test('a clock that is set back does not keep it from being asked', async () => {
  let isBroken = true;
  const hasher = hasherThat(async () => (isBroken ? new Response(null, { status: 500 }) : undefined));
  await hashed(hasher);
  isBroken = false;
  vi.setSystemTime(Date.now() - 86_400_000);
  expect(await hashed(hasher)).toBe(0);
});
