/**
 * Sealing the log: new events are added to the tree, and a new checkpoint is signed. That happens after answers, a round of events at a
 * time, and no transaction of a request waits for it. A round reads once and writes once, only if the tree is still as it was read: two
 * sealers at once are harmless, one of them just does its work in vain. No event says that the log was sealed; it would need sealing too.
 */
import { and, asc, eq, gt, sql } from 'drizzle-orm';
import { checkRoot, growTree, LogAltered, lastOf, type StoredTile } from '../../core/audit/growth.ts';
import { newLogKey, noteKeyOf, resealedLogKey, signCheckpoint } from '../../core/audit/signing.ts';
import { emptyRoot, type Hash, leafHash } from '../../core/audit/tree.ts';
import { verifiedCheckpoint } from '../../core/audit/verified.ts';
import { utf8 } from '../../core/crypto/encoding.ts';
import { SealedValueError } from '../../core/crypto/keyring.ts';
import { eventsPerLeafRow, eventsPerSealing, eventsPerSealingSlice } from '../../core/limits.ts';
import { auditEvents, instance, logTiles, logTree } from '../store/schema.ts';
import { fill, insertFrom, integer, query, rowFor, statement, textColumn } from '../store/statement.ts';
import { transact } from '../store/transact.ts';
import { lastTiles, leafAsText, newestId, sealedSize, type TreeRow } from './log-tree.ts';
import type { Vault } from './vault.ts';

const readTree = statement([], () => query.select().from(logTree));
const readTiles = statement([], lastTiles);

/** Some events that follow each other, with a line for the leaf of each. */
interface LeafRow {
  first: number;
  last: number;
  events: number;
  leaves: string;
}

const readLeaves = statement([], () => {
  const next = query
    .select({ id: auditEvents.id, leaf: leafAsText.as('leaf') })
    .from(auditEvents)
    .where(gt(auditEvents.id, sealedSize))
    .orderBy(asc(auditEvents.id))
    .limit(eventsPerSealing)
    .as('next');
  return query
    .select({
      first: integer('first', sql`min(${next.id})`),
      last: integer('last', sql`max(${next.id})`),
      events: integer('events', sql`count(*)`),
      leaves: textColumn('leaves', sql`group_concat(${next.leaf}, char(10) order by ${next.id})`),
    })
    .from(next)
    .groupBy(sql`(${next.id} - 1) / ${eventsPerLeafRow}`)
    .orderBy(sql`1`);
});
const readNewest = statement([], () => query.select({ id: integer('id', newestId) }).from(instance));

const insertTree = statement(
  ['origin', 'public_key', 'private_key', 'binding', 'key_id', 'checkpoint', 'now', 'primary_key_id'],
  ({ now, primary_key_id, ...key }) =>
    insertFrom(
      logTree,
      { id: 1, ...key, size: 0, sealed_at: now, archived: 0 },
      instance,
      eq(instance.key_id, primary_key_id),
    ).onConflictDoNothing(),
);

const isAsRead = (origin: unknown, size: unknown) =>
  sql`(select ${logTree.size} from ${logTree} where ${logTree.origin} = ${origin}) = ${size}`;

const storeTiles = statement(['tiles', 'origin', 'old_size'], ({ tiles, origin, old_size }) =>
  query
    .insert(logTiles)
    .select(
      query
        .select(
          rowFor(logTiles, {
            level: sql`json_each.value ->> 0`,
            number: sql`json_each.value ->> 1`,
            hashes: sql`json_each.value ->> 2`,
          }),
        )
        .from(sql`json_each(${tiles})`)
        .where(isAsRead(origin, old_size)),
    )
    .onConflictDoUpdate({ target: [logTiles.level, logTiles.number], set: { hashes: sql`excluded.hashes` } }),
);

const storeSize = statement(
  ['origin', 'old_size', 'size', 'checkpoint', 'now', 'private_key', 'binding', 'key_id'],
  ({ origin, old_size, now, ...changed }) =>
    query
      .update(logTree)
      .set({ ...changed, sealed_at: now })
      .where(sql`${logTree.origin} = ${origin} and ${logTree.size} = ${old_size}`)
      .returning({ size: logTree.size }),
);

/** The tree as it is. One that is yet to be made is made, with its key and a checkpoint of nothing. */
export const openTree = async (vault: Vault, now: number): Promise<TreeRow> => {
  const { db, keyring } = vault;
  const [[found] = []] = await transact(db, [fill(readTree(), {})]);
  if (found) return found as unknown as TreeRow;
  const key = await newLogKey(keyring);
  const checkpoint = await signCheckpoint(keyring, key, { size: 0, root: emptyRoot });
  const values = { ...key, checkpoint, now, primary_key_id: keyring.primary.id };
  const [, [made] = []] = await transact(db, [fill(insertTree(), values), fill(readTree(), {})]);
  if (!made) throw new TypeError('The database is not open, so its log has no key');
  return made as unknown as TreeRow;
};

interface Round {
  tree: TreeRow;
  tiles: StoredTile[];
  leaves: LeafRow[];
  /** The number of the newest event. */
  newest: number;
}

const readRound = async (vault: Vault, now: number): Promise<Round> => {
  const read = async () => {
    const asked = [fill(readTree(), {}), fill(readTiles(), {}), fill(readLeaves(), {}), fill(readNewest(), {})];
    const [[tree] = [], tiles, leaves, [newest] = []] = (await transact(vault.db, asked)) as unknown as [
      TreeRow[],
      StoredTile[],
      LeafRow[],
      { id: number }[],
    ];
    return tree && { tree, tiles, leaves, newest: newest?.id ?? 0 };
  };
  const found = await read();
  if (found) return found;
  await openTree(vault, now);
  const made = await read();
  if (!made) throw new TypeError('The tree of the log was made and is gone');
  return made;
};

/** The hashes of the events from `first` on. Others have their turn in between. */
const hashesOf = async (rows: readonly LeafRow[], first: number): Promise<Hash[]> => {
  const hashes: Hash[] = [];
  for (const row of rows) {
    const wanted = first + hashes.length;
    const leaves = row.leaves.split('\n');
    if (row.first !== wanted || row.events !== row.last - wanted + 1)
      throw new LogAltered('missing', firstMissing(leaves, wanted));
    for (const leaf of leaves) hashes.push(leafHash(utf8(leaf)));
    if (hashes.length !== row.last - first + 1) throw new LogAltered('edited', wanted);
    if (hashes.length % eventsPerSealingSlice < eventsPerLeafRow) await pause(0);
  }
  return hashes;
};

const firstMissing = (leaves: readonly string[], first: number): number => {
  const gap = leaves.findIndex((leaf, index) => (JSON.parse(leaf) as { id: number }).id !== first + index);
  return first + Math.max(0, gap);
};

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The trees that were found to be what their checkpoints say, or were made so. */
const known = new WeakMap<Vault, string>();
const nameOf = ({ origin, public_key, size, checkpoint }: TreeRow, tiles: readonly StoredTile[]) =>
  JSON.stringify([
    origin,
    public_key,
    size,
    checkpoint,
    tiles.map(({ level, number, hashes }) => [level, number, hashes]),
  ]);

/** @throws LogAltered unless the checkpoint is signed, and is that of the tiles. */
const checkTree = async (vault: Vault, tree: TreeRow, tiles: StoredTile[]) => {
  const name = nameOf(tree, tiles);
  if (known.get(vault) === name) return;
  const signed = await verifiedCheckpoint(tree.checkpoint, noteKeyOf(tree));
  if (signed?.size !== tree.size) throw new LogAltered('signature');
  checkRoot(signed, tiles);
  known.set(vault, name);
};

/** Where the log stands. */
export interface Sealed {
  size: number;
  checkpoint: string;
  /** How many events are not sealed yet. */
  rest: number;
}

/**
 * Seals a round of events.
 *
 * @throws LogAltered if the tree is not what its checkpoint says, or an event is missing: nothing is signed then.
 * @throws SealedValueError if the signing key does not open.
 */
export const sealRound = async (vault: Vault, now: number): Promise<Sealed> => {
  const { tree, tiles, leaves, newest } = await readRound(vault, now);
  const { size, checkpoint, origin } = tree;
  const rest = Math.max(0, newest - size);
  const isStale = tree.key_id !== vault.keyring.primary.id;
  if (rest === 0 && !isStale) return { size, checkpoint, rest: 0 };
  await checkTree(vault, tree, tiles);
  const hashes = await hashesOf(leaves, size + 1);
  const grown = growTree(size, tiles, hashes);
  const key = isStale ? resealedLogKey(vault.keyring, tree) : tree;
  const next = { size: size + hashes.length, root: grown.root };
  const made = await signCheckpoint(vault.keyring, key, next);
  const rows = JSON.stringify(grown.tiles.map(({ level, number, hashes }) => [level, number, hashes]));
  const { private_key, binding, key_id } = key;
  const values = { origin, old_size: size, size: next.size, checkpoint: made, now, private_key, binding, key_id };
  const [, stored = []] = await transact(vault.db, [
    fill(storeTiles(), { tiles: rows, origin, old_size: size }),
    fill(storeSize(), values),
  ]);
  // Another sealer was faster: what it sealed counts, and the next round goes on from there.
  if (stored.length === 0) return { size, checkpoint, rest };
  const unfinished = lastOf(next.size, [...tiles, ...grown.tiles]);
  known.set(vault, nameOf({ ...tree, size: next.size, checkpoint: made }, unfinished));
  await vault.pin?.();
  return { size: next.size, checkpoint: made, rest: newest - next.size };
};

const storeKey = statement(
  ['origin', 'old_key_id', 'private_key', 'binding', 'key_id'],
  ({ origin, old_key_id, ...key }) =>
    query
      .update(logTree)
      .set(key)
      .where(and(eq(logTree.origin, origin), eq(logTree.key_id, old_key_id))),
);

/** Seals the signing key under the primary key, if there is one and it opens. One that does not is told of when it is to sign. */
export const resealTree = async ({ db, keyring }: Vault): Promise<void> => {
  const [[found] = []] = await transact(db, [fill(readTree(), {})]);
  const tree = found as unknown as TreeRow | undefined;
  if (!tree || tree.key_id === keyring.primary.id || !keyring.byId.has(tree.key_id)) return;
  try {
    const { private_key, binding, key_id } = resealedLogKey(keyring, tree);
    const values = { origin: tree.origin, old_key_id: tree.key_id, private_key, binding, key_id };
    await transact(db, [fill(storeKey(), values)]);
  } catch (error) {
    if (whySealingFails(error) === null) throw error;
  }
};

/** How an error of sealing is told to the operator; null for one that has nothing to do with sealing. */
export const whySealingFails = (error: unknown): string | null =>
  error instanceof LogAltered || error instanceof SealedValueError ? error.message : null;
