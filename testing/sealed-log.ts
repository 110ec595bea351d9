/** Makes logs and seals them, without a vault: as the vault does, but with a key that the test has. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { leafOf } from '../core/audit/leaf.ts';
import { checkpointText, type NoteKey, noteKeyText, signedNote } from '../core/audit/note.ts';
import { type Removal, removalEvent, removalText, removeEvents } from '../core/audit/removal.ts';
import { newLogKey, signCheckpoint } from '../core/audit/signing.ts';
import { emptyRoot, grown, type Hash, leafHash, rootOf, tileWidth } from '../core/audit/tree.ts';
import type { Keyring } from '../core/crypto/keyring.ts';

/** A key that signs a log. */
export interface TestKey extends NoteKey {
  privateKey: KeyObject;
  /** The public key in one line. */
  text: string;
}

export function newTestKey(name = 'keystore/0123456789abcdef'): TestKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const bytes = Buffer.from(String(publicKey.export({ format: 'jwk' }).x), 'base64url');
  return { name, publicKey: bytes, privateKey, text: noteKeyText({ name, publicKey: bytes }) };
}

/** A signed checkpoint of these hashes. */
export function noteOf(key: TestKey, size: number, root: Hash): string {
  const text = checkpointText({ origin: key.name, size, root });
  return signedNote(text, key, sign(null, Buffer.from(text), key.privateKey));
}

/** Removes events as the vault does when they expire, with an event that this key has signed. */
export function expireEvents(database: DatabaseSync, key: TestKey, to: number): void {
  const { archived } = database.prepare('SELECT archived FROM log_tree').get() as { archived: number };
  const removal: Removal = { action: 'log.expire', from: archived + 1, to, why: 'LOG_RETENTION_DAYS=30' };
  const signature = sign(null, Buffer.from(removalText(key.name, removal)), key.privateKey);
  const { target, reason } = removalEvent(removal, signature);
  database
    .prepare(
      `INSERT INTO audit_events (at, request_id, action, target, outcome, reason, address, user_agent)
       VALUES (1, 'expiry', 'log.expire', ?, 'allowed', ?, 'localhost', 'keystore')`,
    )
    .run(target, reason);
  database.prepare('UPDATE log_tree SET archived = ?').run(to);
  for (const text of removeEvents) database.exec(text);
}

/** Appends events, one a second, by some people on some keys. */
export function addEvents(database: DatabaseSync, count: number): void {
  const insert = database.prepare(
    `INSERT INTO audit_events (at, request_id, actor_id, actor_name, actor_role, action, target, outcome, address, user_agent)
     SELECT ?1 * 1000, 'request-' || ?1, 1 + ?1 % 7, 'person' || (?1 % 7), 'user', 'secret.read', 'KEY_' || (?1 % 50), 'allowed', '192.0.2.' || (?1 % 250),
       'curl/8.14.1'`,
  );
  const { next } = database.prepare('SELECT coalesce(max(id), 0) + 1 AS next FROM audit_events').get() as {
    next: number;
  };
  database.exec('BEGIN');
  for (let id = next; id < next + count; id += 1) insert.run(BigInt(id));
  database.exec('COMMIT');
}

/** Makes tree and checkpoint of all events anew, whatever was there. Returns the checkpoint. */
export function sealAnew(database: DatabaseSync, key: TestKey, now = 1_700_000_000_000): string {
  const leaves = database
    .prepare('SELECT * FROM audit_events ORDER BY id')
    .all()
    .map((row) => leafHash(leafOf(row)));
  const tiles = grown(0, leaves, () => []);
  const byName = new Map(tiles.map((tile) => [`${tile.level}/${tile.number}`, tile.hashes]));
  const root = rootOf(
    leaves.length,
    (level, place) => byName.get(`${level}/${Math.floor(place / tileWidth)}`)?.[place % tileWidth] as Hash,
  );
  const note = noteOf(key, leaves.length, root);
  database.exec('BEGIN; DELETE FROM log_tiles; DELETE FROM log_tree');
  const insert = database.prepare('INSERT INTO log_tiles VALUES (?, ?, ?)');
  for (const { level, number, hashes } of tiles) insert.run(level, number, Buffer.concat(hashes).toString('base64'));
  database
    .prepare(
      `INSERT INTO log_tree (id, origin, public_key, private_key, binding, key_id, size, checkpoint, sealed_at)
       VALUES (1, ?, ?, 'none', 'none', 'none', ?, ?, ?)`,
    )
    .run(key.name, Buffer.from(key.publicKey).toString('base64'), leaves.length, note, now);
  database.exec('COMMIT');
  return note;
}
/** Makes the key of a log as a vault does with its first seal. Nothing is sealed yet. */
export async function beginLog(database: DatabaseSync, keyring: Keyring): Promise<void> {
  const key = await newLogKey(keyring);
  const note = await signCheckpoint(keyring, key, { size: 0, root: emptyRoot });
  database
    .prepare(
      `INSERT INTO log_tree (id, origin, public_key, private_key, binding, key_id, size, checkpoint, sealed_at)
       VALUES (1, ?, ?, ?, ?, ?, 0, ?, 0)`,
    )
    .run(key.origin, key.public_key, key.private_key, key.binding, key.key_id, note);
}
