/**
 * Many clients, some of which hang up in the middle of a request. The vault may commit several requests together, so an aborted
 * one must neither delay the others nor change their answers.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readAndHangUp } from '../testing/aborts.ts';
import { ask, type RunningVault, signIn, startVault } from '../testing/vault.ts';

const keys = 50;
/** `ABORT_TEST_SECONDS=60` for a long run. */
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
  'clients that hang up at random moments do not affect the answers to others',
  async () => {
    const { answered, hungUp, wrong } = await readAndHangUp(vault.url, token, keys, Date.now() + seconds * 1_000);
    expect(wrong, vault.output()).toEqual([]);
    expect(hungUp).toBeGreaterThan(10);
    expect(answered).toBeGreaterThan(100);
    expect((await ask(vault.url, 'GET', '/health')).status).toBe(200);
  },
  (seconds + 30) * 1_000,
);
