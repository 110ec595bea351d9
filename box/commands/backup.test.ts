import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addValue, type Home, homeIn, makeHome, runOn } from '../../testing/disk-vaults.ts';

let base: string;
let home: Home;

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'backup test '));
  home = await makeHome(join(base, 'home'), { first: 'one', second: 'two' });
});

afterEach(() => rmSync(base, { recursive: true, force: true }));

function backUp(): { file: string; rows: (sql: string) => Record<string, unknown>[] } {
  const { code, stdout, output } = runOn(home, ['backup.ts']);
  expect(code, output.slice(-300)).toBe(0);
  const file = join(base, `backup ${readdirSync(base).length}.db`);
  writeFileSync(file, stdout);
  const rows = (sql: string) => {
    const database = new DatabaseSync(file, { readOnly: true });
    try {
      return database.prepare(sql).all() as Record<string, unknown>[];
    } finally {
      database.close();
    }
  };
  return { file, rows };
}

describe('a backup', () => {
  test('includes the write-ahead log, and is one file', () => {
    const writer = new DatabaseSync(home.files.file);
    writer.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0');
    addValue(writer, home.envFile, 'in the log', 'three');
    const { file, rows } = backUp();
    writer.close();
    expect(rows('SELECT name FROM secrets ORDER BY id').map(({ name }) => name)).toEqual([
      'first',
      'second',
      'in the log',
    ]);
    expect(rows('PRAGMA journal_mode')).toEqual([{ journal_mode: 'delete' }]);
    expect(readdirSync(base).filter((name) => name.startsWith('backup'))).toEqual([file.split('/').at(-1)]);
    expect(runOn(home, ['check.ts', 'backup'], { input: readFileSync(file) }).output).toMatch(/^1 accounts, 3 keys/);
  });

  test('is consistent while the database is being written', async () => {
    const program = `
      const { DatabaseSync } = require('node:sqlite');
      const database = new DatabaseSync(process.argv[1], { timeout: 5000 });
      database.exec('PRAGMA journal_mode = WAL');
      const insert = database.prepare("INSERT INTO audit_events (at, request_id, action, outcome, address, user_agent) VALUES (?, 'r', 'a', 'allowed', '', ?)");
      for (let n = 1; ; n++) { database.exec('BEGIN'); insert.run(n, 'x'.repeat(2000)); insert.run(n, ''); database.exec('COMMIT'); process.stdout.write(n + '\\n'); }`;
    const writer = spawn(process.execPath, ['--no-warnings', '-e', program, home.files.file]);
    let acknowledged = 0;
    writer.stdout.on('data', (text) => {
      acknowledged = Number(String(text).trim().split('\n').at(-1));
    });
    try {
      await expect.poll(() => acknowledged).toBeGreaterThan(50);
      for (let round = 0; round < 3; round++) {
        const before = acknowledged;
        const { rows } = backUp();
        expect(rows('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
        const [seen] = rows('SELECT count(*) AS rows, count(DISTINCT at) AS pairs, max(at) AS last FROM audit_events');
        // No acknowledged write is missing, and every transaction is complete.
        expect(Number(seen?.last)).toBeGreaterThanOrEqual(before);
        expect(seen).toEqual({ rows: Number(seen?.last) * 2, pairs: seen?.last, last: seen?.last });
        await new Promise((tick) => setTimeout(tick, 50));
      }
    } finally {
      writer.kill('SIGKILL');
      await once(writer, 'close');
    }
  });

  test('leaves the data folder unchanged, and removes what a killed backup left', () => {
    const abandoned = join(home.data, 'outgoing-killed');
    mkdirSync(abandoned);
    writeFileSync(join(abandoned, 'backup.db'), 'x');
    utimesSync(abandoned, new Date(0), new Date(0));
    backUp();
    expect(readdirSync(home.data).filter((name) => /going|coming/.test(name))).toEqual([]);
  });

  test('of a missing vault or database is refused', () => {
    const { code, output } = runOn(homeIn(join(base, 'nowhere')), ['backup.ts']);
    expect([code, output]).toEqual([1, expect.stringMatching(/There is no vault in /)]);
    rmSync(home.files.file);
    expect(runOn(home, ['backup.ts']).output).toMatch(/is missing/);
  });
});

describe('the env file of a backup', () => {
  const env = (more: Record<string, string> = {}) => runOn(home, ['backup.ts', 'env'], { env: more });

  test('is a copy of the one in use', () => {
    expect(env().stdout).toEqual(readFileSync(home.envFile));
  });

  test('includes keys that are set elsewhere', () => {
    writeFileSync(join(base, 'key'), 'from-a-file\n');
    writeFileSync(home.envFile, 'HOST=0.0.0.0\nSECRET_KEY=not-in-use\n');
    const more = { ENCRYPTION_KEY_FILE: join(base, 'key'), SECRET_KEY: 'from-the-process' };
    expect(env(more).stdout.toString()).toBe('HOST=0.0.0.0\nSECRET_KEY=from-the-process\nENCRYPTION_KEY=from-a-file\n');
  });
});

describe('a check', () => {
  test('names the values that do not open, and shows none', () => {
    const database = new DatabaseSync(home.files.file);
    database.exec("UPDATE secret_versions SET token = 'x' WHERE secret_id = 2");
    database.close();
    const { code, output } = runOn(home, ['check.ts']);
    expect(code).toBe(1);
    expect(output).toMatch(/1 values DO NOT OPEN/);
    expect(output).toMatch(/does not open: "second", version 1/);
    const { file } = backUp();
    const refused = runOn(home, ['check.ts', 'backup'], { input: readFileSync(file) });
    expect([refused.code, refused.output]).toEqual([
      1,
      expect.stringMatching(/1 of 2 values do not open:\n {2}"second"/),
    ]);
    expect(runOn(home, ['check.ts', 'backup', '--accept-damaged'], { input: readFileSync(file) }).code).toBe(0);
  });
});
