/** Sealing the log of a stopped vault, or of a copy. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, expect, test } from 'vitest';
import { parseKeyring } from '../../core/crypto/keyring.ts';
import { applyMigrations } from '../../core/data-folder/database.ts';
import { addEvents, beginLog } from '../../testing/sealed-log.ts';
import { readMigrations, sqlOf } from '../data/database.ts';
import { sealLog } from './seal-log.ts';
import { verifyLog } from './verify-log.ts';

const migrationsFolder = join(import.meta.dirname, '../../migrations');
const [first, second] = [0, 1].map(() => randomBytes(32).toString('base64')) as [string, string];
const keyring = parseKeyring(first);
let database: DatabaseSync;

beforeEach(() => {
  database = new DatabaseSync(':memory:');
  applyMigrations(sqlOf(database), readMigrations(migrationsFolder));
});

function verdict() {
  return verifyLog(database, migrationsFolder, { key: null, notes: [] });
}

test('all events are sealed, however many there are, and again after some more', async () => {
  await beginLog(database, keyring);
  addEvents(database, 64 * 256 + 300);
  expect(await sealLog(database, keyring, 5)).toMatchObject({ size: 64 * 256 + 300, unsealed: 0, problem: null });
  expect(verdict()).toMatchObject({ verified: { size: 64 * 256 + 300, sealedAt: 5, unsealed: 0 } });
  addEvents(database, 1);
  expect(verdict()).toMatchObject({ verified: { unsealed: 1 } });
  expect(await sealLog(database, keyring, 6)).toMatchObject({ size: 64 * 256 + 301 });
  expect(verdict()).toMatchObject({ verified: { size: 64 * 256 + 301, sealedAt: 6 } });
});

test('a log that was never sealed gets no key here, since its vault makes one', async () => {
  addEvents(database, 3);
  expect(await sealLog(database, keyring, 5)).toBeNull();
});

test('the signing key is sealed under the new key when a retired one opens it', async () => {
  await beginLog(database, keyring);
  addEvents(database, 3);
  const both = parseKeyring(second, first);
  expect(await sealLog(database, both, 5)).toMatchObject({ size: 3, problem: null });
  addEvents(database, 1);
  expect(await sealLog(database, parseKeyring(second), 6)).toMatchObject({ size: 4, problem: null });
  expect(verdict()).toMatchObject({ verified: { size: 4 } });
});

test.each([
  ['the tree was changed', "UPDATE log_tiles SET hashes = 'AAAA'", 3],
  ['the size was changed', 'UPDATE log_tree SET size = 2', 2],
  ['the checkpoint was changed', "UPDATE log_tree SET checkpoint = 'x'", 3],
  ['the public key was exchanged', `UPDATE log_tree SET public_key = '${Buffer.alloc(32, 7).toString('base64')}'`, 3],
  ['an event is missing', 'DROP TRIGGER audit_events_are_never_deleted; DELETE FROM audit_events WHERE id = 4', 3],
])('nothing is signed if %s', async (_, change, size) => {
  await beginLog(database, keyring);
  addEvents(database, 3);
  await sealLog(database, keyring, 5);
  addEvents(database, 2);
  database.exec(change);
  const before = database.prepare('SELECT * FROM log_tree').get();
  expect(await sealLog(database, keyring, 6)).toMatchObject({ size, problem: expect.any(String) });
  expect(database.prepare('SELECT * FROM log_tree').get()).toEqual(before);
});

test('without the key that seals the signing key, nothing is signed', async () => {
  await beginLog(database, keyring);
  addEvents(database, 3);
  const found = await sealLog(database, parseKeyring(second), 6);
  expect(found).toMatchObject({ size: 0, unsealed: 3, problem: expect.any(String) });
});
