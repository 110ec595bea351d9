import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Home, homeIn, makeHome, type Ran, runOn, staging } from '../../testing/disk-vaults.ts';
import { oldKeys, sealOld, someUser, writeOld } from '../../testing/v06.ts';
import { copyDatabase } from '../data/copy-database.ts';
import { lockDataFolder } from '../data/lock.ts';

let base: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'prepare test '));
});

afterEach(() => rmSync(base, { recursive: true, force: true }));

function prepare(home: Home): Ran {
  return runOn(home, ['prepare.ts']);
}

function names({ files }: Home): unknown[] {
  const database = new DatabaseSync(files.file, { readOnly: true });
  try {
    return database
      .prepare('SELECT name FROM secrets ORDER BY id')
      .all()
      .map(({ name }) => name);
  } finally {
    database.close();
  }
}

test('names an address from which the sign-ins of many accounts have failed', async () => {
  const home = await makeHome(join(base, 'home'), {});
  using database = new DatabaseSync(home.files.file);
  const failed = database.prepare(
    `INSERT INTO audit_events (at, request_id, actor_name, action, outcome, reason, address, user_agent)
    VALUES (?, 'r', ?, 'session.create', 'unauthenticated', 'wrong_password', ?, '')`,
  );
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    for (const address of ['172.18.0.3', '203.0.113.1']) failed.run(Date.now(), name, address);
  }
  const { code, output } = prepare(home);
  expect(code, output).toBe(0);
  expect(output).toMatch(/failed from 172\.18\.0\.3\. .*TRUSTED_PROXIES=172\.18\.0\.3/);
  expect(output).not.toContain('203.0.113.1');
});

function emptyHome(): Home {
  const home = homeIn(join(base, 'home'));
  mkdirSync(home.data, { recursive: true });
  writeFileSync(home.envFile, `SECRET_KEY=${oldKeys.SECRET_KEY}\nENCRYPTION_KEY=${oldKeys.ENCRYPTION_KEY}\n`);
  return home;
}

describe('before a start', () => {
  test('a new folder gets its database and is unlocked; the second time nothing changes', () => {
    const home = emptyHome();
    const first = prepare(home);
    expect([first.code, first.output]).toEqual([0, expect.stringMatching(/^Applied \d+ migrations? to .*\.\n$/)]);
    // Only a start writes the marker.
    expect(existsSync(home.files.marker)).toBe(false);
    lockDataFolder(home.data).dispose();
    expect(prepare(home)).toMatchObject({ code: 0, output: '' });
  });

  test('a database of v0.6 moves in', () => {
    const home = emptyHome();
    writeOld(join(home.data, 'keystore.db'), {
      users: [someUser],
      api_keys: [{ key_name: 'old', encrypted_value: sealOld('old value'), owner_id: 1, created_by: 'admin' }],
    });
    const { code, output } = prepare(home);
    expect([code, output]).toEqual([0, expect.stringMatching(/From v0\.6: 1 accounts, 1 keys/)]);
    expect(names(home)).toEqual(['old']);
    expect(readdirSync(home.data)).toContain('keystore.v06.db');
  });

  test('a folder in use is not changed', async () => {
    const home = await makeHome(join(base, 'home'), { mine: 'value' });
    const lock = lockDataFolder(home.data);
    const { code, output } = prepare(home);
    lock.dispose();
    expect([code, output]).toEqual([1, expect.stringMatching(/is in use by process \d+/)]);
  });

  test('no new keys are made for old data', async () => {
    const home = await makeHome(join(base, 'home'), { mine: 'value' });
    rmSync(home.envFile);
    const { code, output } = prepare(home);
    expect([code, output]).toEqual([1, expect.stringMatching(/Bring back the \.env/)]);
    expect(existsSync(home.envFile)).toBe(false);
  });

  test('a restore is carried out; exit code 3 says that the host must put its env file in place', async () => {
    const home = await makeHome(join(base, 'home'), { mine: 'value' });
    const other = await makeHome(join(base, 'other'), { theirs: 'value' });
    const backup = join(base, 'backup.db');
    await copyDatabase(other.files.file, backup);
    const { command, input } = staging(backup, other.envFile);
    expect(runOn(home, command, { input }).code).toBe(0);
    // In a folder that there is not, nothing can be written: as on the file system of a container.
    const mounted = { ...home, envFile: join(base, 'nowhere/.env') };
    expect(runOn(mounted, ['restore.ts', 'next', 'confirmed']).code).toBe(0);
    for (let times = 0; times < 2; times++) {
      const waiting = prepare(mounted);
      expect([waiting.code, waiting.output]).toEqual([
        3,
        expect.stringMatching(/not yet the env file of the restored vault/),
      ]);
    }
    copyFileSync(other.envFile, home.envFile);
    const { code, output } = prepare(home);
    expect([code, output]).toEqual([0, 'Carried out a restore.\n']);
    expect(names(home)).toEqual(['theirs']);
    expect(prepare(home)).toMatchObject({ code: 0, output: '' });
  });
});
