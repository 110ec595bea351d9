/** Moves the API keys of v0.6 as secrets, with the tokens that v0.6 sealed. */
import type { DatabaseSync } from 'node:sqlite';
import { keyLikeness } from '../../core/accounts/likeness.ts';
import { fromUtf8 } from '../../core/crypto/encoding.ts';
import { openFernet } from '../../core/crypto/fernet.ts';
import type { Keyring, SealingKey } from '../../core/crypto/keyring.ts';
import { OperatorError } from '../../core/operator-error.ts';
import { quoted } from '../quoted.ts';
import { chunkRows, inChunks, type Move, timeOf } from './move.ts';
import { Names } from './names.ts';
import { countRows, type Old, readOld } from './source.ts';
import { parseTime } from './times.ts';

/**
 * Fails early if the keyring is not that of the database. One value that opens is enough.
 *
 * @throws OperatorError if none of the values opens.
 */
export function checkKeyring(source: DatabaseSync, keyring: Keyring): void {
  let tried = 0;
  for (const { encrypted_value } of readOld(source, 'api_keys')) {
    if (typeof openingKey(keyring, encrypted_value) !== 'string') return;
    tried++;
  }
  if (tried === 0) return;
  throw new OperatorError(
    `None of the ${tried} values opens with this ENCRYPTION_KEY (fingerprint ${keyring.primary.id}). Use the .env that belongs to the v0.6 database.`,
  );
}

/** Moves every key whose value opens, and returns their number. */
export function moveKeys(move: Move): number {
  const { source, target, keyring, losses, notes, progress } = move;
  const total = countRows(source, 'api_keys');
  const names = new Names(allKeyNames(source));
  const insertSecret = target.prepare(
    `INSERT INTO secrets (id, name, description, owner_id, created_by, created_at, updated_at, value_changed_at, current_version,
       likeness)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?)`,
  );
  const insertVersion = target.prepare(
    `INSERT INTO secret_versions (secret_id, number, token, binding, key_id, created_at, created_by)
     VALUES (?, 1, ?, ?, ?, ?, ?)`,
  );
  let moved = 0;
  inChunks(target, readOld(source, 'api_keys'), (key, done) => {
    const sealed = openingKey(keyring, key.encrypted_value);
    if (typeof sealed === 'string') {
      losses.push(`the key ${quoted(key.key_name)} of ${quoted(key.created_by ?? '')}: ${sealed}`);
    } else {
      const { name, because } = names.forKey(key.key_name);
      if (because) notes.push(`The key ${quoted(key.key_name)} is now ${quoted(name)}: ${because}.`);
      const owner = ownerOf(move, key, name);
      const createdBy = key.created_by ?? move.owners.get(owner) ?? '';
      const createdAt = timeOf(move, key.created_at, `The key ${quoted(name)}`, parseTime(key.updated_at) ?? move.now);
      const updatedAt = parseTime(key.updated_at) ?? createdAt;
      const description = key.description ?? '';
      const likeness = keyLikeness(name);
      insertSecret.run(key.id, name, description, owner, createdBy, createdAt, updatedAt, updatedAt, likeness);
      insertVersion.run(
        key.id,
        key.encrypted_value,
        sealed.bind(name, key.encrypted_value),
        sealed.id,
        updatedAt,
        createdBy,
      );
      moved++;
    }
    if (done % chunkRows === 0) progress(`Keys: ${done} of ${total}.`);
  });
  return moved;
}

function* allKeyNames(source: DatabaseSync): Generator<string> {
  for (const { key_name } of readOld(source, 'api_keys')) yield key_name;
}

/** Finds the key of the keyring that opens a token; or returns why none does, as the end of a sentence. */
function openingKey(keyring: Keyring, token: string): SealingKey | string {
  for (const key of keyring.byId.values()) {
    try {
      const value = openFernet(key.fernet, token);
      try {
        fromUtf8(value);
        return key;
      } catch {
        return 'its value opens, but is not text';
      }
    } catch {
      // The next key may open it.
    }
  }
  return 'its value does not open with ENCRYPTION_KEY';
}

/** Finds the owner of a key; if v0.6 has none, its creator, or else an admin. */
function ownerOf(move: Move, { owner_id, created_by }: Old<'api_keys'>, name: string): number {
  if (owner_id !== null && move.owners.has(owner_id)) return owner_id;
  for (const [id, owner] of move.owners) if (owner === created_by) return id;
  const admin = move.target.prepare("SELECT id FROM users ORDER BY role <> 'admin', NOT is_active, id LIMIT 1").get();
  const id = Number(admin?.id);
  move.notes.push(`The key ${quoted(name)} had no owner and now belongs to ${quoted(move.owners.get(id) ?? '')}.`);
  return id;
}
