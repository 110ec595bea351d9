import { afterAll, beforeAll, expect, test } from 'vitest';
import { readAndHangUp } from '../testing/aborts.ts';
import { ask, type RunningVault, signIn, startVault } from '../testing/vault.ts';

/** One request's transaction may be committed together with others': none may wait for, or get, what is another's. */

const keys = 50;
/** A quick look by default; `ABORT_TEST_SECONDS=60` for the long one. */
const seconds = Number(process.env.ABORT_TEST_SECONDS ?? 10);
let vault: RunningVault;
let token: string;

beforeAll(async () => {
  vault = await startVault();
  token = await signIn(vault.url, 'admin', 'admin123');
  for (let i = 0; i < keys; i++) {
    await ask(vault.url, 'POST', '/keys', { token, body: { key_name: `key ${i}`, api_key: `value of key ${i}` } });
  }
});

afterAll(() => vault?.dispose());

test(
  'callers that hang up at random moments change nothing for the others',
  async () => {
    const { answered, hungUp, wrong } = await readAndHangUp(vault.url, token, keys, Date.now() + seconds * 1_000);
    expect(wrong, vault.output()).toEqual([]);
    expect(hungUp).toBeGreaterThan(10);
    expect(answered).toBeGreaterThan(100);
    expect((await ask(vault.url, 'GET', '/health')).status).toBe(200);
  },
  (seconds + 30) * 1_000,
);
