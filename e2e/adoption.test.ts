/**
 * Somebody who writes the data folder, and has a copy of the database from before it was sealed, on either runtime: the vault never seals
 * what they put there, and never makes accounts anew. Its settings are out of their reach.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, expect, test } from 'vitest';
import { makeVerifier } from '../core/crypto/password.ts';
import { parseEnvFile } from '../core/settings/env-file.ts';
import { requireSealsLines } from '../core/settings/require-seals.ts';
import { homeIn, makeHome } from '../testing/disk-vaults.ts';
import { ask, type RunningVault, signIn, startVault, type VaultOptions } from '../testing/vault.ts';

const password = 'correct horse battery';
const folders: string[] = [];
const running: RunningVault[] = [];

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'keystore-adoption-'));
  folders.push(folder);
  return folder;
}

async function start(options: VaultOptions): Promise<RunningVault> {
  const vault = await startVault(options);
  running.push(vault);
  return vault;
}

afterEach(async () => {
  for (const vault of running.splice(0)) await vault.stop();
});
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A vault of 1.0.0 whose admin can sign in. */
async function oldVault(folder = newFolder()) {
  const home = await makeHome(folder, { STRIPE: 'a value' }, '0001_vault.sql');
  const verifier = await makeVerifier(password, { N: 2 ** 10, r: 1, p: 1 });
  using database = new DatabaseSync(home.files.file);
  database.prepare('UPDATE users SET verifier = ?').run(verifier);
  return home;
}

function settingsOf({ envFile }: { envFile: string }): Record<string, string> {
  return parseEnvFile(readFileSync(envFile, 'utf8'), envFile);
}

/** What the start says that must not succeed. */
async function refusal(folder: string): Promise<string> {
  return start({ folder }).then(
    () => 'it has started',
    (error: Error) => error.message,
  );
}

test('a new vault notes in .env that it is sealed, says so once, and does not begin again in an emptied folder', async () => {
  const folder = newFolder();
  const vault = await start({ folder });
  await vault.stop();
  expect(vault.output()).toMatch(/^Added REQUIRE_SEALS=true to .*\.env: /m);
  expect(readFileSync(vault.envFile, 'utf8').endsWith(requireSealsLines)).toBe(true);
  const again = await start({ folder });
  await again.stop();
  expect(again.output()).not.toContain('REQUIRE_SEALS');
  rmSync(vault.data, { recursive: true });
  expect(await refusal(folder)).toMatch(
    /There is no vault in .*, but there was one.*To begin a new vault, remove REQUIRE_SEALS/,
  );
  writeFileSync(vault.envFile, readFileSync(vault.envFile, 'utf8').replace(requireSealsLines, ''));
  expect((await start({ folder })).output()).toContain('Sign in as admin / admin123');
});

test('a vault of 1.0.0 is sealed by its upgrade, and no copy of before opens any more, nor does an emptied database', async () => {
  const folder = newFolder();
  const home = await oldVault(folder);
  const vault = await start({ folder });
  const token = await signIn(vault.url, 'admin', password);
  const { logs } = (await ask(vault.url, 'GET', '/logs?action=seal_vault', { token })).body;
  expect(logs).toMatchObject([{ action: 'seal_vault', target: '3 records', user_name: null }]);
  await vault.stop();
  expect(settingsOf(home).REQUIRE_SEALS).toBe('true');
  const sealed = join(newFolder(), 'data');
  cpSync(home.data, sealed, { recursive: true });
  const copy = readdirSync(home.data).find((name) => /^before-upgrade-.*\.db$/.test(name)) ?? '';

  const putBack = (change: string) => {
    for (const end of ['-wal', '-shm']) rmSync(home.files.file + end, { force: true });
    cpSync(join(sealed, copy), home.files.file);
    using database = new DatabaseSync(home.files.file);
    database.exec(change);
  };
  putBack("UPDATE users SET role = 'admin'");
  expect(await refusal(folder)).toMatch(/never sealed.*Nothing was written.*restore-data\.sh/);
  putBack('DROP TRIGGER IF EXISTS audit_events_stay; DELETE FROM instance; DELETE FROM secrets; DELETE FROM users');
  rmSync(home.files.marker, { force: true });
  expect(await refusal(folder)).toMatch(/There is no vault in/);

  rmSync(home.data, { recursive: true });
  cpSync(sealed, home.data, { recursive: true });
  const back = await start({ folder });
  const again = await signIn(back.url, 'admin', password);
  expect((await ask(back.url, 'GET', '/keys/STRIPE', { token: again })).body).toMatchObject({ api_key: 'a value' });
});

/** Its keys are in the environment, so nothing can be noted. */
async function withoutEnvFile(home: ReturnType<typeof homeIn>): Promise<RunningVault> {
  const { SECRET_KEY = '', ENCRYPTION_KEY = '' } = settingsOf(home);
  return start({ folder: home.folder, env: { SECRET_KEY, ENCRYPTION_KEY, KEYSTORE_ENV: '/dev/null' } });
}

/** The processes of the vault that serve, by what they run. */
function runtimesOf({ process: { pid } }: RunningVault): number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const fieldsOf = (id: string) => {
    try {
      const [, state = ''] = /\) (.*)/.exec(readFileSync(`/proc/${id}/stat`, 'utf8')) ?? [];
      return { id: Number(id), parent: Number(state.split(' ')[1]), line: readFileSync(`/proc/${id}/cmdline`, 'utf8') };
    } catch {
      return { id: 0, parent: 0, line: '' };
    }
  };
  const processes = all.map(fieldsOf);
  const isOurs = (id: number): boolean =>
    id === pid || (id > 1 && isOurs(processes.find((each) => each.id === id)?.parent ?? 0));
  return processes
    .filter(({ id, line }) => isOurs(id) && /workerd\0serve/.test(line) && !line.includes('hasher.capnp'))
    .map(({ id }) => id);
}

/** The standalone vault stays down then, and its launcher says why. */
async function healthAfterCrash(vault: RunningVault): Promise<unknown> {
  const runtimes = runtimesOf(vault);
  expect(runtimes).not.toEqual([]);
  for (const pid of runtimes) process.kill(pid, 'SIGKILL');
  for (let tries = 0; tries < 300; tries++) {
    await delay(100);
    const answer = await fetch(`${vault.url}/health`).then(
      (response) => response.json(),
      () => undefined,
    );
    const { reason, status } = (answer ?? {}) as { reason?: string; status?: string };
    if (reason !== undefined || status !== undefined) return reason ?? status;
    if (/^(The database says that its records were never sealed|There is no vault in)/m.test(vault.output()))
      return 'seals_gone';
  }
  return 'no answer';
}

/** As somebody does who has the file, while the vault runs. */
function change(file: string, ...statements: string[]): void {
  using database = new DatabaseSync(file, { timeout: 5_000 });
  database.exec('PRAGMA foreign_keys = OFF');
  const triggers = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").all();
  for (const { name } of triggers) database.exec(`DROP TRIGGER "${name}"`);
  for (const statement of statements) database.exec(statement);
}

test('a runtime that crashes and starts again does not take an old record for a reason to seal', async () => {
  const home = await oldVault();
  using before = new DatabaseSync(home.files.file, { readOnly: true });
  const canary = String(before.prepare('SELECT canary FROM instance').get()?.canary);
  before.close();
  const vault = await withoutEnvFile(home);
  expect(vault.output()).toMatch(/^Add REQUIRE_SEALS=true to your settings/m);
  change(
    home.files.file,
    `UPDATE instance SET canary = '${canary}', sealed_at = NULL`,
    "UPDATE users SET seal = NULL, verifier = 'known'",
  );
  expect(await healthAfterCrash(vault)).toBe('seals_gone');
  using database = new DatabaseSync(home.files.file, { readOnly: true, timeout: 5_000 });
  expect(database.prepare('SELECT seal, verifier FROM users').all()).toEqual([{ seal: null, verifier: 'known' }]);
});

test('nor does that of a new vault make accounts anew where somebody has taken all out', async () => {
  const folder = newFolder();
  const keys = await makeHome(newFolder(), {});
  const home = homeIn(folder);
  const { SECRET_KEY = '', ENCRYPTION_KEY = '' } = settingsOf(keys);
  const vault = await start({ folder, env: { SECRET_KEY, ENCRYPTION_KEY, KEYSTORE_ENV: '/dev/null' } });
  const tables = ['sessions', 'users', 'audit_events', 'instance'];
  change(home.files.file, ...tables.map((table) => `DELETE FROM ${table}`));
  rmSync(home.files.marker);
  expect(await healthAfterCrash(vault)).toBe('seals_gone');
  using database = new DatabaseSync(home.files.file, { readOnly: true, timeout: 5_000 });
  expect(database.prepare('SELECT count(*) AS n FROM users').get()).toEqual({ n: 0 });
});
