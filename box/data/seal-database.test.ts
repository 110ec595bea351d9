/** A vault from before there were seals on this machine: sealed once, and never again once REQUIRE_SEALS says that it was. */
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { requireSealsLines } from '../../core/settings/require-seals.ts';
import { type Home, homeIn, keyringOf, makeHome, runOn, staging, unseal } from '../../testing/disk-vaults.ts';
import { someUser, writeOld } from '../../testing/v06.ts';
import { checkSeals } from './check-seals.ts';
import { sealDatabase } from './seal-database.ts';

let base: string;
let first: Home;
let home: Home;
let count = 0;

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'seal database '));
  // As 1.0.0 left it.
  first = await makeHome(join(base, 'first'), { mine: 'a value', other: 'another' }, '0001_vault.sql');
});
afterAll(() => rmSync(base, { recursive: true }));
beforeEach(() => {
  home = copyOf(first);
});

function copyOf({ folder }: Home): Home {
  const copy = join(base, `copy ${++count}`);
  cpSync(folder, copy, { recursive: true });
  return homeIn(copy);
}

function onFile<Result>(work: (database: DatabaseSync) => Result): Result {
  using database = new DatabaseSync(home.files.file);
  return work(database);
}

function seals() {
  return onFile((database) => checkSeals(database, keyringOf(home.envFile)));
}

function requireSeals(): void {
  appendFileSync(home.envFile, requireSealsLines);
}

function prepare() {
  return runOn(home, ['prepare.ts']);
}

function check() {
  return runOn(home, ['check.ts']);
}

test('a start seals a vault of 1.0.0 once, and the log says so', () => {
  expect(prepare()).toMatchObject({ code: 0, output: expect.stringMatching(/Sealed the 5 records of this vault\./) });
  expect(seals()).toEqual({ rowsAreSealed: true, sealedRows: 5, brokenSeals: [] });
  expect(onFile((database) => database.prepare('SELECT action, target, actor_id FROM audit_events').all())).toEqual([
    { action: 'vault.seal', target: '5 records', actor_id: null },
  ]);
  requireSeals();
  expect(prepare()).toMatchObject({ code: 0, output: '' });
  expect(check()).toMatchObject({ code: 0, output: expect.stringMatching(/Seals +5 records, every seal holds/) });
});

describe('with REQUIRE_SEALS a start refuses, and changes nothing', () => {
  /** Makes the vault, and then what somebody with its folder makes of it. */
  const attacks: [string, RegExp, () => void][] = [
    ['the database of before the upgrade', /never sealed/, () => cpSync(first.files.file, home.files.file)],
    [
      'the record of before, over rows that were changed',
      /never sealed/,
      () =>
        onFile((database) => {
          unseal(database, keyringOf(home.envFile));
          database.exec("UPDATE users SET verifier = 'known'");
        }),
    ],
    [
      'a database without rows, and no marker',
      /no vault in/,
      () => {
        onFile((database) => database.exec('DELETE FROM instance; DELETE FROM secrets; DELETE FROM users'));
        rmSync(home.files.marker);
      },
    ],
    [
      'an empty folder',
      /no vault in .*To begin a new vault, remove REQUIRE_SEALS/,
      () => rmSync(home.data, { recursive: true }),
    ],
    ['a database of v0.6, with an account of theirs and what they have taken out', /no vault in/, putOldInPlace],
  ];

  test.each(attacks)('%s', (_, message, attack) => {
    prepare();
    requireSeals();
    attack();
    const before = filesOf(home);
    expect(prepare()).toMatchObject({ code: 1, output: expect.stringMatching(message) });
    expect(filesOf(home)).toEqual(before);
  });
});

function filesOf({ files, envFile }: Home): string[] {
  return [files.file, envFile].map((file) => {
    try {
      return readFileSync(file, 'latin1');
    } catch {
      return '';
    }
  });
}

/** Values are Fernet tokens as those of v0.6, which moving in gives to whom that database names. */
function putOldInPlace(): void {
  const values = onFile((database) => database.prepare('SELECT token FROM secret_versions').all());
  rmSync(home.data, { recursive: true });
  mkdirSync(home.data);
  writeOld(join(home.data, 'keystore.db'), {
    users: [{ ...someUser, id: 1 }],
    api_keys: values.map(({ token }, index) => ({
      key_name: `theirs ${index}`,
      encrypted_value: String(token),
      owner_id: 1,
    })),
  });
}

test('without REQUIRE_SEALS, values that somebody has put into a database of v0.6 move in as those of theirs', () => {
  prepare();
  putOldInPlace();
  expect(prepare()).toMatchObject({ code: 0, output: expect.stringMatching(/1 accounts, 2 keys[\s\S]*Moved in/) });
  expect(seals()).toMatchObject({ rowsAreSealed: true, brokenSeals: [] });
});

test('sealing that was interrupted is no damage, and what was forged meanwhile is', () => {
  prepare();
  onFile((database) => {
    unseal(database, keyringOf(home.envFile));
    database.exec('UPDATE users SET seal = (SELECT seal FROM users)');
    const other = copyOf(home);
    runOn(other, ['prepare.ts']);
    using sealed = new DatabaseSync(other.files.file);
    database.prepare('UPDATE users SET seal = ?').run(String(sealed.prepare('SELECT seal FROM users').get()?.seal));
  });
  expect(check()).toMatchObject({
    code: 0,
    output: expect.stringMatching(
      /sealing has begun and is not finished: 1 records, every seal holds\. Start the vault/,
    ),
  });
  onFile((database) => database.exec("UPDATE users SET name = 'forged'"));
  expect(check()).toMatchObject({
    code: 1,
    output: expect.stringMatching(/not finished.*NOT HOLDING: 1[\s\S]*user forged/),
  });
  expect(prepare().code).toBe(0);
  expect(seals().brokenSeals).toEqual(['user forged']);
});

test('with REQUIRE_SEALS the record of before is a fault that check-data.sh names', () => {
  prepare();
  requireSeals();
  onFile((database) => unseal(database, keyringOf(home.envFile)));
  expect(check()).toMatchObject({
    code: 1,
    output: expect.stringMatching(/seal does not hold: the record of the vault, .*REQUIRE_SEALS/),
  });
  expect(runOn(home, ['reset-admin.ts'], { input: 'correct horse battery\n' })).toMatchObject({
    code: 1,
    output: expect.stringMatching(/never sealed/),
  });
});

test('a retired key that the vault is still under seals, and the primary one takes over at the next start', () => {
  prepare();
  const [, key] = /^ENCRYPTION_KEY=(.*)$/m.exec(readFileSync(home.envFile, 'utf8')) ?? [];
  onFile((database) => unseal(database, keyringOf(home.envFile)));
  appendFileSync(
    home.envFile,
    `ENCRYPTION_KEY=SrT0pRHjO1WzUprT5L2Lm0PczbqJBCMOLg6kGEo5NsI=\nRETIRED_ENCRYPTION_KEYS=${key}\n`,
  );
  onFile((database) => {
    const keyring = keyringOf(home.envFile);
    expect(sealDatabase(database, keyring, 1)).toBe(5);
    expect(sealDatabase(database, keyring, 1)).toBeNull();
  });
  expect(seals()).toEqual({ rowsAreSealed: true, sealedRows: 5, brokenSeals: [] });
});

describe('a restore into a vault with REQUIRE_SEALS', () => {
  function restore(file: string, env?: string) {
    const { command, input } = staging(file, env);
    const staged = runOn(home, command, { input });
    if (staged.code !== 0) return staged;
    const applied = runOn(home, ['restore.ts', 'next', 'confirmed']);
    return { ...applied, output: staged.output + applied.output };
  }

  test('of a backup of 1.0.0 seals it, says so, and keeps REQUIRE_SEALS over the env file of the backup', () => {
    prepare();
    const sealedEnv = `${readFileSync(home.envFile, 'utf8')}${requireSealsLines}`;
    writeFileSync(home.envFile, sealedEnv);
    const restored = restore(first.files.file, first.envFile);
    expect(restored).toMatchObject({
      code: 0,
      output: expect.stringMatching(/before records had seals\. Its 5 records are sealed as found/),
    });
    expect(restored.output).not.toMatch(/REQUIRE_SEALS/);
    expect(readFileSync(home.envFile, 'utf8')).toBe(sealedEnv);
    expect(seals()).toEqual({ rowsAreSealed: true, sealedRows: 5, brokenSeals: [] });
    expect(prepare()).toMatchObject({ code: 0, output: '' });
  });

  test('of a backup with seals leaves them as they are, and adds no word about them', () => {
    prepare();
    const backup = copyOf(home);
    requireSeals();
    const { code, output } = restore(backup.files.file, backup.envFile);
    expect([code, output]).toEqual([0, expect.not.stringMatching(/sealed as found|REQUIRE_SEALS/)]);
    expect(readFileSync(home.envFile, 'utf8')).toMatch(/^REQUIRE_SEALS=true$/m);
    expect(seals().brokenSeals).toEqual([]);
  });

  test('that somebody has staged in the data folder does not take REQUIRE_SEALS away', () => {
    prepare();
    requireSeals();
    const journal = join(home.data, 'restore');
    cpSync(first.data, journal, { recursive: true });
    cpSync(first.files.file, join(journal, 'next.db'));
    writeFileSync(join(journal, 'next.env'), `${readFileSync(first.envFile, 'utf8')}REQUIRE_SEALS=false\n`);
    const commit = { before: 'before-restore-x', retire: null, kept: false, isRollback: false };
    writeFileSync(join(journal, 'commit.json'), JSON.stringify(commit));
    expect(prepare()).toMatchObject({ code: 1, output: expect.stringMatching(/never sealed/) });
    expect(prepare()).toMatchObject({ code: 1, output: expect.stringMatching(/never sealed/) });
  });
});
