import { expect, test } from 'vitest';
import { parseEnv } from './env.ts';
import { testDb, testKeys } from './testing/vault.ts';

test('a vault that is made from the environment hashes passwords at the cost of production', () => {
  expect(parseEnv({ DB: testDb(), ...testKeys }).vault.passwordCost).toEqual({ N: 32_768, r: 8, p: 3 });
});
