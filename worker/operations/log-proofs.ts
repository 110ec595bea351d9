/**
 * What others prove the log with: its key, checkpoints, proofs and tiles. Each answer comes from one statement, so its parts fit each other.
 * Asking is an event like any other. Nothing is checked here that who asks checks anyway, except where something is signed.
 */
import { and, gte, lte, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { unionAll } from 'drizzle-orm/sqlite-core';
import { hashesOf, isSameHash, LogAltered, storedHashes } from '../../core/audit/growth.ts';
import { leafOf, maxLeafBytes } from '../../core/audit/leaf.ts';
import { noteKeyText } from '../../core/audit/note.ts';
import { rootsByConsistency } from '../../core/audit/proof.ts';
import { noteKeyOf, signCheckpoint } from '../../core/audit/signing.ts';
import {
  consistencyRanges,
  type Hash,
  hashOfRange,
  inclusionRanges,
  rootOf,
  tileWidth,
} from '../../core/audit/tree.ts';
import { verifiedCheckpoint } from '../../core/audit/verified.ts';
import { SealedValueError } from '../../core/crypto/keyring.ts';
import type { GovernedAction } from '../../core/policy/policy.ts';
import { granted } from '../store/granted.ts';
import type { Rule } from '../store/rules.ts';
import { auditEvents, logTiles, logTree } from '../store/schema.ts';
import { query, textColumn } from '../store/statement.ts';
import { sealAll } from './log-sealer.ts';
import { openTree, type Sealed } from './log-sealing.ts';
import {
  archivedSize,
  type EventJson,
  eventAsJson,
  isTile,
  isTileAt,
  leavesPerHash,
  newestId,
  partsOf,
  sealedSize,
  type TreeRow,
  type TreeRows,
  tileAsJson,
  treeAsJson,
  wantedAt,
} from './log-tree.ts';
import { type Operation, operation } from './operation.ts';
import type { Vault } from './vault.ts';

const action = 'event.prove';

export const part = (kind: 'tree' | 'tile' | 'event' | 'removal', json: SQL) => ({
  kind: textColumn('kind', sql`${kind}`),
  json: textColumn('json', json),
});

export const treePart = () => query.select(part('tree', treeAsJson)).from(logTree).where(granted);

/** @param places see `wantedAt`. */
export const tileParts = (places: SQLWrapper) =>
  query.select(part('tile', tileAsJson)).from(wantedAt(places)).crossJoin(logTiles).where(and(isTileAt, granted));

/** Events `from` to `to`, both included. */
export const eventParts = (from: SQLWrapper, to: SQLWrapper) =>
  query
    .select(part('event', eventAsJson))
    .from(auditEvents)
    .where(and(gte(auditEvents.id, from), lte(auditEvents.id, to), granted));

const notSealed = (when: SQL): Rule => ({ when, outcome: 'conflict', reason: 'not_sealed' });

const treeOf = ({ tree }: TreeRows): TreeRow => {
  if (!tree) throw new TypeError('A part of the tree was let out, and there is no tree');
  return tree;
};

/**
 * Turns what is found to be wrong with the log into a refusal. The event that allowed the request stays: it was allowed, and this is what
 * came of it.
 */
const tellingFaults = <Input, Result>(inner: Operation<Input, Result>): Operation<Input, Result> => ({
  ...inner,
  async perform(context, input) {
    try {
      return await inner.perform(context, input);
    } catch (error) {
      const reason = faultIn(error);
      if (reason === null) throw error;
      return { outcome: 'conflict', reason, action: inner.action };
    }
  },
});

/** An event that moved in from v0.6 may have longer texts than the vault's own; a bundle has two bytes for its length. */
class LeafTooLong extends Error {}

const faultIn = (error: unknown): string | null => {
  if (error instanceof LeafTooLong) return 'too_long';
  if (error instanceof LogAltered) return `altered ${error.kind} ${error.id ?? ''}`.trimEnd();
  return error instanceof SealedValueError ? `no_log_key ${error.keyId ?? ''}`.trimEnd() : null;
};

/** What there is before the log was first sealed: a key, and a checkpoint of nothing. */
const treeOrNew = async (rows: TreeRows, vault: Vault, now: number): Promise<TreeRow> =>
  rows.tree ?? (await openTree(vault, now));

/** The public key by which notes are verified, as one line. */
export const readLogKey = tellingFaults(
  operation({
    action,
    sql: () => ({ target: { name: sql`'key'` }, answer: treePart() }),
    result: async (rows, _: Record<never, never>, { vault, caller }) =>
      noteKeyText(noteKeyOf(await treeOrNew(partsOf(rows), vault, caller.now))),
  }),
);

/** The newest checkpoint. */
export const readCheckpoint = tellingFaults(
  operation({
    action,
    sql: () => ({ target: { name: sql`'checkpoint'` }, answer: treePart() }),
    result: async (rows, _: Record<never, never>, { vault, caller }) =>
      (await treeOrNew(partsOf(rows), vault, caller.now)).checkpoint,
  }),
);

/** Seals everything that was committed before; `rest` says how much is left if that takes longer than one request may. */
export const sealLog = tellingFaults(
  operation({
    action: 'event.seal' satisfies GovernedAction,
    sql: () => ({ target: { name: sql`'checkpoint'` } }),
    result: async (_rows, _: Record<never, never>, { vault }): Promise<Sealed> => sealAll(vault),
  }),
);

const leafIn = (event: EventJson): Uint8Array => {
  try {
    return leafOf(event);
  } catch (error) {
    if (error instanceof TypeError) throw new LogAltered('edited', event.id);
    throw error;
  }
};

export interface InclusionProof {
  /** The leaf; null for an event that has left the log. */
  leaf: Uint8Array | null;
  index: number;
  hashes: Hash[];
  checkpoint: string;
}

/** Proves that an event is in the log of the newest checkpoint. */
export const proveEvent = tellingFaults(
  operation({
    action,
    params: ['id'],
    sql: ({ id }) => ({
      target: { name: sql`'proof ' || cast(${id} as integer)` },
      rules: [
        { when: sql`${id} < 1 or ${id} > ${newestId}`, outcome: 'not_found', reason: 'no_event' },
        notSealed(sql`${id} > ${sealedSize}`),
      ],
      answer: unionAll(treePart(), tileParts(sql`json_array(${id} - 1, ${sealedSize})`), eventParts(id, id)),
    }),
    values: ({ id }: { id: number }) => ({ id }),
    result: (rows, { id }): InclusionProof => {
      const parts = partsOf(rows);
      const { size, checkpoint, archived } = treeOf(parts);
      const [event] = parts.events;
      if (!event && id > archived) throw new LogAltered('missing', id);
      const stored = storedHashes(parts.tiles);
      const hashes = inclusionRanges(id - 1, size).map((range) => hashOfRange(range, stored));
      return { leaf: event ? leafIn(event) : null, index: id - 1, hashes, checkpoint };
    },
  }),
);

export interface ConsistencyProof {
  from: number;
  hashes: Hash[];
  checkpoint: string;
}

/** Proves that the log of `to` events, of the newest checkpoint if it is null, begins with that of `from` events. */
export const proveConsistency = tellingFaults(
  operation({
    action,
    params: ['from', 'to'],
    sql: ({ from, to }) => ({
      target: { name: sql`'consistency ' || cast(${from} as integer)` },
      rules: [
        { when: sql`coalesce(${from} > ${to}, 0)`, outcome: 'invalid', reason: 'from_after_to' },
        notSealed(sql`max(${from}, coalesce(${to}, 0)) > ${sealedSize}`),
      ],
      answer: unionAll(
        treePart(),
        tileParts(
          sql`json_array(max(${from} - 1, 0), max(coalesce(${to}, ${sealedSize}) - 1, 0), coalesce(${to}, ${sealedSize}), ${sealedSize})`,
        ),
      ),
    }),
    values: (given: { from: number; to: number | null }) => given,
    result: async (rows, { from, to }, { vault, caller }): Promise<ConsistencyProof> => {
      const parts = partsOf(rows);
      const tree = await treeOrNew(parts, vault, caller.now);
      const stored = storedHashes(parts.tiles);
      const size = to ?? tree.size;
      const hashes = consistencyRanges(from, size).map((range) => hashOfRange(range, stored));
      const checkpoint = size === tree.size ? tree.checkpoint : await earlierCheckpoint(vault, parts, size);
      return { from, hashes, checkpoint };
    },
  }),
);

/**
 * Signs what the log was at an earlier size. That the tiles of then lead to the newest checkpoint is proven first: otherwise who can write
 * to the database could have anything signed.
 */
const earlierCheckpoint = async (vault: Vault, parts: TreeRows, size: number): Promise<string> => {
  const tree = treeOf(parts);
  const newest = await verifiedCheckpoint(tree.checkpoint, noteKeyOf(tree));
  if (newest?.size !== tree.size) throw new LogAltered('signature');
  const stored = storedHashes(parts.tiles);
  const root = rootOf(size, stored);
  if (size > 0) {
    const proof = consistencyRanges(size, newest.size).map((range) => hashOfRange(range, stored));
    const roots = rootsByConsistency(size, newest.size, root, proof);
    if (!roots || !isSameHash(roots.old, root) || !isSameHash(roots.new, newest.root)) throw new LogAltered('tree');
  }
  return signCheckpoint(vault.keyring, tree, { size, root });
};

/** A tile, or a bundle of entries, by its place. */
export interface TilePlace {
  number: number;
  /** How many hashes or entries; 256 if it is full. */
  width: number;
}

/** The hashes of a tile. */
export const readTile = tellingFaults(
  operation({
    action,
    params: ['level', 'number', 'width', 'leaves'],
    sql: ({ level, number, width, leaves }) => ({
      target: { name: sql`'tile ' || cast(${level} as integer) || '/' || cast(${number} as integer)` },
      rules: [
        {
          when: sql`(${number} * ${tileWidth} + ${width}) > ${sealedSize} / ${leaves}`,
          outcome: 'not_found',
          reason: 'no_tile',
        },
      ],
      answer: query
        .select({ hashes: logTiles.hashes })
        .from(logTiles)
        .where(and(isTile(level, number), granted)),
    }),
    values: (given: TilePlace & { level: number }) => ({ ...given, leaves: leavesPerHash(given.level) }),
    result: ([tile], { width }): Hash[] => {
      const hashes = tile ? hashesOf(tile).slice(0, width) : [];
      if (hashes.length < width) throw new LogAltered('tree');
      return hashes;
    },
  }),
);

/** The leaves under a tile of level 0. */
export const readEntries = tellingFaults(
  operation({
    action,
    params: ['number', 'width'],
    sql: ({ number, width }) => ({
      target: { name: sql`'entries ' || cast(${number} as integer)` },
      rules: [
        {
          when: sql`(${number} * ${tileWidth} + ${width}) > ${sealedSize}`,
          outcome: 'not_found',
          reason: 'no_tile',
        },
        { when: sql`${number} * ${tileWidth} < ${archivedSize}`, outcome: 'not_found', reason: 'archived' },
      ],
      answer: eventParts(sql`(${number} * ${tileWidth} + 1)`, sql`(${number} * ${tileWidth} + ${width})`).orderBy(
        auditEvents.id,
      ),
    }),
    values: ({ number, width }: TilePlace) => ({ number, width }),
    result: (rows, { number, width }): Uint8Array[] => {
      const { events } = partsOf(rows);
      const first = number * tileWidth + 1;
      const gap = events.findIndex(({ id }, index) => id !== first + index);
      if (gap >= 0 || events.length < width) throw new LogAltered('missing', first + (gap < 0 ? events.length : gap));
      const leaves = events.map(leafIn);
      if (leaves.some(({ length }) => length > maxLeafBytes)) throw new LeafTooLong();
      return leaves;
    },
  }),
);
