/** The launcher as a process: how it ends, what it leaves behind, and the copy before an upgrade. */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, expect, test } from 'vitest';
import { buildStandalone } from '../../box/commands/build-standalone.ts';
import { locateFiles } from '../../box/data/database.ts';
import { ask, freePort, type RunningVault, signIn, startVault } from '../../testing/vault.ts';
import { environment, isAlive, program, project, runFolders } from './kit.ts';

const folder = mkdtempSync(join(tmpdir(), 'keystore-standalone-'));
let vault: RunningVault | undefined;

afterEach(() => vault?.stop());

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a running vault keeps no secret in a file', async () => {
  vault = await startVault({ folder });
  const [run = ''] = runFolders(vault.process.pid);
  expect(statSync(run).mode & 0o777).toBe(0o700);
  const known = /^(alive|said|listening|pid|hasher(\/(socket|pid))?)$/;
  for (const name of readdirSync(run, { recursive: true })) expect(name).toMatch(known);
  await vault.stop();
  expect(runFolders(vault.process.pid)).toEqual([]);
});

test('a launcher that is killed leaves no runtime and no folder, and the next one starts at once', async () => {
  vault = await startVault({ folder });
  const launcher = vault.process.pid;
  const runtime = Number(readFileSync(join(runFolders(launcher)[0] ?? '', 'pid'), 'utf8'));
  expect(isAlive(runtime)).toBe(true);
  await vault.kill();
  // On another port, where only the new one answers.
  vault = await startVault({ folder });
  expect(isAlive(runtime)).toBe(false);
  expect(runFolders(launcher)).toEqual([]);
  await vault.stop();
});

/** Starts it and sends a signal after so many milliseconds. Returns its process id and how it ended. */
async function interrupt(signal: NodeJS.Signals, afterMs: number): Promise<{ pid: number; code: number | null }> {
  const child = spawn(program, [], { env: environment(folder, await freePort()), stdio: 'ignore' });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  await delay(afterMs);
  child.kill(signal);
  return { pid: child.pid ?? 0, code: (await ended)[0] };
}

/** Milliseconds within a start: before, while and after secrets are written and the runtime comes up. */
const moments = [10, 30, 50, 70, 90, 110, 130, 160, 200, 250, 320, 400, 600, 900];

test('killed at any moment of a start, it leaves no secret behind, and no runtime', async () => {
  for (const moment of moments) {
    const { pid } = await interrupt('SIGKILL', moment);
    // A folder with only the pipe in it may stay; the next start removes it.
    const left = () => runFolders(pid).flatMap((run) => readdirSync(run).filter((name) => name !== 'alive'));
    await expect.poll(left, { timeout: 5_000, interval: 20, message: `after ${moment} ms` }).toEqual([]);
  }
  vault = await startVault({ folder });
  await vault.stop();
});

test('killed as soon as a secret is in a file, it leaves none behind', async () => {
  for (let caught = 0; caught < 5; ) {
    const env = environment(folder, await freePort());
    const child = spawn(program, [], { env, stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = once(child, 'exit');
    let isUp = false;
    child.stdout.once('data', () => {
      isUp = true;
    });
    const files = () => runFolders(child.pid).flatMap((run) => readdirSync(run));
    while (!files().includes('run.capnp') && !isUp) await delay(1);
    // On a busy machine it may be up before this loop looks. That start does not count.
    if (!isUp) caught += 1;
    child.kill('SIGKILL');
    await ended;
    await expect.poll(files, { timeout: 5_000, interval: 20 }).toEqual([]);
  }
});

test('told to stop at any moment of a start, it ends with 0 and leaves nothing behind', async () => {
  for (const moment of moments) {
    const { pid, code } = await interrupt('SIGTERM', moment);
    // Before it handles signals it is ended by the signal, and has made nothing.
    if (code !== null) expect([moment, code]).toEqual([moment, 0]);
    await expect.poll(() => runFolders(pid), { timeout: 5_000, interval: 20 }).toEqual([]);
  }
});

test('when the reader of its standard error is gone, the runtime can still log and the vault answers', async () => {
  vault = await startVault({ folder });
  vault.process.stderr?.destroy();
  const said = join(runFolders(vault.process.pid)[0] ?? '', 'said');
  // More than a pipe holds, so this ends only if the launcher goes on reading.
  for (let round = 0; round < 3; round++) await writeFile(said, 'a line of the log\n'.repeat(10_000));
  expect((await ask(vault.url, 'GET', '/health')).status).toBe(200);
});

test('the files of a start that was killed with all its processes are removed', async () => {
  const { pid } = spawnSync('true');
  const left = `/dev/shm/keystore-run.${pid}.AbCdEfGhIjKl`;
  mkdirSync(left);
  writeFileSync(join(left, 'SECRET_KEY'), 'old');
  vault = await startVault({ folder });
  expect(existsSync(left)).toBe(false);
  await vault.stop();
});

test('unpacked by hand, it starts from its folder', async () => {
  const target = join(folder, 'unpacked');
  expect(spawnSync(program, ['unpack', target]).status).toBe(0);
  vault = await startVault({ folder, standaloneFile: join(target, 'keystore'), env: { KEYSTORE_CACHE: '/nowhere' } });
  const health = () => spawnSync(join(target, 'keystore'), ['health'], { env: environment(folder, 1) }).status;
  await expect.poll(health).toBe(0);
  await vault.stop();
  expect(health()).toBe(1);
});

test('ADMIN_PASSWORD makes the only account of a new vault, and is in no environment', async () => {
  const other = mkdtempSync(join(folder, 'admin-'));
  const password = 'a password that is set';
  vault = await startVault({ folder: other, env: { ADMIN_PASSWORD: password } });
  expect(vault.output()).toContain('with the password that ADMIN_PASSWORD sets');
  const token = await signIn(vault.url, 'admin', password);
  expect((await ask<{ users: unknown[] }>(vault.url, 'GET', '/users', { token })).body.users).toHaveLength(1);
  const [run = ''] = runFolders(vault.process.pid);
  const runtime = readFileSync(join(run, 'pid'), 'utf8').trim();
  expect(readFileSync(`/proc/${runtime}/environ`, 'utf8')).not.toContain(password);
});

const hasShellcheck = spawnSync('shellcheck', ['--version']).status === 0;

test.runIf(hasShellcheck)('shellcheck finds nothing in the launcher', () => {
  const target = join(folder, 'checked');
  spawnSync(program, ['unpack', target]);
  const { stdout } = spawnSync('shellcheck', ['-s', 'sh', join(target, 'keystore')], { encoding: 'utf8' });
  expect(stdout).toBe('');
});

/** The project with one more migration. */
async function laterVersion(): Promise<string> {
  const later = join(folder, 'later');
  mkdirSync(join(later, 'migrations'), { recursive: true });
  for (const name of readdirSync(project).filter(
    (each) => !/^(\.|dist$|migrations$|worker$|data$|output$)/.test(each),
  )) {
    symlinkSync(join(project, name), join(later, name));
  }
  for (const name of readdirSync(join(project, 'migrations'))) {
    symlinkSync(join(project, 'migrations', name), join(later, 'migrations', name));
  }
  writeFileSync(join(later, 'migrations/9999_test.sql'), 'CREATE TABLE later (id INTEGER);');
  cpSync(join(project, 'worker'), join(later, 'worker'), { recursive: true });
  const schema = join(later, 'worker/store/schema.ts');
  writeFileSync(schema, readFileSync(schema, 'utf8').replace(/(currentMigration = ')[^']+/, '$19999_test.sql'));
  await buildStandalone(later);
  return join(later, 'dist/keystore');
}

test('an upgrade keeps a copy of the database as it was, which opens on its own', async () => {
  vault = await startVault({ folder });
  const token = await signIn(vault.url, 'admin', 'admin123');
  await ask(vault.url, 'POST', '/keys', { token, body: { key_name: 'before', api_key: 'the upgrade' } });
  // Killed, so that the newest rows are in SQLite's write-ahead log.
  await vault.kill();
  const standaloneFile = await laterVersion();
  vault = await startVault({ folder, standaloneFile });
  expect(vault.output()).toContain('The database as it was before the upgrade is in');
  expect((await ask(vault.url, 'GET', '/keys/before', { token })).body.api_key).toBe('the upgrade');
  await vault.stop();

  const copy = new DatabaseSync(join(folder, 'data/before-upgrade-9999_test.db'));
  expect(copy.prepare("SELECT name FROM sqlite_schema WHERE name = 'later'").all()).toEqual([]);
  expect(copy.prepare('SELECT name FROM secrets').all()).toEqual([{ name: 'before' }]);
  copy.close();
  const { file } = locateFiles(project, join(folder, 'data'));
  const upgraded = new DatabaseSync(file);
  expect(upgraded.prepare("SELECT name FROM sqlite_schema WHERE name = 'later'").all()).toHaveLength(1);
  upgraded.close();

  vault = await startVault({ folder, standaloneFile });
  expect(vault.output()).not.toContain('The database as it was before the upgrade');
  await vault.stop();
});
