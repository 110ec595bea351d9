/** The standalone file and a data folder: both runtimes on one folder, refusals, sources of settings. */

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { locateFiles } from '../../box/data/database.ts';
import { newEnvFile } from '../../core/settings/new-keys.ts';
import { ask, freePort, type RunningVault, signIn, startVault } from '../../testing/vault.ts';
import { environment, program, project, refusal } from './kit.ts';

const folder = mkdtempSync(join(tmpdir(), 'keystore-standalone-'));
const data = join(folder, 'data');
let vault: RunningVault | undefined;

beforeAll(async () => {
  vault = await startVault({ folder });
  const token = await signIn(vault.url, 'admin', 'admin123');
  await ask(vault.url, 'POST', '/keys', { token, body: { key_name: 'first', api_key: 'of the standalone file' } });
  await vault.stop();
});

afterEach(() => vault?.stop());

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A copy of the data folder, changed. */
function spoilt(change: (databaseFile: string, dataFolder: string) => void): string {
  const copy = mkdtempSync(join(folder, 'spoilt-'));
  cpSync(data, copy, { recursive: true });
  change(locateFiles(project, copy).file, copy);
  return copy;
}

test('both runtimes take turns on one folder', async () => {
  for (const [runtime, next] of [
    ['wrangler', 'of wrangler dev'],
    ['standalone', 'of the standalone file again'],
  ] as const) {
    vault = await startVault({ folder, runtime });
    const token = await signIn(vault.url, 'admin', 'admin123');
    expect((await ask(vault.url, 'GET', '/keys/first', { token })).body.api_key).toMatch(/^of /);
    await ask(vault.url, 'PUT', '/keys/first', { token, body: { api_key: next } });
    expect((await ask(vault.url, 'GET', '/keys/first', { token })).body.api_key).toBe(next);
    await vault.stop();
    expect(vault.process.exitCode).toBe(0);
  }
});

test('a second vault on a folder in use: refused, in either runtime', async () => {
  vault = await startVault({ folder });
  expect(await refusal(folder)).toContain('in use by another process');
  await expect(startVault({ folder, runtime: 'wrangler' })).rejects.toThrow('in use by the standalone runtime');
  await vault.stop();
  vault = await startVault({ folder, runtime: 'wrangler' });
  expect(await refusal(folder)).toContain('in use by another process');
  await vault.stop();
});

test.each<[string, (databaseFile: string, dataFolder: string) => void, RegExp]>([
  ['missing', (path) => rmSync(path), /is missing, though this vault was in use before/],
  ['empty', (path) => writeFileSync(path, ''), /is empty, though this vault was in use before/],
  ['garbage', garbage, /is not that of a vault, or is damaged/],
  ['garbage, in a new folder', (path, of) => unmarked(path, of, garbage), /cannot be read/],
  ['another database', anotherDatabase, /is not that of a vault, or is damaged/],
  ['another, in a new folder', (path, of) => unmarked(path, of, anotherDatabase), /is not that of a vault/],
  [
    'newer',
    newer,
    /newer version of this program \(it has 0099_later\.sql\)\. Nothing was changed\. Start that version/,
  ],
])('a database that is %s: refused, and not changed', async (_, change, sentence) => {
  const copy = spoilt(change);
  const path = locateFiles(project, copy).file;
  const before = existsSync(path) && readFileSync(path);
  expect(await refusal(folder, { KEYSTORE_DATA: copy })).toMatch(sentence);
  expect(existsSync(path) && readFileSync(path)).toEqual(before);
});

function garbage(path: string): void {
  writeFileSync(path, Buffer.alloc(9_000, 'garbage'));
}

function anotherDatabase(path: string): void {
  for (const each of ['', '-wal', '-shm']) rmSync(path + each, { force: true });
  const database = new DatabaseSync(path);
  database.exec('CREATE TABLE notes (text TEXT)');
  database.close();
}

function unmarked(path: string, dataFolder: string, change: (path: string) => void): void {
  rmSync(join(dataFolder, 'vault.json'));
  change(path);
}

function newer(path: string): void {
  const database = new DatabaseSync(path);
  database.exec("INSERT INTO d1_migrations (name) VALUES ('0099_later.sql')");
  database.close();
}

test('a restore that was interrupted: refused until it is complete', async () => {
  const copy = spoilt((_, of) => {
    mkdirSync(join(of, 'restore'));
    writeFileSync(join(of, 'restore/commit.json'), '{}');
  });
  expect(await refusal(folder, { KEYSTORE_DATA: copy })).toContain('restore-data.sh --finish');
});

test('a database of v0.6 that has not moved in: refused, and nothing made beside it', async () => {
  const copy = mkdtempSync(join(folder, 'old-'));
  writeFileSync(join(copy, 'keystore.db'), 'SQLite format 3');
  expect(await refusal(folder, { KEYSTORE_DATA: copy })).toContain('must be moved in once');
  expect(existsSync(locateFiles(project, copy).file)).toBe(false);
});

test('another ENCRYPTION_KEY, or none: refused', async () => {
  const other = { ENCRYPTION_KEY: 'y6ZUxwKUqtWlBlpQjUQx7ZjTKo0NrmDOqAHR3cMdbsU=' };
  expect(await refusal(folder, other)).toMatch(/ENCRYPTION_KEY has the fingerprint [0-9a-f]{16}, but this database/);
  expect(await refusal(folder, { KEYSTORE_ENV: join(folder, 'none.env') })).toContain('Bring back the .env');
  expect(existsSync(join(folder, 'none.env'))).toBe(false);
});

test('a port in use: refused', async () => {
  vault = await startVault({ folder: mkdtempSync(join(folder, 'port-')) });
  expect(await refusal(folder, { PORT: new URL(vault.url).port })).toContain(
    'is in use. Stop the program that uses it',
  );
  await vault.stop();
});

test('settings come from the env file and from files that it names', async () => {
  const secret = readFileSync(join(folder, '.env'), 'utf8').match(/SECRET_KEY=(.+)/)?.[1] ?? '';
  const sealing = readFileSync(join(folder, '.env'), 'utf8').match(/ENCRYPTION_KEY=(.+)/)?.[1] ?? '';
  writeFileSync(join(folder, 'sealing'), `${sealing}\n`);
  const port = await freePort();
  const env = join(folder, 'other.env');
  writeFileSync(
    env,
    `# ours\nexport SECRET_KEY="${secret}" # comment\nENCRYPTION_KEY_FILE = ${join(folder, 'sealing')}\nPORT=${port}  # here\n`,
  );
  vault = await startVault({ folder, port, env: { KEYSTORE_ENV: env, PORT: '' } });
  const environment = readFileSync(`/proc/${vault.process.pid}/environ`, 'utf8');
  expect(environment).not.toContain(secret);
  const token = await signIn(vault.url, 'admin', 'admin123');
  expect((await ask(vault.url, 'GET', '/keys/first', { token })).status).toBe(200);
  await vault.stop();
});

test('paths with quotes and blanks, and a data folder that only the env file names', async () => {
  const odd = mkdtempSync(join(folder, `it's "odd" $é `));
  writeFileSync(join(odd, '.env'), `${newEnvFile()}KEYSTORE_DATA=\`${join(odd, 'data')}\`\n`);
  vault = await startVault({ folder: odd, env: { KEYSTORE_DATA: '' } });
  const env = environment(odd, 1, { KEYSTORE_DATA: '' });
  const health = () => spawnSync(program, ['health'], { env }).status;
  expect(health()).toBe(0);
  await vault.stop();
  expect(existsSync(join(odd, 'data/vault.json'))).toBe(true);
  expect(health()).toBe(1);
});
