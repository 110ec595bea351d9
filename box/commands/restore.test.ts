import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addValue, type Home, homeIn, makeHome, project, runOn, staging } from '../../testing/disk-vaults.ts';
import { oldKeys, sealOld, someUser, writeOld } from '../../testing/v06.ts';
import { currentMigration } from '../../worker/store/schema.ts';
import { checkDatabase, readKeyring } from '../data/check-database.ts';
import { copyDatabase } from '../data/copy-database.ts';
import { lockDataFolder } from '../data/lock.ts';
import { completeRestore } from '../restore/restore-journal.ts';
import { openSettings } from '../settings.ts';

let base: string;
let old: Home;
let backup: string;
let backupEnv: string;
let count = 0;

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'restore test '));
  old = await makeHome(join(base, 'old'), { mine: 'living value' });
  const other = await makeHome(join(base, 'other'), { theirs: 'restored value', second: 'two\nlines' });
  backup = join(base, 'keystore_backup_20250101_000000.db');
  backupEnv = join(base, '.env_backup_20250101_000000.txt');
  await copyDatabase(other.files.file, backup);
  writeFileSync(backupEnv, readFileSync(other.envFile));
});

afterAll(() => rmSync(base, { recursive: true, force: true }));

/** A copy of the vault for one test. */
function living(): Home {
  return copyOf(old);
}

function copyOf({ folder }: Home): Home {
  const copy = join(base, `living ${++count}`);
  cpSync(folder, copy, { recursive: true });
  return homeIn(copy);
}

function names(home: Home): string[] {
  const database = new DatabaseSync(home.files.file, { readOnly: true });
  try {
    return database
      .prepare('SELECT name FROM secrets ORDER BY id')
      .all()
      .map(({ name }) => String(name));
  } finally {
    database.close();
  }
}

/** Every file except the locks. */
function content({ folder }: Home): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((file) => join(file.parentPath, file.name)).filter((path) => !/\.lock(\/|$)/.test(path));
  return new Map(paths.map((path) => [path, readFileSync(path, 'latin1')]));
}

/** Tells restore.ts what has happened, and returns what it says to do next. */
function next(home: Home, event: string, input: string | Uint8Array = '') {
  const ran = runOn(home, ['restore.ts', 'next', event], { input });
  return { ...ran, answer: ran.code === 0 ? JSON.parse(ran.stdout.toString()) : undefined };
}

function stage(
  home: Home,
  file: string | Uint8Array = backup,
  env: string | Uint8Array | null = backupEnv,
  ...options: string[]
) {
  const { command, input } = staging(file, env ?? undefined);
  return runOn(home, [...command, ...options], { input });
}

describe('a restore', () => {
  test('replaces database and env file, keeps the old ones, and leaves nothing else', () => {
    const home = living();
    const envBefore = readFileSync(home.envFile, 'utf8');
    const staged = stage(home);
    expect(staged.output).toContain(
      `The backup is intact: 1 accounts, 2 keys (2 versions), 0 log entries; schema ${currentMigration}, key ${keyIdOf(backup)}.\n`,
    );
    expect(JSON.parse(staged.stdout.toString())).toEqual({ next: 'confirm', losses: 0 });
    expect(names(home)).toEqual(['mine']);
    const applied = next(home, 'confirmed');
    expect(applied.answer).toEqual({ next: 'start' });
    const started = next(home, 'started');
    expect([started.answer, started.output]).toEqual([{ next: 'done' }, expect.stringMatching(/A value opens/)]);
    expect(names(home)).toEqual(['theirs', 'second']);
    expect(readFileSync(home.envFile)).toEqual(readFileSync(backupEnv));
    const kept = readdirSync(home.data).find((name) => name.startsWith('before-restore')) as string;
    expect(applied.output).toContain(kept);
    expect(readFileSync(join(home.folder, `.env.${kept.replace('.db', '')}`), 'utf8')).toBe(envBefore);
    const before = new DatabaseSync(join(home.data, kept), { readOnly: true });
    expect(before.prepare('SELECT name FROM secrets').all()).toEqual([{ name: 'mine' }]);
    before.close();
    expect(readdirSync(home.data).sort()).toEqual([kept, 'v3', 'vault.json', 'vault.lock'].sort());
    for (const path of content(home).keys()) expect(statSync(path).mode & 0o077).toBe(0);
  });

  test('of a backup of 1.0.0 brings every key, in the tables of today', async () => {
    const home = living();
    const release = await makeHome(join(base, 'release'), { 'shop/prod/a': 'of 1.0.0' }, '0001_vault.sql');
    const file = join(base, 'keystore_backup_20250102_000000.db');
    await copyDatabase(release.files.file, file);
    const staged = stage(home, file, release.envFile);
    expect(staged.output).toContain(`1 keys (1 versions), 0 log entries; schema ${currentMigration}`);
    expect(next(home, 'confirmed').answer).toEqual({ next: 'start' });
    expect(next(home, 'started').output).toContain('A value opens: that of "shop/prod/a".');
    const database = new DatabaseSync(home.files.file, { readOnly: true });
    const secrets = database.prepare('SELECT name, project_id, owner_id, revision, deleted_at FROM secrets').all();
    const usage = database.prepare('SELECT secrets, trashed FROM usage').all();
    database.close();
    expect(secrets).toEqual([{ name: 'shop/prod/a', project_id: null, owner_id: 1, revision: 1, deleted_at: null }]);
    expect(usage).toEqual([{ secrets: 1, trashed: 0 }]);
  });

  test('ends every session that was live in the backup, and leaves an event in the log', async () => {
    const home = living();
    const file = harmed((it) =>
      it.exec(`INSERT INTO sessions (id, user_id, created_at, expires_at, revoked_at, address, user_agent)
        VALUES ('live', 1, 0, 9e15, NULL, '', ''), ('ended', 1, 0, 9e15, 5, '', '')`),
    );
    expect(stage(home, file).code).toBe(0);
    next(home, 'confirmed');
    const database = new DatabaseSync(home.files.file);
    const sessions = database.prepare('SELECT id, revoked_at FROM sessions ORDER BY id').all();
    const events = database.prepare('SELECT action, target, outcome, actor_id, address FROM audit_events').all();
    database.close();
    expect(sessions).toEqual([
      { id: 'ended', revoked_at: 5 },
      { id: 'live', revoked_at: expect.closeTo(Date.now(), -6) },
    ]);
    const byOperator = { outcome: 'allowed', actor_id: null, address: 'localhost' };
    expect(events).toEqual([
      { action: 'vault.restore', target: 'a backup', ...byOperator },
      { action: 'vault.seal', target: '5 records', ...byOperator },
    ]);
  });

  test('says before the question which settings, accounts and keys change, and shows no secret', () => {
    const home = living();
    const env = `${readFileSync(backupEnv, 'utf8')}HOST=0.0.0.0\nTRUSTED_PROXIES=10.0.0.1\nADMIN_PASSWORD=correct horse 7\n`;
    writeFileSync(home.envFile, `${readFileSync(home.envFile, 'utf8')}TRUSTED_PROXIES=10.9.9.9\nJWT_EXPIRY_HOURS=2\n`);
    const database = new DatabaseSync(home.files.file);
    database.exec(`UPDATE users SET is_active = 0, verifier = 'y';
      INSERT INTO users (name, likeness, verifier, role, created_at) VALUES ('new', 'new', 'x', 'user', 0)`);
    const project = `INSERT INTO projects (name, likeness, key_likeness, created_by, created_at) VALUES ('shop', 'shop', 'shop', '', 0), ('web', 'web', 'web', '', 0);
      INSERT INTO members (project_id, user_id, role, added_at, added_by) VALUES (1, 1, 'manager', 0, ''), (2, 1, 'manager', 0, '');`;
    database.exec(
      `${project} UPDATE members SET role = 'viewer' WHERE project_id = 1; DELETE FROM members WHERE project_id = 2`,
    );
    database.close();
    const { output } = stage(
      home,
      harmed((it) => it.exec(project)),
      Buffer.from(env),
    );
    for (const line of [
      'The restore ends all sessions: everybody signs in again, with the passwords that are restored.',
      'Keys that are lost, because they are not in what is restored: "mine".',
      'Keys that come back: "theirs", "second".',
      'The account "admin" is active again.',
      'The account "admin" has the password that it had then.',
      'Accounts that are lost: "new".',
      '"admin" is manager of the project "shop" again; now viewer.',
      '"admin" is manager of the project "web" again.',
      'SECRET_KEY: changes to another value',
      'ENCRYPTION_KEY: changes to another value',
      'ADMIN_PASSWORD: is set',
      'JWT_EXPIRY_HOURS: "2" -> (not set)',
      'HOST: (not set) -> "0.0.0.0"',
      'TRUSTED_PROXIES: "10.9.9.9" -> "10.0.0.1"',
    ]) {
      expect(output.split('\n').map((each) => each.trim())).toContain(line);
    }
    for (const [, secret = ''] of env.matchAll(/^(?:SECRET_KEY|ENCRYPTION_KEY|ADMIN_PASSWORD)=(.*)$/gm)) {
      expect(output).not.toContain(secret);
    }
  });

  test('removes the write-ahead log of the old database', () => {
    const home = living();
    const writer = new DatabaseSync(home.files.file);
    writer.exec(
      "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; UPDATE secrets SET description = 'in the log'",
    );
    const wal = readFileSync(`${home.files.file}-wal`);
    const main = readFileSync(home.files.file);
    writer.close();
    writeFileSync(home.files.file, main);
    writeFileSync(`${home.files.file}-wal`, wal);
    expect(stage(home).code).toBe(0);
    expect(next(home, 'confirmed').answer).toEqual({ next: 'start' });
    expect(existsSync(`${home.files.file}-wal`)).toBe(false);
    expect(names(home)).toEqual(['theirs', 'second']);
    const kept = readdirSync(home.data).find((name) => name.startsWith('before-restore')) as string;
    const before = new DatabaseSync(join(home.data, kept), { readOnly: true });
    expect(before.prepare('SELECT description FROM secrets').all()).toEqual([{ description: 'in the log' }]);
    before.close();
  });

  test('removes a write-ahead log whose database is missing or damaged', () => {
    const home = living();
    const writer = new DatabaseSync(home.files.file);
    writer.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE stale (x)');
    const wal = readFileSync(`${home.files.file}-wal`);
    writer.close();
    for (const harm of [
      () => rmSync(home.files.file),
      () => writeFileSync(home.files.file, 'garbage '.repeat(5_000)),
    ]) {
      harm();
      writeFileSync(`${home.files.file}-wal`, wal);
      expect(stage(home).code).toBe(0);
      expect(next(home, 'confirmed').answer).toEqual({ next: 'start' });
      next(home, 'started');
      expect(runOn(home, ['check.ts']).output).toMatch(/every value opens/);
      expect(names(home)).toEqual(['theirs', 'second']);
    }
  });

  test('replaces a database that is missing, damaged or empty', () => {
    for (const harm of [
      (file: string) => rmSync(file),
      (file: string) => writeFileSync(file, 'garbage '.repeat(5_000)),
      (file: string) => writeFileSync(file, ''),
    ]) {
      const home = living();
      harm(home.files.file);
      expect(stage(home).code).toBe(0);
      expect(next(home, 'confirmed').answer).toEqual({ next: 'start' });
      expect(names(home)).toEqual(['theirs', 'second']);
    }
  });

  test.each([
    ['does not start', (home: Home) => next(home, 'not-started')],
    [
      'holds a value that does not open',
      (home: Home) => {
        const database = new DatabaseSync(home.files.file);
        database.exec("UPDATE secret_versions SET token = 'x'");
        database.close();
        return next(home, 'started');
      },
    ],
  ])('is rolled back if the restored vault %s', (_, fail) => {
    for (const from of ['the copy beside the env file', 'standard input']) {
      const home = living();
      const envBefore = readFileSync(home.envFile);
      stage(home);
      next(home, 'confirmed');
      expect(names(home)).toEqual(['theirs', 'second']);
      const failed = fail(home);
      expect([failed.answer, failed.output]).toEqual([{ next: 'stop' }, expect.stringMatching(/Rolling back/)]);
      const beside = readdirSync(home.folder).find((name) => name.startsWith('.env.before-restore')) as string;
      if (from === 'standard input') rmSync(join(home.folder, beside));
      expect(next(home, 'stopped', from === 'standard input' ? envBefore : '').answer).toEqual({ next: 'start' });
      expect(names(home)).toEqual(['mine']);
      expect(readFileSync(home.envFile)).toEqual(envBefore);
      expect(next(home, 'started').answer).toEqual({ next: 'rolled-back' });
      expect(existsSync(join(home.data, 'restore'))).toBe(false);
    }
  });

  test('is never rolled back by --finish: the vault may have been in use since', () => {
    const home = living();
    stage(home);
    next(home, 'confirmed');
    const failed = runOn(home, ['restore.ts', 'next', 'not-started', '--finish']);
    expect([failed.code, failed.output]).toEqual([1, 'The vault does not start; the lines above say why.\n']);
    expect(names(home)).toEqual(['theirs', 'second']);
  });

  test('asks the host to write the env file where it cannot, and goes on once it is written', () => {
    const home = living();
    stage(home);
    // The env file is read from here, but nothing can be written beside it, as in a container.
    const mounted = { ...home, envFile: join(home.folder, 'nowhere/.env') };
    const { answer } = next(mounted, 'confirmed');
    expect(answer).toEqual({ next: 'write-env', before: expect.stringMatching(/^before-restore-\d{8}_\d{6}$/) });
    expect(next(mounted, 'interrupted').answer).toEqual(answer);
    expect(next(mounted, 'env-written').output).toMatch(/is not the env file of the restored vault yet/);
    const { stdout } = runOn(mounted, ['restore.ts', 'env']);
    expect(stdout).toEqual(readFileSync(backupEnv));
    writeFileSync(home.envFile, stdout);
    expect(next(home, 'env-written').answer).toEqual({ next: 'start' });
    expect(runOn(home, ['restore.ts', 'env']).output).toBe('No restore waits for its env file.\n');
    expect(next(home, 'started').answer).toEqual({ next: 'done' });
  });

  test('changes nothing while the vault is in use', () => {
    const home = living();
    expect(stage(home).code).toBe(0);
    const lock = lockDataFolder(home.data);
    const { answer, output } = next(home, 'confirmed');
    lock.dispose();
    expect(answer).toEqual({ next: 'unchanged' });
    expect(output).toMatch(/is in use by process/);
    expect(names(home)).toEqual(['mine']);
  });

  test('of a backup without an env file needs the keys in use to fit', () => {
    const home = living();
    const wrong = stage(home, backup, null);
    expect(wrong.code).toBe(1);
    expect(wrong.output).toContain(`sealed with the key ${keyIdOf(backup)}`);
    writeFileSync(home.envFile, readFileSync(backupEnv));
    expect(stage(home, backup, null).code).toBe(0);
    expect(next(home, 'confirmed').answer).toEqual({ next: 'start' });
    expect(names(home)).toEqual(['theirs', 'second']);
  });
});

function keyIdOf(file: string): string {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return String(database.prepare('SELECT key_id FROM instance').get()?.key_id);
  } finally {
    database.close();
  }
}

/** A backup with a change. */
function harmed(harm: (database: DatabaseSync) => void): Buffer {
  const file = join(base, `harmed ${++count}.db`);
  cpSync(backup, file);
  const database = new DatabaseSync(file);
  harm(database);
  database.close();
  return readFileSync(file);
}

describe('refuses, and changes nothing:', () => {
  const bytes = () => readFileSync(backup);
  test.each<[string, () => Uint8Array, RegExp]>([
    ['an empty file', () => Buffer.alloc(0), /neither a backup of a vault/],
    [
      'a file that is not a database',
      () => Buffer.from('not a database at all\n'.repeat(500)),
      /not an SQLite database/,
    ],
    ['a truncated file', () => bytes().subarray(0, 20_000), /damaged/],
    ['a file cut within a page', () => bytes().subarray(0, -1_000), /damaged/],
    [
      'a file with zeros in the middle',
      () => {
        const all = bytes();
        all.fill(0, 8_192, 40_960);
        return all;
      },
      /damaged|schema/,
    ],
    ['another SQLite database', () => harmed((it) => it.exec('DROP TABLE instance')), /neither a backup/],
    ['a missing table', () => harmed((it) => it.exec('DROP TABLE sessions')), /schema.*sessions/],
    ['a missing trigger', () => harmed((it) => it.exec('DROP TRIGGER audit_events_are_never_deleted')), /schema/],
    [
      'a foreign trigger',
      () => harmed((it) => it.exec('CREATE TRIGGER spy AFTER INSERT ON secrets BEGIN SELECT 1; END')),
      /schema.*spy/,
    ],
    [
      'a newer version',
      () => harmed((it) => it.exec("INSERT INTO d1_migrations (name) VALUES ('9999_later.sql')")),
      /newer version.*9999_later/,
    ],
    ['a lost canary', () => harmed((it) => it.exec('DELETE FROM instance')), /record of the sealing key is missing/],
    [
      'an altered canary',
      () => harmed((it) => it.exec("UPDATE instance SET canary = 'x'")),
      /record of the sealing key/,
    ],
    [
      'a value moved to another name',
      () =>
        harmed((it) => {
          const { token, binding } = it.prepare('SELECT * FROM secret_versions WHERE secret_id = 2').get() ?? {};
          it.prepare('UPDATE secret_versions SET token = ?, binding = ? WHERE secret_id = 1').run(
            token ?? '',
            binding ?? '',
          );
        }),
      /1 of 2 values do not open:\n.*"theirs", version 1: the value was altered, or sealed for another name/,
    ],
    [
      'an altered value',
      () => harmed((it) => it.exec("UPDATE secret_versions SET token = 'x'")),
      /2 of 2 values do not open/,
    ],
    [
      'a secret without its value',
      () => harmed((it) => it.exec('DELETE FROM secret_versions WHERE secret_id = 1')),
      /"theirs": its current version is missing/,
    ],
    [
      'rows that refer to missing rows',
      () => harmed((it) => it.exec('PRAGMA foreign_keys = OFF; DELETE FROM users')),
      /refers to a missing row/,
    ],
  ])('%s', (_, make, reason) => {
    const home = living();
    const before = content(home);
    const { code, output } = stage(home, make());
    expect(code).toBe(1);
    expect(output).toMatch(reason);
    expect(output).not.toMatch(/ {4}at /);
    expect(content(home)).toEqual(before);
    const { answer, output: said } = next(home, 'confirmed');
    expect([answer, said]).toEqual([{ next: 'unchanged' }, expect.stringMatching(/Nothing is staged/)]);
    expect(content(home)).toEqual(before);
  });

  test.each([
    [
      'the wrong ENCRYPTION_KEY',
      'SECRET_KEY=Xk3vN9qLw7Rt2Yb8Hc5Jf1Mz6Pd4Gs0A\nENCRYPTION_KEY=Ns8x1rM3l5V7mVgX0k2QJ8yq0b4T6w9Zc1D3e5F7g9U=\n',
      /fingerprint/,
    ],
    ['no ENCRYPTION_KEY', 'SECRET_KEY=Xk3vN9qLw7Rt2Yb8Hc5Jf1Mz6Pd4Gs0A\n', /ENCRYPTION_KEY is not set/],
    [
      'a weak SECRET_KEY',
      'SECRET_KEY=short\nENCRYPTION_KEY=Ns8x1rM3l5V7mVgX0k2QJ8yq0b4T6w9Zc1D3e5F7g9U=\n',
      /SECRET_KEY/,
    ],
  ])('an env file with %s', (_, env, reason) => {
    const home = living();
    const before = content(home);
    const { code, output } = stage(home, backup, Buffer.from(env));
    expect(code).toBe(1);
    expect(output).toMatch(reason);
    expect(output).not.toContain('Ns8x1rM3');
    expect(content(home)).toEqual(before);
  });

  test('an incomplete stream', () => {
    const home = living();
    const before = content(home);
    const { command, input: whole } = staging(backup);
    for (const input of ['', '1 2', whole.subarray(0, -1)]) {
      const { code, output } = runOn(home, command, { input });
      expect([code, output]).toEqual([1, expect.stringMatching(/did not arrive completely/)]);
      expect(content(home)).toEqual(before);
    }
  });

  test('values that do not open, unless --accept-damaged is given', () => {
    const home = living();
    const file = harmed((it) => it.exec("UPDATE secret_versions SET token = 'x' WHERE secret_id = 1"));
    const { code, output } = stage(home, file, backupEnv, '--accept-damaged');
    expect(code).toBe(0);
    expect(output).toMatch(/does not open: "theirs"/);
  });
});

describe('kill -9', () => {
  const hook = `--import=${join(import.meta.dirname, '../testdata/kill-at.ts')}`;

  /** Runs a step repeatedly, kills it one file system change later each time, and checks what is left. */
  function killEverywhere(from: Home, step: string[], look: (home: Home) => void): number {
    for (let at = 1; ; at++) {
      const home = copyOf(from);
      const { command, input } =
        step[0] === 'stage' ? staging(backup, backupEnv) : { command: ['restore.ts', ...step], input: '' };
      const { signal, output } = runOn(home, command, {
        node: [hook],
        env: { KILL_AT: String(at) },
        input,
      });
      look(home);
      if (signal !== 'SIGKILL') {
        expect(output).not.toMatch(/ {4}at /);
        return at;
      }
    }
  }

  /** Checks that database and env file are one of the two pairs, and that every value opens. */
  function expectPair(home: Home): string {
    const { lookup } = openSettings(project, { KEYSTORE_ENV: home.envFile });
    const database = new DatabaseSync(home.files.file);
    const { migrationsFolder } = home.files;
    const census = checkDatabase(database, readKeyring(lookup), migrationsFolder);
    database.close();
    expect(census.damaged).toEqual([]);
    const [name = ''] = names(home);
    const env = readFileSync(name === 'mine' ? old.envFile : backupEnv);
    expect(readFileSync(home.envFile).equals(env)).toBe(true);
    return name;
  }

  /** What a start does. */
  function nextStart(home: Home): void {
    completeRestore(home.files, home.envFile);
    expect(existsSync(join(home.data, 'restore/next.db'))).toBe(false);
    expect(existsSync(join(home.data, 'restore/next.env'))).toBe(false);
  }

  test('during the checks leaves the current vault unchanged', () => {
    const steps = killEverywhere(old, ['stage'], (home) => {
      expect(expectPair(home)).toBe('mine');
      completeRestore(home.files, home.envFile);
      expect(existsSync(join(home.data, 'restore'))).toBe(false);
      expect(expectPair(home)).toBe('mine');
    });
    expect(steps).toBeGreaterThan(5);
  });

  test('at any point of the swap leaves the old pair or the new one for the next start', () => {
    const staged = living();
    expect(stage(staged).code).toBe(0);
    const outcomes: string[] = [];
    const steps = killEverywhere(staged, ['next', 'confirmed'], (home) => {
      nextStart(home);
      outcomes.push(expectPair(home));
    });
    expect(steps).toBeGreaterThan(15);
    // The old pair up to some point, the new one after it.
    expect(outcomes).toEqual(outcomes.toSorted());
    expect(new Set(outcomes)).toEqual(new Set(['mine', 'theirs']));
  });

  test('at any point of finishing an interrupted swap leads to the new pair', () => {
    const committed = living();
    stage(committed);
    for (let at = 1; at < 100 && !existsSync(join(committed.data, 'restore/commit.json')); at++) {
      runOn(committed, ['restore.ts', 'next', 'confirmed'], { node: [hook], env: { KILL_AT: String(at) } });
    }
    expect(names(committed)).toEqual(['mine']);
    killEverywhere(committed, ['next', 'interrupted'], (home) => {
      nextStart(home);
      expect(expectPair(home)).toBe('theirs');
    });
  });

  test('at any point of a rollback leaves one of the two pairs, and first the restored one', () => {
    const restored = living();
    stage(restored);
    next(restored, 'confirmed');
    const outcomes: string[] = [];
    killEverywhere(restored, ['next', 'stopped'], (home) => {
      completeRestore(home.files, home.envFile);
      outcomes.push(expectPair(home));
    });
    expect(outcomes).toEqual(outcomes.toSorted((a, b) => (a < b ? 1 : -1)));
    expect(new Set(outcomes)).toEqual(new Set(['theirs', 'mine']));
  });
});

describe('moving in from v0.6', () => {
  const env = Buffer.from(
    `SECRET_KEY=${oldKeys.SECRET_KEY}\nENCRYPTION_KEY=${oldKeys.ENCRYPTION_KEY}\nFLASK_ENV=production\n`,
  );

  function oldDatabase(): string {
    const file = join(base, `keystore ${++count}.db`);
    writeOld(file, {
      users: [someUser],
      api_keys: [{ key_name: 'old', encrypted_value: sealOld('old value'), owner_id: 1, created_by: 'admin' }],
      access_log: [{ action: 'logout', user_id: 1, user_name: 'admin' }],
    });
    return file;
  }

  test('a second time changes nothing, except with --again', () => {
    const home = living();
    const file = oldDatabase();
    expect(stage(home, file, env).output).toMatch(/From v0\.6: 1 accounts, 1 keys, 1 log entries/);
    expect(next(home, 'confirmed').answer).toEqual({ next: 'start' });
    next(home, 'started');
    expect(names(home)).toEqual(['old']);
    expect(readFileSync(home.envFile)).toEqual(env);

    const work = new DatabaseSync(home.files.file);
    addValue(work, home.envFile, 'new work', 'value');
    work.close();
    const before = content(home);
    const again = stage(home, file, env);
    expect(again.output).toMatch(/This v0\.6 database has moved in already\. Nothing was changed\./);
    expect(JSON.parse(again.stdout.toString())).toEqual({ next: 'nothing' });
    expect(content(home)).toEqual(before);

    const forced = stage(home, file, env, '--again');
    expect(forced.code).toBe(0);
    expect(next(home, 'confirmed').answer).toEqual({ next: 'start' });
    expect(names(home)).toEqual(['old']);
  });

  test('is refused with a key that opens no value', () => {
    const home = living();
    const before = content(home);
    const { code, output } = stage(home, oldDatabase(), null);
    expect(code).toBe(1);
    expect(output).toMatch(/None of the 1 values opens/);
    expect(content(home)).toEqual(before);
  });

  test('10,000 keys and 100,000 log entries, in chunks, with progress', () => {
    const file = join(base, 'large.db');
    const keys = 10_000;
    const entries = 100_000;
    writeOld(file, {
      users: [someUser],
      api_keys: Array.from({ length: keys }, (_, index) => ({
        ...{ key_name: `key ${index}`, encrypted_value: sealOld(`value ${index} ${'x'.repeat(100)}`) },
        ...{ owner_id: 1, created_by: 'admin', description: 'one of many' },
      })),
      access_log: Array.from({ length: entries }, (_, index) => ({
        ...{ user_id: 1, user_name: 'admin', key_name: `key ${index % keys}`, action: 'view_key' },
        ...{ ip_address: '10.0.0.1', user_agent: 'curl/8.5', success: 1 },
      })),
    });
    const home = living();
    const { code, output } = stage(home, file, env);
    console.log(`${(statSync(file).size / 1e6).toFixed(0)} MB of v0.6:\n${output}`);
    expect(code).toBe(0);
    expect(output).toMatch(/Keys: 5000 of 10000\./);
    expect(output).toMatch(/Log: 75000 of 100000 entries\./);
    expect(output).toMatch(/Opened 9000 of 10000 values\./);
    const [, seconds, megabytes] = /took ([\d.]+) s and at most (\d+) MB/.exec(output) ?? [];
    expect(Number(seconds)).toBeLessThan(60);
    expect(Number(megabytes)).toBeLessThan(400);
    expect(next(home, 'confirmed').answer).toEqual({ next: 'start' });
    expect(names(home).length).toBe(keys);
  });
});
