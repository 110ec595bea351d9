/** Archive files: what they prove, how changes in them are named, and what stays in the database. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseKeyring } from '../../core/crypto/keyring.ts';
import { applyMigrations } from '../../core/data-folder/database.ts';
import { addEvents, beginLog } from '../../testing/sealed-log.ts';
import { readMigrations, sqlOf } from '../data/database.ts';
import { verifyArchive } from './archive-file.ts';
import { archiveLines, planArchive, readBefore, removeArchived } from './archive-log.ts';
import { headline } from './findings.ts';
import { sealLog } from './seal-log.ts';
import { verifyLog } from './verify-log.ts';

const migrationsFolder = join(import.meta.dirname, '../../migrations');
const keyring = parseKeyring(Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64'));
let folder: string;
let database: DatabaseSync;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'archive-log-'));
  database = new DatabaseSync(':memory:');
  applyMigrations(sqlOf(database), readMigrations(migrationsFolder));
  await beginLog(database, keyring);
  addEvents(database, 700);
  await sealLog(database, keyring, 1);
  addEvents(database, 5);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Archives the events of the first so many seconds but the last one: event N is of second N. */
function archive(before: number): string {
  const plan = planArchive(database, migrationsFolder, before * 1000);
  if (!plan) throw new Error('nothing to archive');
  const file = join(folder, `${plan.from}-${plan.to}.jsonl`);
  writeFileSync(file, [...archiveLines(database, plan)].join(''));
  return file;
}

function verdict(archives: string[] = []) {
  const found = verifyLog(database, migrationsFolder, { key: null, notes: [], archives });
  return 'finding' in found ? headline(found.finding) : found.verified;
}

function verdictOn(file: string) {
  const found = verifyArchive(file, null);
  return 'finding' in found ? headline(found.finding) : found.archive;
}

test('archives follow each other, each proves itself, and the log goes on without their events', async () => {
  const before = verdict();
  const first = archive(300);
  expect(verdictOn(first)).toMatchObject({ from: 1, to: 299, size: 700 });
  await removeArchived(database, keyring, first, 1_000_000);
  expect(database.prepare('SELECT min(id) AS lowest, max(id) AS highest FROM audit_events').get()).toEqual({
    lowest: 300,
    highest: 706,
  });
  expect(verdict()).toMatchObject({ ...(before as object), archived: 299, unsealed: 6 });
  await sealLog(database, keyring, 2);
  const second = archive(600);
  expect(verdictOn(second)).toMatchObject({ from: 300, to: 599, size: 706 });
  await removeArchived(database, keyring, second, 2_000_000);
  expect(await sealLog(database, keyring, 3)).toMatchObject({ size: 707, problem: null });
  expect(verdict([first, second])).toMatchObject({ size: 707, archived: 599 });
  // The blocks for searching that are archived whole are gone, and counts of hours stay.
  expect(database.prepare('SELECT count(*) AS n FROM activity WHERE actor_id = 0').get()).toEqual({ n: 1 });
});

test('leaves are in the file byte for byte, so that anybody can hash them', () => {
  const lines = readFileSync(archive(300), 'utf8').split('\n');
  expect(lines).toHaveLength(1 + 299 + 1 + 1);
  expect(lines[7]).toMatch(/^\{"action":"secret.read","actor_id":1,.*"id":7,"outcome":"allowed",.*\}$/);
});

test('the newest event stays, and what is not sealed stays', () => {
  expect(() => archive(1_000_000)).toThrow('Only the first 700 events are sealed');
  expect(() => archive(703)).toThrow('Only the first 700 events are sealed');
  expect(planArchive(database, migrationsFolder, 701_000)).toMatchObject({ from: 1, to: 700 });
  expect(planArchive(database, migrationsFolder, 1000)).toBeNull();
});

test('the newest event stays when all are sealed', async () => {
  await sealLog(database, keyring, 2);
  expect(planArchive(database, migrationsFolder, 1e12)).toMatchObject({ from: 1, to: 704 });
});

test('a log that does not verify is not archived', () => {
  database.exec("DROP TRIGGER audit_events_are_never_changed; UPDATE audit_events SET target = 'X' WHERE id = 5");
  expect(() => archive(300)).toThrow('event 5: edited');
});

test('events that the newest searches need are not archived', () => {
  const now = Date.parse('2026-11-26T12:00:00Z');
  expect(readBefore('2026-11-19', now)).toBe(Date.parse('2026-11-19T00:00:00Z'));
  expect(readBefore('2026-11-19T12:00:00Z', now)).toBe(now - 7 * 86_400_000);
  for (const date of ['2026-11-20', '2027-01-01', 'yesterday', '2026-13-01', '']) {
    expect(() => readBefore(date, now)).toThrow('--before');
  }
});

describe('a change of an archive is named', () => {
  const swap = (lines: string[], one: number, other: number) => {
    [lines[one], lines[other]] = [lines[other] as string, lines[one] as string];
  };
  test.each<[string, (lines: string[]) => unknown, string, string?]>([
    [
      'an edited event',
      (lines) => (lines[17] = String(lines[17]).replace('allowed', 'denied')),
      'events 1 to 299: edited',
      'event 17: edited',
    ],
    ['a missing event', (lines) => lines.splice(17, 1), 'event 17: missing'],
    ['exchanged events', (lines) => swap(lines, 20, 17), 'event 17: missing'],
    ['an event twice', (lines) => lines.splice(17, 0, String(lines[17])), 'event 18: reordered'],
    ['no end', (lines) => lines.splice(-2), 'log: added'],
    ['an end that is cut', (lines) => lines.splice(200), 'event 200: missing'],
    ['more after the end', (lines) => lines.splice(-1, 0, '{"id":300}'), 'log: added'],
    [
      'another checkpoint',
      (lines) => (lines[300] = String(lines[300]).replace('\\n700\\n', '\\n699\\n')),
      'log: signature',
    ],
    [
      'another consistency proof',
      (lines) => (lines[300] = String(lines[300]).replace(/"after":\["./, '"after":["B')),
      'events 1 to 299: edited',
    ],
    [
      'other hashes before it',
      (lines) => (lines[0] = String(lines[0]).replace('"before":[]', '"before":["AAAA"]')),
      'events 1 to 299: tree',
    ],
    ['no key', (lines) => (lines[0] = String(lines[0]).replace('keystore/', 'x')), 'log: signature'],
  ])('%s', async (_, change, alone, withLog = alone) => {
    const file = archive(300);
    const lines = readFileSync(file, 'utf8').split('\n');
    change(lines);
    writeFileSync(file, lines.join('\n'));
    expect(verdictOn(file)).toBe(alone);
    expect(verdict([file])).toBe(withLog);
    await expect(removeArchived(database, keyring, file, 1)).rejects.toThrow('Nothing was deleted.');
    expect(database.prepare('SELECT count(*) AS n FROM audit_events').get()).toEqual({ n: 705 });
  });

  test('events that are deleted without their archive', async () => {
    await removeArchived(database, keyring, archive(300), 1);
    database.exec('UPDATE log_tree SET archived = 400; DELETE FROM audit_events WHERE id <= 400');
    expect(verdict()).toBe('events 300 to 400: missing');
  });

  test('an archive that does not come next', async () => {
    const [early, late] = [archive(200), archive(300)];
    await removeArchived(database, keyring, late, 1);
    for (const file of [early, late]) {
      await expect(removeArchived(database, keyring, file, 1)).rejects.toThrow('not what can go next');
    }
  });

  test('an archive of another vault', async () => {
    const mine = archive(300);
    const other = new DatabaseSync(':memory:');
    applyMigrations(sqlOf(other), readMigrations(migrationsFolder));
    await beginLog(other, keyring);
    addEvents(other, 700);
    await sealLog(other, keyring, 1);
    database = other;
    expect(verdict([mine])).toBe('log: other-vault');
    await expect(removeArchived(database, keyring, mine, 1)).rejects.toThrow('not what can go next');
  });
});
