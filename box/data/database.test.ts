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
import { holdsVault, isNewVault, locateVault, markVault, migrate, openDatabase, type Vault } from './database.ts';
import { lockDataFolder } from './lock.ts';

const fixture = join(import.meta.dirname, '../testdata/vault');
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** The fixture project with a data folder that is empty. */
function emptyVault(): { project: string; vault: Vault } {
  const project = mkdtempSync(join(tmpdir(), 'database test '));
  folders.push(project);
  cpSync(fixture, project, { recursive: true });
  const folder = join(project, 'data');
  mkdirSync(folder);
  return { project, vault: locateVault(project, folder) };
}

/** A vault that has been up and holds a note. */
async function usedVault() {
  const made = emptyVault();
  const database = openDatabase(made.vault);
  await migrate(made.vault, database);
  database.exec("INSERT INTO notes VALUES ('kept')");
  database.close();
  markVault(made.vault);
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

test('a new vault is migrated from nothing, and marked when it has been up', async () => {
  const { vault } = emptyVault();
  expect(holdsVault(vault)).toBe(false);
  const database = openDatabase(vault);
  expect(isNewVault(vault, database)).toBe(true);
  expect(await migrate(vault, database)).toEqual({ applied: 2, copy: undefined });
  expect(isNewVault(vault, database)).toBe(true);
  database.exec("INSERT INTO users VALUES ('admin')");
  expect(isNewVault(vault, database)).toBe(false);
  expect(() => database.exec('DELETE FROM notes')).not.toThrow();
  database.close();
  expect(holdsVault(vault)).toBe(true);
  markVault(vault);
  const marker = readFileSync(vault.marker, 'utf8');
  markVault(vault);
  expect(readFileSync(vault.marker, 'utf8')).toBe(marker);
});

test('wrangler keeps its database in the same place, and finds nothing left to apply', async () => {
  const { project, vault } = await usedVault();
  const where = ['--local', '--persist-to', vault.folder];
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

test('what wrangler has applied is not applied again', async () => {
  const { project, vault } = emptyVault();
  wrangler(project, 'd1', 'migrations', 'apply', 'keystore', '--local', '--persist-to', vault.folder);
  const database = openDatabase(vault);
  expect(await migrate(vault, database)).toEqual({ applied: 0, copy: undefined });
  database.close();
});

test('an upgrade keeps a copy of what was there', async () => {
  const { vault } = await usedVault();
  writeFileSync(join(vault.migrationsFolder, '0003_more.sql'), 'ALTER TABLE notes ADD COLUMN more TEXT;');
  const database = openDatabase(vault);
  const { applied, copy = '' } = await migrate(vault, database);
  database.close();
  expect(applied).toBe(1);
  expect(copy).toBe(join(vault.folder, 'before-upgrade-0003_more.db'));
  expect(statSync(copy).mode & 0o777).toBe(0o600);
  const kept = new DatabaseSync(copy, { readOnly: true });
  expect(kept.prepare('SELECT * FROM notes').all()).toEqual([{ text: 'kept' }]);
  kept.close();
});

test('a migration that fails leaves nothing of itself, and those before it stay', async () => {
  const { vault } = await usedVault();
  writeFileSync(join(vault.migrationsFolder, '0003_good.sql'), 'CREATE TABLE good (x);');
  writeFileSync(join(vault.migrationsFolder, '0004_bad.sql'), 'CREATE TABLE half (x); CREATE TABLE notes (x);');
  const database = openDatabase(vault);
  await expect(migrate(vault, database)).rejects.toThrow(
    /0004_bad\.sql failed and was undone.*notes.*before-upgrade-0003_good/,
  );
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE name IN ('good', 'half')").all();
  expect(tables).toEqual([{ name: 'good' }]);
  database.close();
});

test('a database of a newer version is refused as it is', async () => {
  const { vault } = await usedVault();
  rmSync(join(vault.migrationsFolder, '0002_users.sql'));
  const database = openDatabase(vault);
  await expect(migrate(vault, database)).rejects.toThrow(/newer version.*0002_users\.sql/);
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
])('a used vault whose database %s is refused as it is', async (reason, harm) => {
  const { vault } = await usedVault();
  harm(vault.file);
  const before = existsSync(vault.file) ? readFileSync(vault.file) : undefined;
  expect(() => openDatabase(vault)).toThrow(new RegExp(`(${reason}).*restore-data\\.sh`));
  expect(existsSync(vault.file) ? readFileSync(vault.file) : undefined).toEqual(before);
  expect(readdirSync(dirname(vault.file)).filter((name) => name !== vault.file.split('/').pop())).toEqual([]);
});

test('a first start that was cut off before anything was written begins again', async () => {
  const { vault } = emptyVault();
  mkdirSync(dirname(vault.file), { recursive: true });
  writeFileSync(vault.file, '');
  expect(holdsVault(vault)).toBe(false);
  const database = openDatabase(vault);
  expect((await migrate(vault, database)).applied).toBe(2);
  database.close();
});

test('a database that another connection has open is refused', async () => {
  const { vault } = await usedVault();
  const other = new DatabaseSync(vault.file);
  other.exec('PRAGMA journal_mode = WAL; BEGIN; SELECT * FROM notes');
  expect(() => openDatabase(vault)).toThrow(/in use by another process/);
  other.close();
  openDatabase(vault).close();
});

test('a data folder is held once, and let go of', () => {
  const { vault } = emptyVault();
  const unlock = lockDataFolder(vault.folder);
  expect(() => lockDataFolder(vault.folder)).toThrow(new RegExp(`in use by process ${process.pid} `));
  unlock();
  lockDataFolder(vault.folder)();
});
