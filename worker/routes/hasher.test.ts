/** Signing in, and all else that hashes, where another process computes the hashes. */
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { answerJob } from '../../core/crypto/hash-job.ts';
import { sliced } from '../../core/crypto/scrypt.ts';
import { startVault } from '../testing/vault.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let jobs: string[] = [];
let isGone = false;

const HASHER = {
  async fetch(_url: string, init: RequestInit) {
    if (isGone) throw new Error('connection refused');
    jobs.push(String(init.body));
    return new Response(
      await answerJob(
        String(init.body),
        null,
        sliced(async () => {}),
      ),
    );
  },
} as Fetcher;

beforeAll(async () => {
  vault = await startVault({ HASHER });
  await vault.signIn('admin', 'admin123');
});

beforeEach(() => {
  jobs = [];
});

afterEach(() => {
  vi.restoreAllMocks();
});

test('an existing account and an unknown one, a right password and a wrong one cost the same hash, in two round trips', async () => {
  for (const [username, password, status] of [
    ['admin', 'admin123', 200],
    ['admin', 'wrong', 401],
    ['nobody', 'wrong', 401],
  ] as const) {
    jobs = [];
    vault.trips.count = 0;
    const answer = await vault.anonymous('POST', '/auth/login', { username, password });
    expect(answer.status).toBe(status);
    expect(vault.trips.count).toBe(2);
    const costs = jobs.map((job) => JSON.parse(job)).map(({ N, r, p, length }) => ({ N, r, p, length }));
    expect(costs).toEqual([{ N: 1024, r: 1, p: 1, length: 64 }]);
  }
});

test('a new account and a new password are hashed there, and fit afterwards', async () => {
  const admin = await vault.signIn('admin', 'admin123');
  jobs = [];
  await admin('POST', '/users', { username: 'made', password: 'a good password' });
  expect(jobs).toHaveLength(1);
  const made = await vault.signIn('made', 'a good password');
  jobs = [];
  const change = { current_password: 'a good password', new_password: 'a better password' };
  expect((await made('POST', '/auth/password', change)).status).toBe(200);
  expect(jobs).toHaveLength(2);
  await vault.signIn('made', 'a better password');
});

test('signing in does not depend on it, and no error names the password', async () => {
  isGone = true;
  const logged = vi.spyOn(console, 'error').mockImplementation(() => {});
  await vault.signIn('admin', 'admin123');
  const wrong = await vault.anonymous('POST', '/auth/login', { username: 'admin', password: 'a wrong one' });
  expect(wrong.status).toBe(401);
  expect(jobs).toEqual([]);
  expect(logged).toHaveBeenCalled();
  expect(JSON.stringify(logged.mock.calls)).not.toMatch(/admin123|a wrong one/);
});
