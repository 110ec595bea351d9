import { chmodSync, cpSync, mkdtempSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { copyDatabase } from './copy-database.ts';
import { checkLogIsOwn } from './stale-log.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stale log '));
  file = join(folder, 'vault.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The files of a database, as a process leaves them that is killed. */
async function killed(steps: (database: DatabaseSync) => void | Promise<void> = () => {}): Promise<void> {
  const ends = ['', '-wal', '-shm'];
  const left = new Map<string, Uint8Array>();
  {
    using database = new DatabaseSync(file);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE notes (text)');
    write(database, 'first');
    await steps(database);
    for (const end of ends) left.set(end, readFileSync(file + end));
  }
  for (const end of ends) writeFileSync(file + end, '');
  // A log that is in use grows for longer than a copy.
  await delay(100);
  for (const [end, bytes] of left) writeFileSync(file + end, bytes);
}

function write(database: DatabaseSync, text: string): void {
  database.prepare('INSERT INTO notes VALUES (?)').run(text.repeat(2_000));
}

/** Waits longer than it takes to copy the files of a database one after another. */
function later(): Promise<void> {
  return delay(1_100);
}

const refusal = /was replaced while the log of the database before it/;

describe('refuses a database beside the log of another one:', () => {
  test('a backup of this product', async () => {
    await killed(async (database) => {
      await backup(database, join(folder, 'online.db'));
      write(database, 'second');
    });
    await copyDatabase(join(folder, 'online.db'), join(folder, 'backup.db'));
    writeFileSync(file, readFileSync(join(folder, 'backup.db')));
    const before = readFileSync(`${file}-wal`);
    expect(() => checkLogIsOwn(file)).toThrow(refusal);
    expect(() => checkLogIsOwn(file, true)).toThrow(refusal);
    expect(readFileSync(`${file}-wal`)).toEqual(before);
  });

  test.each<[string, (from: string) => void]>([
    ['copied over it', (from) => writeFileSync(file, readFileSync(from))],
    [
      'moved over it, with an old time',
      (from) => {
        utimesSync(from, 1, 1);
        renameSync(from, file);
      },
    ],
  ])('an online copy from before later changes, %s', async (_, replace) => {
    await killed(async (database) => {
      await backup(database, join(folder, 'online.db'));
      write(database, 'second');
    });
    await later();
    replace(join(folder, 'online.db'));
    expect(() => checkLogIsOwn(file)).toThrow(refusal);
  });

  test('a database of something else', async () => {
    await killed();
    await later();
    const other = join(folder, 'other.db');
    using database = new DatabaseSync(other);
    database.exec('PRAGMA journal_mode = WAL; CREATE TABLE elsewhere (x)');
    database.close();
    writeFileSync(file, readFileSync(other));
    expect(() => checkLogIsOwn(file)).toThrow(refusal);
  });
});

describe('accepts', () => {
  const sound: [string, () => Promise<void>][] = [
    ['a database without a log', async () => new DatabaseSync(file).exec('CREATE TABLE notes (text)')],
    ['what a killed process leaves', () => killed()],
    ['the same, long after', async () => killed().then(later)],
    [
      'the same after a checkpoint',
      async () => {
        await killed((database) => database.exec('PRAGMA wal_checkpoint(PASSIVE)'));
        await later();
        writeFileSync(file, readFileSync(file));
      },
    ],
    [
      'the same after a checkpoint that a reader stopped half-way',
      async () => {
        await killed((database) => {
          using reader = new DatabaseSync(file);
          reader.exec('BEGIN; SELECT * FROM notes');
          write(database, 'second');
          database.exec('PRAGMA wal_checkpoint(PASSIVE)');
        });
        await later();
        writeFileSync(file, readFileSync(file));
      },
    ],
    [
      'a folder that was copied as it is',
      async () => {
        await killed();
        for (const end of ['-wal', '-shm']) cpSync(file + end, `${join(folder, 'vault2.db')}${end}`);
        await later();
        cpSync(file, join(folder, 'vault2.db'));
        file = join(folder, 'vault2.db');
      },
    ],
    [
      'another mode',
      async () =>
        killed()
          .then(later)
          .then(() => chmodSync(`${file}-wal`, 0o600)),
    ],
    ['an empty log', async () => killed().then(() => writeFileSync(`${file}-wal`, ''))],
    [
      'a log that is cut off',
      async () => killed().then(() => writeFileSync(`${file}-wal`, readFileSync(`${file}-wal`).subarray(0, 500))),
    ],
  ];
  test.each(sound)('%s', async (_, make) => {
    await make();
    expect(() => checkLogIsOwn(file)).not.toThrow();
  });
});
