/** HelperScripts/backup-data.sh and restore-data.sh on a vault without Docker: names, --keep, and what becomes of `.env`. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { compileCache, type Home, makeHome, project } from '../../testing/disk-vaults.ts';

let base: string;
let home: Home;
let backups: string;
let count = 0;

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'backup data '));
  home = await makeHome(join(base, 'home'), { first: 'one' });
});

afterAll(() => rmSync(base, { recursive: true, force: true }));

beforeEach(() => {
  backups = join(base, `-backups ${++count}`);
});

function environment(more: Record<string, string> = {}): Record<string, string> {
  return {
    ...compileCache,
    PATH: process.env.PATH ?? '',
    KEYSTORE_DATA: home.data,
    KEYSTORE_ENV: home.envFile,
    KEYSTORE_BACKUPS: backups,
    ...more,
  };
}

function script(name: string, args: string[], env: Record<string, string> = {}) {
  const file = join(project, 'HelperScripts', name);
  const { status, stdout, stderr } = spawnSync('bash', [file, '--local', ...args], {
    env: environment(env),
    cwd: base,
    encoding: 'utf8',
  });
  return { code: status, output: stdout + stderr };
}

/** Makes a backup and returns the name of its database. */
function backUp(args: string[] = [], env: Record<string, string> = {}): string {
  const { code, output } = script('backup-data.sh', args, env);
  expect(code, output).toBe(0);
  return /^Wrote .*\/(keystore_backup_\S+\.db)$/m.exec(output)?.[1] ?? '';
}

function databases(): string[] {
  return readdirSync(backups).filter((name) => name.startsWith('keystore_backup_'));
}

/** A PATH whose `date` prints another time, given as `date -d` reads it. */
function clockAt(time: string): { PATH: string } {
  const folder = join(base, `clock ${++count}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'date'), `#!/bin/sh\nexec /bin/date -d '${time}' "$@"\n`, { mode: 0o755 });
  return { PATH: `${folder}:${process.env.PATH}` };
}

test('a backup is named after the time in UTC, in every time zone', () => {
  const names = ['Pacific/Kiritimati', 'America/Los_Angeles', 'UTC'].map((TZ) =>
    backUp([], { TZ, ...clockAt('2026-10-25T00:30:00Z') }),
  );
  expect(names).toEqual([
    'keystore_backup_20261025T003000Z.db',
    'keystore_backup_20261025T003000Z_2.db',
    'keystore_backup_20261025T003000Z_3.db',
  ]);
  expect(readdirSync(backups)).toContain('.env_backup_20261025T003000Z_3.txt');
});

test.each<[string, (() => Record<string, string>)[]]>([
  [
    'two time zones, the later one in the west',
    [() => ({ TZ: 'Pacific/Kiritimati' }), () => ({ TZ: 'Pacific/Honolulu' })],
  ],
  ['a clock that was ahead', [() => clockAt('+3 days'), () => ({})]],
  ['a clock that was put back', [() => ({}), () => clockAt('-3 days')]],
])('--keep 1 keeps the backup that it has just made: %s', (_, environments) => {
  const names = environments.map((make) => backUp(['--keep', '1'], make()));
  expect(databases()).toEqual([names.at(-1)]);
  expect(readdirSync(backups).length).toBe(2);
});

test('--keep 1 keeps the backup that it has just made, whatever the others are named and dated', () => {
  mkdirSync(backups);
  const others = ['20991231_235959', '20261025_023000', '19700101_000000', '20991231T235959Z', '20991231T235959Z_2'];
  for (const [index, stamp] of others.entries()) {
    const file = join(backups, `keystore_backup_${stamp}.db`);
    writeFileSync(file, 'x');
    writeFileSync(join(backups, `.env_backup_${stamp}.txt`), 'x');
    const future = Date.now() / 1000 + 86_400 * index;
    utimesSync(file, future, future);
  }
  const made = backUp(['--keep', '1']);
  expect(databases()).toEqual([made]);
  expect(readdirSync(backups).length).toBe(2);
});

test('--keep N keeps the newest by the time at which they were written, also after a clock was ahead', () => {
  const [first, ahead, third] = [backUp(), backUp([], clockAt('+1 day')), backUp([], clockAt('-1 day'))];
  const file = (name = '') => join(backups, name);
  // What the wrong clock left behind: a file from tomorrow.
  utimesSync(file(ahead), Date.now() / 1000 + 86_400, Date.now() / 1000 + 86_400);
  const fourth = backUp(['--keep', '4']);
  expect(databases().length).toBe(4);
  expect(statSync(file(ahead)).mtimeMs).toBeLessThan(Date.now() + 1);
  const old = Date.now() / 1000 - 1_000;
  for (const name of [first, ahead]) utimesSync(file(name), old, old);
  const fifth = backUp(['--keep', '3']);
  expect(databases().toSorted()).toEqual([third, fourth, fifth].toSorted());
});

test('--keep leaves everything else in the folder alone', () => {
  backUp();
  const mine = [
    ...['keystore_backup_january2_before.db', 'keystore_backup_20250101_000000.db.old', 'notes.txt', '-rf'],
    ...['keystore_backup_20250101_000000 copy.db', 'keystore_backup_20250101T000000Z_.db', '.env_backup_mine.txt'],
  ];
  for (const name of mine) writeFileSync(join(backups, name), 'x');
  mkdirSync(join(backups, 'keystore_backup_20250102_000000.db'));
  writeFileSync(join(base, 'elsewhere.db'), 'x');
  symlinkSync(join(base, 'elsewhere.db'), join(backups, 'keystore_backup_20250103_000000.db'));
  const others = readdirSync(backups).filter((name) => !/Z\.(db|txt)$/.test(name));
  const made = backUp(['--keep', '1']);
  const env = made.replace('keystore_backup_', '.env_backup_').replace('.db', '.txt');
  expect(readdirSync(backups).toSorted()).toEqual([...others, made, env].toSorted());
});

test('--keep with anything but a number from 1 is refused before a backup is made', () => {
  for (const keep of ['0', '-1', '', 'all', '1.5', '01', '1e3', '99999999']) {
    expect(script('backup-data.sh', ['--keep', keep])).toEqual({
      code: 1,
      output: '--keep needs a number from 1, as in: --keep 14\n',
    });
  }
  expect(script('backup-data.sh', ['--keep']).code).toBe(1);
  expect(existsSync(backups)).toBe(false);
});

test('a folder for backups that is a link is pruned as well', () => {
  const target = join(base, 'behind a link');
  mkdirSync(target);
  symlinkSync(target, backups);
  backUp();
  const made = backUp(['--keep', '1']);
  expect(databases()).toEqual([made]);
});

test('backups that are made in the same second do not overwrite each other', async () => {
  const clock = clockAt('2026-11-25T20:45:01Z');
  const running = Array.from({ length: 3 }, () =>
    spawn('bash', [join(project, 'HelperScripts/backup-data.sh'), '--local'], {
      env: environment(clock),
      stdio: 'ignore',
    }),
  );
  const codes = await Promise.all(running.map(async (child) => (await once(child, 'close'))[0]));
  expect(codes).toEqual([0, 0, 0]);
  expect(readdirSync(backups).length).toBe(6);
});

test('a date program that prints something else is refused, and no backup is made', () => {
  const folder = join(base, `clock ${++count}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'date'), '#!/bin/sh\necho ../../x\n', { mode: 0o755 });
  const { code, output } = script('backup-data.sh', [], { PATH: `${folder}:${process.env.PATH}` });
  expect([code, output]).toEqual([1, 'The program date does not print the time. No backup was made.\n']);
  expect(readdirSync(backups)).toEqual([]);
});
