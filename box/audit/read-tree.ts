/** Reads the events and the stored hashes of a log once, side by side, and keeps of both what the comparison needs. */
import { readRemoval, type SignedRemoval } from '../../core/audit/removal.ts';
import { type Hash, lengthOfLevel, tileWidth } from '../../core/audit/tree.ts';
import { digestOfEvent, isSame, noDigest, noHash, rootOfFullTile, TileBuffer } from './hashing.ts';
import { Levels } from './levels.ts';
import type { StoredEvent, StoredLog } from './stored-log.ts';

/** Where a hash comes from: computed from the events, from the stored hashes of their leaves, or from those of level 1; or stored. */
export interface Sources {
  events: Levels;
  leaves: Levels;
  raised: Levels;
  stored: Levels;
}

/** What reading the whole tree found. */
export interface ReadTree extends Sources {
  /** The ids of events that are not there; of the first only, and how many there are. */
  missing: { first: number; count: number };
  /** The first leaf whose event and stored hash differ: its index. Null if there is none. */
  firstDifference: number | null;
  /** The root of the events at the sizes that were asked for. */
  rootsAt: Map<number, Hash>;
  /** What the log says of the events that have left it. Nobody has looked at the signatures yet. */
  removals: SignedRemoval[];
  /** The ids of the events that say that a backup was restored. */
  restores: number[];
}

export interface WhatToRead {
  size: number;
  archived: number;
  /** Sizes of checkpoints, none above `size`. */
  sizes: readonly number[];
}

/** Reads the first `size` events. The stored hashes stand for those that are archived. */
export function readTree(log: StoredLog, { size, archived, sizes }: WhatToRead): ReadTree {
  const stored = readStored(log, size);
  const read: ReadTree = {
    ...{ events: new Levels(), leaves: new Levels(), raised: raise(stored), stored },
    missing: { first: 0, count: 0 },
    firstDifference: null,
    rootsAt: new Map(),
    removals: [],
    restores: [],
  };
  const wanted = new Set(sizes);
  const rows = log.events(1);
  let event = rows.next();
  const [hashes, leaves] = [new TileBuffer(), new TileBuffer()];
  for (let begin = 0; begin < size; begin += tileWidth) {
    const length = Math.min(tileWidth, size - begin);
    leaves.read(log.tileText(0, begin / tileWidth));
    for (let place = 0; place < length; place += 1) {
      const id = begin + place + 1;
      let digest = noDigest;
      if (!event.done && event.value.id === id) {
        noteActs(read, event.value);
        digest = event.value.row ? digestOfEvent(event.value.row) : noDigest;
        event = rows.next();
      } else if (id <= archived) {
        digest = leaves.digest(place);
      } else {
        read.missing.first ||= id;
        read.missing.count += 1;
      }
      hashes.put(place, digest);
    }
    addTile(read, hashes, leaves, length);
    for (let at = begin + 1; at <= begin + length; at += 1) {
      if (wanted.has(at)) read.rootsAt.set(at, read.events.root(at));
    }
  }
  for (; !event.done; event = rows.next()) noteActs(read, event.value);
  return read;
}

function noteActs(read: ReadTree, { id, row }: StoredEvent): void {
  if (row?.action === 'vault.restore') read.restores.push(id);
  const removal = row && readRemoval(row);
  if (removal) read.removals.push(removal);
}

function addTile(read: ReadTree, hashes: TileBuffer, leaves: TileBuffer, length: number): void {
  const isDifferent = !hashes.isSame(leaves, length);
  if (isDifferent && read.firstDifference === null) {
    const place = hashes.hashes(length).findIndex((hash, each) => !isSame(hash, leaves.hashes(length)[each]));
    read.firstDifference = read.events.size + place;
  }
  const root = length === tileWidth ? rootOfFullTile(hashes.hashes(length)) : undefined;
  read.events.add(hashes.hashes(length), root);
  read.leaves.add(leaves.hashes(length), isDifferent ? undefined : root);
}

/** The stored hashes of level 1 and above; those of level 0 are read beside the events. */
function readStored(log: StoredLog, size: number): Levels {
  const levels = new Levels();
  for (let level = 1; lengthOfLevel(level, size) > 0; level += 1) {
    const length = lengthOfLevel(level, size);
    const hashes: Hash[] = [];
    for (let number = 0; number * tileWidth < length; number += 1) {
      const wanted = Math.min(tileWidth, length - number * tileWidth);
      const tile = log.tile(level, number).slice(0, wanted);
      while (tile.length < wanted) tile.push(noHash);
      hashes.push(...tile);
    }
    levels.above[level] = hashes;
  }
  return levels;
}

/** The levels above the stored level 1, computed from it. */
export function raise(stored: Levels): Levels {
  const raised = new Levels();
  for (const hash of stored.above[1] ?? []) raised.put(1, hash);
  return raised;
}
