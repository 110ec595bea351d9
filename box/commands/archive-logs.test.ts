/** HelperScripts/archive-logs.sh on a stopped vault. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compileCache, type Home, keyringOf, makeHome, project, runOn } from '../../testing/disk-vaults.ts';
import { addEvents, beginLog } from '../../testing/sealed-log.ts';
import { lockDataFolder } from '../data/lock.ts';

let folder: string;
let home: Home;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'archive-logs-'));
  home = await makeHome(join(folder, 'home'), { first: 'one' });
  using database = new DatabaseSync(home.files.file);
  await beginLog(database, keyringOf(home.envFile));
  addEvents(database, 3000);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function script(name: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(join(project, 'HelperScripts', name), ['--local', ...args], {
    encoding: 'utf8',
    cwd: folder,
    env: {
      ...compileCache,
      PATH: process.env.PATH,
      KEYSTORE_ENV: home.envFile,
      KEYSTORE_DATA: home.data,
      KEYSTORE_BACKUPS: join(folder, 'backups'),
    },
  });
  return { status, stdout, stderr };
}

function count(): unknown {
  using database = new DatabaseSync(home.files.file);
  return database.prepare('SELECT count(*) AS n FROM audit_events').get()?.n;
}

test('nothing happens while the vault runs, or without a date', () => {
  expect(script('archive-logs.sh')).toMatchObject({ status: 1, stderr: expect.stringContaining('--before') });
  expect(script('archive-logs.sh', '--before', '2999-01-01')).toMatchObject({ status: 1 });
  using _lock = lockDataFolder(home.data);
  const { status, stderr } = script('archive-logs.sh', '--before', '1970-01-01T00:40:00Z');
  expect([status, stderr]).toEqual([1, expect.stringContaining('Nothing was archived.')]);
  expect(readdirSync(join(folder, 'backups'))).toEqual([]);
  expect(count()).toBe(3000);
});

test('the archive is there before the entries go, the database shrinks, and both verify', () => {
  // As if the run had been stopped after it wrote the file.
  const written = runOn(home, ['archive-logs.ts', 'write', '1970-01-01T00:40:00Z']);
  expect(written.stdout.toString().split('\n')).toHaveLength(2399 + 3);
  expect(count()).toBe(3000);

  const file = join(folder, 'backups/keystore_log_1-2399.jsonl');
  writeFileSync(file, 'of another vault');
  const before = statSync(home.files.file).size;
  const { status, stdout, stderr } = script('archive-logs.sh', '--before', '1970-01-01T00:40:00Z');
  expect([status, stdout]).toEqual([0, expect.stringContaining(`Wrote ${file}\n`)]);
  expect(stderr).toMatch(/^Deleted the log entries 1 to 2399, and kept their hashes\.\nThe database shrank from/);
  expect(count()).toBe(602);
  expect(statSync(home.files.file).size).toBeLessThan(before * 0.7);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const [older = ''] = readdirSync(join(folder, 'backups')).filter((name) => name.includes('.jsonl.before-'));
  expect(readFileSync(join(folder, 'backups', older), 'utf8')).toBe('of another vault');
  expect(readdirSync(home.data).filter((name) => name.startsWith('incoming-'))).toEqual([]);

  const verified = script('verify-audit.sh', home.files.file, '--archives', 'backups');
  expect([verified.status, verified.stdout]).toEqual([0, expect.stringMatching(/verified: 3001 events/)]);
  expect(verified.stdout).toContain(`The events in ${file} are as they were sealed.`);
  expect(script('verify-audit.sh', file).stdout).toMatch(/^Events 1 to 2399 are as they were sealed\.\n/);
  expect(script('backup-data.sh')).toMatchObject({ status: 0, stderr: '' });

  expect(script('archive-logs.sh', '--before', '1970-01-01T00:40:00Z')).toMatchObject({
    status: 0,
    stdout: '',
    stderr: expect.stringContaining('There is nothing to archive'),
  });
  expect(existsSync(file)).toBe(true);
});
