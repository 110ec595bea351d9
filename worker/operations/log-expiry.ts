/**
 * Events that are older than LOG_RETENTION_DAYS leave the log; their hashes stay, so proofs go on. That happens after a seal, some at a time. Only
 * sealed events leave, only the first ones of the log, and only if they are as they were sealed: otherwise somebody who can write to the
 * database could have the vault remove what was changed. The event that says which ones have left is signed (core/audit/removal.ts).
 */
import { and, asc, eq, gt, lt, lte, sql } from 'drizzle-orm';
import { isSameHash, LogAltered, type StoredTile, storedHashes } from '../../core/audit/growth.ts';
import { rootByInclusion } from '../../core/audit/proof.ts';
import { type Removal, removeEvents } from '../../core/audit/removal.ts';
import { noteKeyOf, signRemoval } from '../../core/audit/signing.ts';
import { hashOfRange, inclusionRanges, leafHash, tileWidth } from '../../core/audit/tree.ts';
import { verifiedCheckpoint } from '../../core/audit/verified.ts';
import { utf8 } from '../../core/crypto/encoding.ts';
import { newNonce } from '../../core/crypto/random.ts';
import { eventsPerExpiry, eventsPerSealingSlice, maxExpiryRounds, sealingPauseMs } from '../../core/limits.ts';
import { auditEvents, logTiles, logTree } from '../store/schema.ts';
import { fill, insertFrom, type Query, query, statement, textColumn } from '../store/statement.ts';
import { transact } from '../store/transact.ts';
import { archivedSize, isTileAt, leafAsText, newestId, sealedSize, type TreeRow, wantedAt } from './log-tree.ts';
import type { Vault } from './vault.ts';

const readTree = statement([], () => query.select().from(logTree));

/** The first events of the log, as far as they are sealed and old enough. */
const readExpired = statement(['before'], ({ before }) =>
  query
    .select({ id: auditEvents.id, leaf: textColumn('leaf', leafAsText) })
    .from(auditEvents)
    .where(
      and(
        gt(auditEvents.id, archivedSize),
        lte(auditEvents.id, sql`min(${archivedSize} + ${eventsPerExpiry}, ${sealedSize})`),
        lt(auditEvents.at, before),
      ),
    )
    .orderBy(asc(auditEvents.id)),
);

/** The tiles that prove these events to be in the tree. */
const readTiles = statement([], () => {
  const offsets = JSON.stringify(Array.from({ length: eventsPerExpiry / tileWidth + 1 }, (_, i) => i * tileWidth));
  const places = sql`(select json_group_array(value) from (select min(${archivedSize} + value, ${sealedSize}) as value from json_each(${offsets})
    union select ${sealedSize}))`;
  return query
    .selectDistinct({ level: logTiles.level, number: logTiles.number, hashes: logTiles.hashes })
    .from(wantedAt(places))
    .crossJoin(logTiles)
    .where(isTileAt);
});

/** Two at once do no harm: the second one finds that another event has left. */
const recordExpiry = statement(
  ['at', 'request_id', 'action', 'target', 'reason', 'origin', 'archived'],
  ({ origin, archived, ...fields }) =>
    insertFrom(
      auditEvents,
      { ...fields, outcome: 'allowed', address: 'localhost', user_agent: 'keystore' },
      logTree,
      and(eq(logTree.origin, origin), eq(logTree.archived, archived)),
    ),
);

/** Only if the event was written, which is the newest then. */
const moveBorder = statement(['to', 'request_id'], ({ to, request_id }) =>
  query
    .update(logTree)
    .set({ archived: to })
    .where(
      sql`(select request_id from audit_events where id = ${newestId}) = ${request_id} and ${logTree.archived} < ${to} and ${to} <= ${logTree.size}`,
    )
    .returning({ archived: logTree.archived }),
);

const removals = removeEvents.map((text) => statement([], () => sql.raw(text) as unknown as Query));

interface ExpiredRow {
  id: number;
  leaf: string;
}

/** How many of these follow each other from the first event that is left. If one is missing, somebody else has removed it. */
const runOf = (rows: readonly ExpiredRow[], archived: number): ExpiredRow[] => {
  const end = rows.findIndex(({ id }, index) => id !== archived + 1 + index);
  return rows.slice(0, end < 0 ? rows.length : end);
};

/** @throws LogAltered unless the events are those that the signed checkpoint covers. */
const checkEvents = async (tree: TreeRow, tiles: readonly StoredTile[], events: readonly ExpiredRow[]) => {
  const signed = await verifiedCheckpoint(tree.checkpoint, noteKeyOf(tree));
  if (signed?.size !== tree.size) throw new LogAltered('signature');
  const stored = storedHashes(tiles);
  for (const [index, { id, leaf }] of events.entries()) {
    const place = id - 1;
    const hash = stored(0, place);
    if (!isSameHash(leafHash(utf8(leaf)), hash)) throw new LogAltered('edited', id);
    // The proof of one leaf covers all hashes of its tile.
    if (index === 0 || place % tileWidth === 0) {
      const proof = inclusionRanges(place, tree.size).map((range) => hashOfRange(range, stored));
      const root = rootByInclusion(hash, place, tree.size, proof);
      if (!root || !isSameHash(root, signed.root)) throw new LogAltered('tree', id);
    }
    if (index % eventsPerSealingSlice === 0) await pause(0);
  }
};

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Removes some expired events.
 *
 * @returns how many; fewer than `eventsPerExpiry` if no more are old enough.
 * @throws LogAltered and SealedValueError as sealing does; nothing has left then.
 */
const expireRound = async ({ db, keyring, logDays }: Vault, now: number): Promise<number> => {
  if (logDays === null) return 0;
  const before = now - logDays * 86_400_000;
  const asked = [fill(readTree(), {}), fill(readTiles(), {}), fill(readExpired(), { before })];
  const [[tree] = [], tiles, rows] = (await transact(db, asked)) as unknown as [TreeRow[], StoredTile[], ExpiredRow[]];
  if (!tree) return 0;
  const events = runOf(rows, tree.archived);
  const last = events.at(-1);
  if (!last) return 0;
  await checkEvents(tree, tiles, events);
  const { origin, archived } = tree;
  const why = `LOG_RETENTION_DAYS=${logDays}`;
  const removal: Removal = { action: 'log.expire', from: archived + 1, to: last.id, why };
  const { target, reason } = await signRemoval(keyring, tree, removal);
  const request_id = newNonce();
  const values = { at: now, request_id, action: removal.action, target, reason, origin, archived };
  const [, moved = []] = await transact(db, [
    fill(recordExpiry(), values),
    fill(moveBorder(), { to: last.id, request_id }),
    ...removals.map((each) => fill(each(), {})),
  ]);
  return moved.length > 0 ? events.length : 0;
};

/**
 * Removes expired events, in some rounds.
 *
 * @returns how many events say so, and whether there may be more to remove.
 */
export const expireEvents = async (vault: Vault): Promise<{ rounds: number; isBehind: boolean }> => {
  for (let rounds = 0; rounds < maxExpiryRounds; rounds++) {
    const removed = await expireRound(vault, Date.now());
    if (removed < eventsPerExpiry) return { rounds: rounds + Math.sign(removed), isBehind: false };
    await pause(sealingPauseMs);
  }
  return { rounds: maxExpiryRounds, isBehind: true };
};
