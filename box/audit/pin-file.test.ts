/** AUDIT_PIN_FILE beside a database that is in use. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { applyMigrations } from '../../core/data-folder/database.ts';
import { addEvents, newTestKey, sealAnew } from '../../testing/sealed-log.ts';
import { readMigrations, sqlOf } from '../data/database.ts';
import { keepPinned, pinCheckpoint } from './pin-file.ts';

const key = newTestKey();
let folder: string;
let file: string;
let pin: string;
let database: DatabaseSync;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pin-file-'));
  file = join(folder, 'vault.db');
  pin = join(folder, 'newest');
  database = new DatabaseSync(file);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF');
  applyMigrations(sqlOf(database), readMigrations(join(import.meta.dirname, '../../migrations')));
});

afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

function pinned(): string {
  return readFileSync(pin, 'utf8');
}

test('each new checkpoint takes the place of the one before, and nothing else is left in the folder', async () => {
  expect(await pinCheckpoint(file, pin)).toBeNull();
  for (let round = 1; round <= 2; round += 1) {
    addEvents(database, 300);
    const note = sealAnew(database, key);
    expect(await pinCheckpoint(file, pin)).toBeNull();
    expect(pinned()).toBe(note);
  }
  expect(readdirSync(folder).filter((name) => !name.startsWith('vault.db'))).toEqual(['newest']);
});

test('a checkpoint that the log does not continue is kept, and the operator is told once', async () => {
  addEvents(database, 300);
  const note = sealAnew(database, key);
  await pinCheckpoint(file, pin);
  database.exec("DROP TRIGGER audit_events_are_never_changed; UPDATE audit_events SET target = 'X' WHERE id = 7");
  addEvents(database, 100);
  sealAnew(database, key);
  const told: string[] = [];
  const keeper = keepPinned(file, pin, (line) => told.push(line));
  await keeper.stop();
  expect(pinned()).toBe(note);
  expect(told).toEqual([expect.stringContaining(`the log does not continue it: ${pin}.`)]);
});

test('a file that is something else is never overwritten, and one that cannot be written is said', async () => {
  addEvents(database, 3);
  sealAnew(database, key);
  writeFileSync(pin, 'my notes\n');
  expect(await pinCheckpoint(file, pin)).toContain('it is not a checkpoint of this log');
  expect(pinned()).toBe('my notes\n');
  const told: string[] = [];
  await keepPinned(file, join(folder, 'nowhere/newest'), (line) => told.push(line)).stop();
  expect(told).toEqual([expect.stringMatching(/^AUDIT_PIN_FILE could not be written: /)]);
});
