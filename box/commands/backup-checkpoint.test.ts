/** The checkpoint beside a backup, and what is said of the log when an older backup is restored. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compileCache, type Home, keyringOf, makeHome, project, runOn, staging } from '../../testing/disk-vaults.ts';
import { addEvents, beginLog } from '../../testing/sealed-log.ts';
import { sealLog } from '../audit/seal-log.ts';

let folder: string;
let home: Home;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'backup-checkpoint-'));
  home = await makeHome(join(folder, 'home'), { first: 'one' });
  using database = new DatabaseSync(home.files.file);
  await beginLog(database, keyringOf(home.envFile));
  addEvents(database, 20);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function backups(): string {
  return join(folder, 'backups');
}

function script(name: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(join(project, 'HelperScripts', name), ['--local', ...args], {
    encoding: 'utf8',
    env: {
      ...compileCache,
      PATH: process.env.PATH,
      KEYSTORE_ENV: home.envFile,
      KEYSTORE_DATA: home.data,
      KEYSTORE_BACKUPS: backups(),
    },
  });
  return { status, stdout, stderr };
}

function filesOf(ending: string): string[] {
  return readdirSync(backups())
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(backups(), name));
}

test('beside a backup is a checkpoint of every event in it, and a later log continues it', async () => {
  const { status, stdout, stderr } = script('backup-data.sh');
  expect([status, stderr]).toEqual([0, '']);
  const [[backup = ''], [checkpoint = '']] = [filesOf('.db'), filesOf('.checkpoint')];
  expect(checkpoint).toBe(backup.replace(/\.db$/, '.checkpoint'));
  expect(stdout).toContain(`and   ${checkpoint}\nChecked: 1 accounts, 1 keys`);
  expect(script('verify-audit.sh', backup, '--checkpoints', checkpoint)).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/verified: 20 events, .*, 0 not sealed yet\n$/),
  });
  using database = new DatabaseSync(home.files.file);
  // The vault itself goes on as it was, and seals the same tree.
  expect(database.prepare('SELECT size FROM log_tree').get()).toEqual({ size: 0 });
  addEvents(database, 5);
  await sealLog(database, keyringOf(home.envFile), Date.now());
  database.close();
  expect(script('verify-audit.sh', home.files.file, '--checkpoints', backups()).stdout).toMatch(/verified: 25 events/);
  expect(script('check-data.sh').stdout).toMatch(/Log +25 entries.*\n +25 sealed and verified, 0 not sealed yet/);
});

test('who restores it is told that the log goes back, and that checkpoints of later will not fit', () => {
  const [backup = ''] = filesOf('.db');
  const { command, input } = staging(backup);
  const { output } = runOn(home, command, { input });
  expect(output).toContain('The log goes back to event 20: the events after it, up to 25,');
  expect(output).toContain('Checkpoints of more than 20 events that were kept outside will not fit the log any more');
});

test('a log that was changed is named by backup and check, and the backup is made all the same', () => {
  using database = new DatabaseSync(home.files.file);
  database.exec(
    `DROP TRIGGER audit_events_are_never_changed; UPDATE audit_events SET target = 'X' WHERE id = 3;
     CREATE TRIGGER audit_events_are_never_changed BEFORE UPDATE ON audit_events
     BEGIN
       SELECT RAISE(ABORT, 'audit events are append-only');
     END`,
  );
  database.close();
  const made = script('backup-data.sh');
  expect(made.status).toBe(0);
  expect(made.stderr).toContain('The log in the backup does not verify: event 3: edited.');
  const checked = script('check-data.sh');
  expect(checked.status).toBe(1);
  expect(checked.stdout).toContain('event 3: edited');
});
