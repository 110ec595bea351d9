/** Somebody has the key that was retired because somebody has it, and writes the database file. */
import { beforeAll, expect, test } from 'vitest';
import { parseKeyring, sealCanary } from '../../core/crypto/keyring.ts';
import { sealOfAccount } from '../../core/sealed-rows.ts';
import { hostileVault, one, sql } from '../testing/hostile.ts';
import { type Client, startVault, testKeys } from '../testing/vault.ts';

const { people } = hostileVault();
let eve: Client;
beforeAll(() => {
  ({ eve } = people);
});

test('the retired key does not take the vault back to before another one took over', async () => {
  const keys = {
    ENCRYPTION_KEY: 'IzWUtV6tv3L46pnoczy6FO/thOLbufYBhrrJVPyLato=',
    RETIRED_ENCRYPTION_KEYS: testKeys.ENCRYPTION_KEY,
  };
  const rotated = await startVault(keys);
  await rotated.anonymous('GET', '/health');
  const client = rotated.client(eve.token);
  expect((await client('GET', '/keys/OF_EVE')).status).toBe(200);
  // With the retired key alone.
  const theirs = parseKeyring(testKeys.ENCRYPTION_KEY);
  const { token, keyId } = sealCanary(theirs, { rowsAreSealed: true });
  const row = await one("SELECT * FROM users WHERE name = 'eve'");
  const seal = sealOfAccount(theirs, { ...row, role: 'admin' } as never);
  await sql("UPDATE users SET role = 'admin', seal = ? WHERE name = 'eve'", seal);
  await sql('UPDATE instance SET canary = ?, key_id = ?', token, keyId);
  const refused = await client('GET', '/users');
  expect(refused.status).toBe(503);
  expect(refused.text).not.toMatch(/ann/);
});
