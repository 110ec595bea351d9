/** HelperScripts/verify-audit.sh from outside: what it prints, its exit codes, and that it leaves every byte as it is. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applyMigrations } from '../../core/data-folder/database.ts';
import { compileCache, project } from '../../testing/disk-vaults.ts';
import { addEvents, newTestKey, sealAnew } from '../../testing/sealed-log.ts';
import { readMigrations, sqlOf } from '../data/database.ts';

const key = newTestKey();
let folder: string;
/** A database as a killed vault leaves it: with a write-ahead log beside it, in which the events and the tree are. */
let killed: string;
let note: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'verify-audit-'));
  const live = join(folder, 'live.db');
  killed = join(folder, 'killed', "a vault's.sqlite");
  mkdirSync(join(folder, 'killed'));
  using database = new DatabaseSync(live);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0');
  applyMigrations(sqlOf(database), readMigrations(join(project, 'migrations')));
  addEvents(database, 300);
  note = sealAnew(database, key);
  addEvents(database, 2);
  for (const part of ['', '-wal', '-shm']) copyFileSync(live + part, killed + part);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function verifyAudit(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(join(project, 'HelperScripts/verify-audit.sh'), ['--local', ...args], {
    encoding: 'utf8',
    cwd: folder,
    env: { ...compileCache, PATH: process.env.PATH, KEYSTORE_ENV: '/nowhere', KEYSTORE_DATA: '/nowhere' },
  });
  return { status, lines: stdout.trimEnd().split('\n'), stderr };
}

function contents(of: string): Record<string, string> {
  return Object.fromEntries(readdirSync(of).map((name) => [name, readFileSync(join(of, name)).toString('base64')]));
}

test('what is in a write-ahead log is verified, and no byte changes and no file appears', () => {
  const before = contents(join(folder, 'killed'));
  writeFileSync(join(folder, 'kept.checkpoint'), note);
  const { status, lines, stderr } = verifyAudit(
    "killed/a vault's.sqlite",
    '--checkpoints',
    'kept.checkpoint',
    '--public-key',
    key.text,
  );
  expect(stderr).toBe('');
  expect(lines.at(-1)).toMatch(
    /^verified: 300 events, root [0-9A-Za-z+/]{43}=, origin keystore\/0123456789abcdef, sealed 2023-11-14T22:13:20\.000Z, 2 not sealed yet$/,
  );
  expect(status).toBe(0);
  expect(lines.join('\n')).not.toContain('came from the database');
  expect(contents(join(folder, 'killed'))).toEqual(before);
});

test('without a key and checkpoints it says where the key came from', () => {
  const { status, lines } = verifyAudit(killed);
  expect(status).toBe(0);
  expect(lines[0]).toBe(`The public key came from the database itself: ${key.text}`);
});

test('the first line names what is wrong, and the exit code is 1', () => {
  const file = join(folder, 'changed.db');
  {
    using database = new DatabaseSync(killed);
    database.exec(`VACUUM INTO '${file}'`);
    using copy = new DatabaseSync(file);
    copy.exec('DROP TRIGGER audit_events_are_never_changed; UPDATE audit_events SET target = NULL WHERE id = 17');
  }
  const before = readFileSync(file);
  const { status, lines, stderr } = verifyAudit(file);
  expect([status, lines[0], stderr]).toEqual([1, 'event 17: edited', '']);
  expect(readFileSync(file).equals(before)).toBe(true);
});

test('what could not be found out has the exit code 2 and prints no verdict', () => {
  writeFileSync(join(folder, 'no.db'), 'no database');
  const old = join(folder, 'old.db');
  {
    using database = new DatabaseSync(old);
    const migrations = readMigrations(join(project, 'migrations')).filter(({ name }) => name < '0011');
    applyMigrations(sqlOf(database), migrations);
  }
  for (const args of [
    ['no.db'],
    ['nowhere.db'],
    [old],
    [killed, '--checkpoints', 'nowhere'],
    [killed, '--public-key', 'nonsense'],
    [killed, '--frobnicate'],
    [],
  ]) {
    const { status, lines, stderr } = verifyAudit(...args);
    expect([args, status, lines]).toEqual([args, 2, ['']]);
    expect(stderr).not.toBe('');
  }
});
