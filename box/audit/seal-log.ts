/** Seals the log of a database that no vault writes to: a backup before it is complete, or a stopped vault. As worker/operations does. */
import type { DatabaseSync } from 'node:sqlite';
import { checkRoot, growTree, LogAltered, type StoredTile, treeLevels } from '../../core/audit/growth.ts';
import { noteKeyOf, resealedLogKey, type StoredLogKey, signCheckpoint } from '../../core/audit/signing.ts';
import { lengthOfLevel, tileWidth } from '../../core/audit/tree.ts';
import { verifiedCheckpoint } from '../../core/audit/verified.ts';
import { type Keyring, SealedValueError } from '../../core/crypto/keyring.ts';
import { hashOfEvent, isSame, noHash } from './hashing.ts';
import { StoredLog } from './stored-log.ts';

/** The tiles of so many events are made at a time. */
const eventsPerRound = 64 * tileWidth;

/** The newest checkpoint, and how many events came after it. `problem` says why these are not sealed, if they could not be. */
export interface Sealed {
  note: string;
  size: number;
  unsealed: number;
  problem: string | null;
}

/**
 * Adds all events to the tree and signs a checkpoint of them. Nothing is changed if the tree is not as its last checkpoint says, or the
 * signing key does not open.
 *
 * @returns null if the log was never sealed: its vault makes the key, since each log has one.
 */
export async function sealLog(database: DatabaseSync, keyring: Keyring, now: number): Promise<Sealed | null> {
  if (!database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'log_tree'").get()) return null;
  let problem: string | null = null;
  try {
    while (await sealRound(database, keyring, now));
  } catch (error) {
    if (!(error instanceof LogAltered || error instanceof SealedValueError)) throw error;
    problem = error.message;
  }
  const log = new StoredLog(database);
  const tree = log.tree();
  if (!tree) return null;
  return { note: tree.checkpoint, size: tree.size, unsealed: log.census(tree.size).after, problem };
}

type TreeRow = StoredLogKey & { size: number; checkpoint: string };

/** @returns whether anything was sealed. */
async function sealRound(database: DatabaseSync, keyring: Keyring, now: number): Promise<boolean> {
  const tree = database.prepare('SELECT * FROM log_tree').get() as TreeRow | undefined;
  if (!tree) return false;
  const { size } = tree;
  const last = lastTiles(database, size);
  const signed = await verifiedCheckpoint(tree.checkpoint, noteKeyOf(tree));
  if (signed?.size !== size) throw new LogAltered('signature');
  checkRoot(signed, last);
  const leaves = hashesAfter(database, size);
  if (leaves.length === 0) return false;
  const { tiles, root } = growTree(size, last, leaves);
  const key = tree.key_id === keyring.primary.id ? tree : resealedLogKey(keyring, tree);
  const note = await signCheckpoint(keyring, key, { size: size + leaves.length, root });
  database.exec('BEGIN IMMEDIATE');
  const store = database.prepare('INSERT OR REPLACE INTO log_tiles (level, number, hashes) VALUES (?, ?, ?)');
  for (const { level, number, hashes } of tiles) store.run(level, number, hashes);
  database
    .prepare('UPDATE log_tree SET size = ?, checkpoint = ?, sealed_at = ?, private_key = ?, binding = ?, key_id = ?')
    .run(size + leaves.length, note, now, key.private_key, key.binding, key.key_id);
  database.exec('COMMIT');
  return true;
}

/** The unfinished tile at the end of each level. */
function lastTiles(database: DatabaseSync, size: number): StoredTile[] {
  const read = database.prepare('SELECT level, number, hashes FROM log_tiles WHERE level = ? AND number = ?');
  return Array.from({ length: treeLevels }, (_, level) =>
    read.get(level, Math.floor(lengthOfLevel(level, size) / tileWidth)),
  )
    .filter((tile) => tile !== undefined)
    .map((tile) => tile as unknown as StoredTile);
}

function hashesAfter(database: DatabaseSync, size: number): Buffer[] {
  const hashes: Buffer[] = [];
  for (const { id, row } of new StoredLog(database).events(size + 1, size + eventsPerRound)) {
    if (id !== size + 1 + hashes.length) throw new LogAltered('missing', size + 1 + hashes.length);
    const hash = row ? hashOfEvent(row) : noHash;
    if (isSame(hash, noHash)) throw new LogAltered('edited', id);
    hashes.push(hash);
  }
  return hashes;
}
