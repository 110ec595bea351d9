import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test } from 'vitest';
import { holdsVault, isNewVault, locateFiles, markVault, migrate, openDatabase, type VaultFiles } from './database.ts';
import { lockDataFolder } from './lock.ts';

const fixture = join(import.meta.dirname, '../testdata/vault');
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** The fixture project with a data folder that is empty. */
function emptyVault(): { project: string; files: VaultFiles } {
  const project = mkdtempSync(join(tmpdir(), 'database test '));
  folders.push(project);
  cpSync(fixture, project, { recursive: true });
  const folder = join(project, 'data');
  mkdirSync(folder);
  return { project, files: locateFiles(project, folder) };
}

/** A vault that has been up and holds a note. */
async function usedVault() {
  const made = emptyVault();
  const database = openDatabase(made.files);
  await migrate(made.files, database);
  database.exec("INSERT INTO notes VALUES ('kept')");
  database.close();
  markVault(made.files);
  return made;
}

function wrangler(project: string, ...args: string[]): string {
  const cli = createRequire(import.meta.url).resolve('wrangler');
  const env = {
    PATH: process.env.PATH,
    HOME: project,
    CI: 'true',
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_LOG_PATH: project,
  };
  return execFileSync(process.execPath, [cli, ...args], { cwd: project, env, encoding: 'utf8' });
}

test('a new vault gets all migrations, and its marker when it has been up', async () => {
  const { files } = emptyVault();
  expect(holdsVault(files)).toBe(false);
  const database = openDatabase(files);
  expect(isNewVault(files, database)).toBe(true);
  expect(await migrate(files, database)).toEqual({ applied: 2, copy: undefined });
  expect(isNewVault(files, database)).toBe(true);
  database.exec("INSERT INTO users VALUES ('admin')");
  expect(isNewVault(files, database)).toBe(false);
  expect(() => database.exec('DELETE FROM notes')).not.toThrow();
  database.close();
  expect(holdsVault(files)).toBe(true);
  markVault(files);
  const marker = readFileSync(files.marker, 'utf8');
  markVault(files);
  expect(readFileSync(files.marker, 'utf8')).toBe(marker);
});

test('wrangler uses the same database file, and finds no migration left to apply', async () => {
  const { project, files } = await usedVault();
  const where = ['--local', '--persist-to', files.folder];
  expect(wrangler(project, 'd1', 'migrations', 'list', 'keystore', ...where)).toMatch(/No migrations to apply/);
  const rows = wrangler(
    project,
    'd1',
    'execute',
    'keystore',
    ...where,
    '--json',
    '--command',
    'SELECT text FROM notes',
  );
  expect(JSON.parse(rows)[0].results).toEqual([{ text: 'kept' }]);
});

test('a migration that wrangler has applied is not applied again', async () => {
  const { project, files } = emptyVault();
  wrangler(project, 'd1', 'migrations', 'apply', 'keystore', '--local', '--persist-to', files.folder);
  const database = openDatabase(files);
  expect(await migrate(files, database)).toEqual({ applied: 0, copy: undefined });
  database.close();
});

test('an upgrade keeps a copy of the database as it was', async () => {
  const { files } = await usedVault();
  writeFileSync(join(files.migrationsFolder, '0003_more.sql'), 'ALTER TABLE notes ADD COLUMN more TEXT;');
  const database = openDatabase(files);
  const { applied, copy = '' } = await migrate(files, database);
  database.close();
  expect(applied).toBe(1);
  expect(copy).toBe(join(files.folder, 'before-upgrade-0003_more.db'));
  expect(statSync(copy).mode & 0o777).toBe(0o600);
  const kept = new DatabaseSync(copy, { readOnly: true });
  expect(kept.prepare('SELECT * FROM notes').all()).toEqual([{ text: 'kept' }]);
  kept.close();
});

test('a failed migration is rolled back, and those before it stay', async () => {
  const { files } = await usedVault();
  writeFileSync(join(files.migrationsFolder, '0003_good.sql'), 'CREATE TABLE good (x);');
  writeFileSync(join(files.migrationsFolder, '0004_bad.sql'), 'CREATE TABLE half (x); CREATE TABLE notes (x);');
  const database = openDatabase(files);
  await expect(migrate(files, database)).rejects.toThrow(
    /0004_bad\.sql failed and was rolled back.*notes.*before-upgrade-0003_good/,
  );
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE name IN ('good', 'half')").all();
  expect(tables).toEqual([{ name: 'good' }]);
  database.close();
});

test('a database of a newer version is refused and not changed', async () => {
  const { files } = await usedVault();
  rmSync(join(files.migrationsFolder, '0002_users.sql'));
  const database = openDatabase(files);
  await expect(migrate(files, database)).rejects.toThrow(/newer version.*0002_users\.sql/);
  database.close();
});

test.each<[string, (file: string) => void]>([
  ['is missing', (file) => rmSync(file)],
  ['is empty', (file) => writeFileSync(file, '')],
  ['cannot be read', (file) => writeFileSync(file, 'no database '.repeat(1_000))],
  ['cannot be read|is damaged', (file) => writeFileSync(file, readFileSync(file).subarray(0, 5_000))],
  ['cannot be read|is damaged', (file) => writeFileSync(file, readFileSync(file).fill(7, 4_096, 8_192))],
  [
    'not a vault',
    (file) => {
      rmSync(file);
      new DatabaseSync(file).exec('CREATE TABLE other (x)');
    },
  ],
  [
    'not a vault',
    (file) => {
      rmSync(file);
      new DatabaseSync(file).exec('PRAGMA user_version = 1');
    },
  ],
])('a used vault whose database %s is refused and not changed', async (reason, harm) => {
  const { files } = await usedVault();
  harm(files.file);
  const before = existsSync(files.file) ? readFileSync(files.file) : undefined;
  expect(() => openDatabase(files)).toThrow(new RegExp(`(${reason}).*restore-data\\.sh`));
  expect(existsSync(files.file) ? readFileSync(files.file) : undefined).toEqual(before);
  expect(readdirSync(dirname(files.file)).filter((name) => name !== files.file.split('/').pop())).toEqual([]);
});

test('a first start that was interrupted before it wrote anything can be repeated', async () => {
  const { files } = emptyVault();
  mkdirSync(dirname(files.file), { recursive: true });
  writeFileSync(files.file, '');
  expect(holdsVault(files)).toBe(false);
  const database = openDatabase(files);
  expect((await migrate(files, database)).applied).toBe(2);
  database.close();
});

test('a database that another connection has open is refused', async () => {
  const { files } = await usedVault();
  const other = new DatabaseSync(files.file);
  other.exec('PRAGMA journal_mode = WAL; BEGIN; SELECT * FROM notes');
  expect(() => openDatabase(files)).toThrow(/in use by another process/);
  other.close();
  openDatabase(files).close();
});

test('a data folder is locked by one process, until it is unlocked', () => {
  const { files } = emptyVault();
  const lock = lockDataFolder(files.folder);
  expect(() => lockDataFolder(files.folder)).toThrow(new RegExp(`in use by process ${process.pid} `));
  lock.dispose();
  lockDataFolder(files.folder).dispose();
});
