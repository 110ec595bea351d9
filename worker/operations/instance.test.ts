/** How a new vault is set up. */
import { beforeAll, expect, test } from 'vitest';
import { sliced } from '../../core/crypto/scrypt.ts';
import { parseEnv } from '../env.ts';
import { applyTestMigrations, testDb } from '../testing/test-database.ts';
import { testKeys } from '../testing/vault.ts';
import type { Hasher } from './hasher.ts';
import { openInstance } from './instance.ts';

beforeAll(applyTestMigrations);

test('the passwords of the first accounts are hashed where other passwords are, if something does that beside the worker', async () => {
  let asked = 0;
  const hasher: Hasher = {
    attempt: (work, pause) => {
      asked += 1;
      return work(sliced(pause));
    },
  };
  const { vault } = parseEnv({ DB: testDb(), ...testKeys, FIRST_ACCOUNTS: 'default', LOCAL_ONLY: 'yes' });
  await openInstance({ ...vault, hasher, passwordCost: { N: 1024, r: 1, p: 1 } }, 1);
  const { results } = await testDb().prepare('SELECT name FROM users ORDER BY id').all();
  expect([asked, results]).toEqual([2, [{ name: 'admin' }, { name: 'user' }]]);
});
