/** `keystore reset-admin`: the way back for the owner of the machine when no admin can sign in. */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { vaultPaths } from '../../core/data-folder/layout.ts';
import { ask, signIn, startVault } from '../../testing/vault.ts';
import { environment, program } from './kit.ts';

const folder = mkdtempSync(join(tmpdir(), 'keystore-reset-'));
const password = "a 'new' pass phrase";
let before: string;

beforeAll(async () => {
  const vault = await startVault({ folder });
  before = await signIn(vault.url, 'admin', 'admin123');
  await vault.stop();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the command on a copy of the vault's folder, or on the folder itself. */
function reset(input: string, names: string[] = [], home = folder) {
  return spawnSync(program, ['reset-admin', ...names], {
    input,
    cwd: home,
    env: environment(home, 0),
    encoding: 'utf8',
    timeout: 30_000,
  });
}

test('sets the password, ends the sessions of before, and is in the log', async () => {
  const { status, stdout, pid } = reset(`${password}\n`, ['ADMIN']);
  expect([status, stdout]).toEqual([0, expect.stringMatching(/^"admin" has the new password\./m)]);
  expect(readdirSync('/dev/shm').filter((name) => name.startsWith(`keystore-run.${pid}.`))).toEqual([]);
  const vault = await startVault({ folder });
  try {
    expect((await ask(vault.url, 'GET', '/keys', { token: before })).status).toBe(401);
    const token = await signIn(vault.url, 'admin', password);
    const { logs } = (await ask(vault.url, 'GET', '/logs?action=reset_admin', { token })).body;
    expect(logs).toMatchObject([{ action: 'reset_admin', target: 'admin', user_name: null, success: true }]);
    const { status: inUse, stderr } = reset(`${password}\n`);
    expect([inUse, stderr]).toEqual([1, expect.stringMatching(/in use by another process/)]);
  } finally {
    await vault.stop();
  }
});

test('seals an account that something else has changed only with --yes, and says which it is', () => {
  const copy = mkdtempSync(join(folder, 'changed-'));
  for (const name of ['data', '.env']) cpSync(join(folder, name), join(copy, name), { recursive: true });
  const file = vaultPaths(join(copy, 'data')).file;
  const change = new DatabaseSync(file);
  change.exec("UPDATE users SET verifier = 'known' WHERE name = 'admin'");
  change.close();
  const refused = reset(`${password}\n`, [], copy);
  expect([refused.status, refused.stderr]).toEqual([
    1,
    expect.stringMatching(/changed or made the account "admin"\. It is an admin, account number 1/),
  ]);
  expect(reset(`${password}\n`, ['admin', '--yes'], copy).stdout).toMatch(/"admin" has the new password/);
  expect(reset(`${password}\n`, [], copy).status).toBe(0);
});

test('refuses a weak password, an unknown admin and a folder without a vault, and makes nothing', () => {
  const copy = mkdtempSync(join(folder, 'copy-'));
  expect(reset(`${password}\n`, [], copy).stderr).toMatch(/There is no vault in .* yet/);
  expect(readdirSync(copy)).toEqual([]);
  for (const name of ['data', '.env']) cpSync(join(folder, name), join(copy, name), { recursive: true });
  expect(reset('12345678\n', [], copy).stderr).toMatch(/most common ones/);
  expect(reset('', [], copy).stderr).toMatch(/Standard input has no password/);
  expect(reset(`${password}\n`, ['eve'], copy).stderr).toMatch(/no admin named "eve"\. The admins are: admin\./);
});
