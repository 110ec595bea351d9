import { expect, test } from 'vitest';
import { parseKeyring, sealValue } from '../../core/crypto/keyring.ts';
import { maxCharactersPerSlice } from '../../core/limits.ts';
import { testKeys } from '../testing/vault.ts';
import { sealInTurns } from './import-parts.ts';
import { createPause } from './pauses.ts';
import { openedAll } from './secret-values.ts';

/** How often something else ran during the work. */
const turnsDuring = async (work: Promise<unknown>) => {
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 0);
  await work;
  clearInterval(timer);
  return turns;
};

const keyring = parseKeyring(testKeys.ENCRYPTION_KEY);
const value = 'x'.repeat(maxCharactersPerSlice / 4);
const names = Array.from({ length: 40 }, (_, index) => `key ${index}`);

test('other requests run while many values are sealed', async () => {
  const entries = names.map((name) => ({ name, value, description: null }));
  expect(await turnsDuring(sealInTurns(keyring, entries))).toBeGreaterThan(4);
});

test('other requests run while many values are opened', async () => {
  const { token, binding, keyId } = sealValue(keyring, 'key', value);
  const rows = names.map((_, index) => ({ name: 'key', event_id: index, token, binding, key_id: keyId }));
  const context = { vault: { keyring } } as Parameters<typeof openedAll>[0];
  const principal = { role: 'user' } as Parameters<typeof openedAll>[2];
  expect(await turnsDuring(openedAll(context, rows, principal))).toBeGreaterThan(4);
});

test('small values are handled without a pause', async () => {
  const pause = createPause();
  const work = async () => {
    for (let i = 0; i < 500; i++) await pause(50);
  };
  expect(await turnsDuring(work())).toBe(0);
});
