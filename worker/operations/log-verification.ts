/**
 * Comparing the log with its tree, a part at a time: leaves with the hashes that were stored when they were sealed, tiles with the hash
 * above them, and the whole with the signed checkpoint. It finds what somebody changed in the database who cannot sign; for more, compare
 * with a checkpoint that is kept elsewhere.
 */
import { and, inArray, sql } from 'drizzle-orm';
import { unionAll } from 'drizzle-orm/sqlite-core';
import { type EventRow, faultFrom, hashOfEvent } from '../../core/audit/compare.ts';
import { checkRoot, hashesOf, isSameHash, LogAltered, type LogFault, storedHashes } from '../../core/audit/growth.ts';
import { isSignedRemoval, readRemoval } from '../../core/audit/removal.ts';
import { noteKeyOf } from '../../core/audit/signing.ts';
import { emptyRoot, type Hash, rootOfTile, type StoredHashes, tileWidth } from '../../core/audit/tree.ts';
import { verifiedCheckpoint } from '../../core/audit/verified.ts';
import { removalsPerVerification, tilesPerVerification } from '../../core/limits.ts';
import { granted } from '../store/granted.ts';
import { auditEvents } from '../store/schema.ts';
import { query } from '../store/statement.ts';
import { eventParts, part, tileParts, treePart } from './log-proofs.ts';
import { archivedSize, eventAsJson, partsOf, sealedSize, type TreeRow, type TreeRows } from './log-tree.ts';
import { operation } from './operation.ts';

/** What one request has verified. */
export interface Verified {
  /** How many events are sealed, and the root over them. */
  size: number;
  root: Hash;
  /** The events up to this one, from the one that was asked for, are as they were sealed. */
  checkedTo: number;
  /** What to go on after; null if all is done, or something is wrong. */
  next: number | null;
  wrong: { id: number | null; kind: LogFault } | null;
}

const chunk = tilesPerVerification * tileWidth;

/** The leaves, counted from 0, that one request looks at. It begins at the start of a tile. */
const spanOf = (after: number, size: number) => {
  const from = Math.floor(after / tileWidth) * tileWidth;
  return { from, to: Math.min(from + chunk, size) };
};

/** Of each tile that the request looks at, and of the end of the tree. */
const places = (after: number) => {
  const { from } = spanOf(after, Number.MAX_SAFE_INTEGER);
  return JSON.stringify(Array.from({ length: tilesPerVerification }, (_, i) => from + i * tileWidth));
};

/** The newest events that say what has left the log. */
const removalParts = () =>
  query
    .select(part('removal', eventAsJson))
    .from(auditEvents)
    .where(
      and(
        inArray(
          auditEvents.id,
          sql`(select id from audit_events where action in ('log.archive', 'log.expire') order by id desc limit ${removalsPerVerification})`,
        ),
        granted,
      ),
    );

/** Verifies the next part of the log. */
export const verifyLog = operation({
  action: 'event.verify',
  params: ['after', 'first', 'last', 'places'],
  isSearch: () => true,
  sql: ({ after, first, last, places }) => ({
    target: { name: sql`'events after ' || cast(${after} as integer)` },
    answer: unionAll(
      treePart(),
      tileParts(
        sql`(select json_group_array(value) from (select distinct value from (select value from json_each(${places}) union all select ${sealedSize})))`,
      ),
      eventParts(sql`max(${first}, ${archivedSize} + 1)`, sql`min(${last}, ${sealedSize})`),
      removalParts(),
    ),
  }),
  values: ({ after }: { after: number }) => {
    const { from } = spanOf(after, Number.MAX_SAFE_INTEGER);
    return { after, first: from + 1, last: from + chunk, places: places(after) };
  },
  result: async (rows, { after }): Promise<Verified> => {
    const parts = partsOf(rows);
    const { tree } = parts;
    if (!tree) return { size: 0, root: emptyRoot, checkedTo: 0, next: null, wrong: null };
    const { size } = tree;
    let root: Hash = emptyRoot;
    try {
      root = await checkTree(tree, parts);
      await checkRemovals(tree, parts);
      const { from, to } = spanOf(after, size);
      if (from >= to) return { size, root, checkedTo: size, next: null, wrong: null };
      for (let first = from; first < to; first += tileWidth) {
        checkTile(tree, parts, first);
        // Others have their turn.
        await new Promise((resolve) => setTimeout(resolve));
      }
      return { size, root, checkedTo: to, next: to < size ? to : null, wrong: null };
    } catch (error) {
      if (!(error instanceof LogAltered)) throw error;
      const { id, kind } = error;
      return { size, root, checkedTo: id === null ? after : id - 1, next: null, wrong: { id, kind } };
    }
  },
});

/** The signed root. @throws LogAltered if it is not that of the tiles. */
const checkTree = async (tree: TreeRow, { tiles }: TreeRows): Promise<Hash> => {
  const signed = await verifiedCheckpoint(tree.checkpoint, noteKeyOf(tree));
  if (signed?.size !== tree.size) throw new LogAltered('signature');
  checkRoot(signed, tiles);
  return signed.root;
};

/** @throws LogAltered if events have left the log, and nothing that its key has signed says so: then somebody has deleted them. */
const checkRemovals = async (tree: TreeRow, { removals }: TreeRows): Promise<void> => {
  let said = 0;
  for (const event of removals) {
    const removal = readRemoval(event);
    if (removal && removal.to > said && (await isSignedRemoval(noteKeyOf(tree), removal))) said = removal.to;
  }
  if (said < tree.archived) throw new LogAltered('missing', said + 1);
};

/** @throws LogAltered if a tile of 256 events is not what they are, or not what is above it. */
const checkTile = ({ size, archived }: TreeRow, { tiles, events }: TreeRows, first: number): void => {
  const number = first / tileWidth;
  const tile = tiles.find((each) => each.level === 0 && each.number === number);
  const width = Math.min(tileWidth, size - first);
  const hashes = tile ? hashesOf(tile) : [];
  if (hashes.length !== width) throw new LogAltered('tree');
  const byId = new Map(events.map((event) => [event.id, event]));
  for (const [index, hash] of hashes.entries()) {
    const id = first + index + 1;
    if (id <= archived) continue;
    const event = byId.get(id);
    const found = event && hashOfEvent(event as EventRow);
    if (found && isSameHash(found, hash)) continue;
    const later = events.filter((each) => each.id >= id).slice(0, tileWidth) as EventRow[];
    throw new LogAltered(faultFrom(id, later, hashes.slice(index)), id);
  }
  if (width === tileWidth) checkAbove(storedHashes(tiles), number, hashes, size);
};

/** Compares a full tile with the hash above it, and, if it is the last below another full tile, that one with what is above it. */
const checkAbove = (stored: StoredHashes, number: number, hashes: readonly Hash[], size: number): void => {
  let of = { level: 0, number, hashes };
  for (;;) {
    const above = of.level + 1;
    if (!isSameHash(rootOfTile(of.hashes), stored(above, of.number))) throw new LogAltered('tree');
    const isLast = of.number % tileWidth === tileWidth - 1;
    const next = Math.floor(of.number / tileWidth);
    if (!isLast || size < (next + 1) * tileWidth ** (above + 1)) return;
    of = {
      level: above,
      number: next,
      hashes: Array.from({ length: tileWidth }, (_, i) => stored(above, next * tileWidth + i)),
    };
  }
};
