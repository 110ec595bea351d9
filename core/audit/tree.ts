/**
 * The Merkle tree over the log, as in RFC 6962, section 2.1 (RFC 9162, section 2.1, is the same for these hashes): SHA-256, with
 * 0x00 before a leaf and 0x01 before two hashes. Hashes are stored as C2SP tlog-tiles has them: level 0 holds the hashes of the
 * leaves, and each level above holds the roots of 256 hashes of the level below. So a range of leaves whose length is a power of 256,
 * and which begins at a multiple of it, is one stored hash, and everything else follows from at most 256 of them.
 *
 * These functions know no storage. They say which tiles they read (`tilesOf`), and read them through a `StoredHashes`.
 */
import { sha256 } from '@noble/hashes/sha2.js';

export type Hash = Uint8Array;

/** Leaves `from`, inclusive, to `to`, exclusive. */
export interface Range {
  from: number;
  to: number;
}

/** The stored hash at a place of a level. */
export type StoredHashes = (level: number, place: number) => Hash;

/** A tile: hashes `256 * number` and following of a level. */
export interface Tile {
  level: number;
  number: number;
}

/** Hashes in a full tile (C2SP tlog-tiles). */
export const tileWidth = 256;
export const hashBytes = 32;

/** Of the tree without leaves. */
export const emptyRoot: Hash = sha256(new Uint8Array());

export function leafHash(leaf: Uint8Array): Hash {
  const bytes = new Uint8Array(1 + leaf.length);
  bytes.set(leaf, 1);
  return hash(bytes);
}

export function nodeHash(left: Hash, right: Hash): Hash {
  const bytes = new Uint8Array(1 + 2 * hashBytes);
  bytes[0] = 1;
  bytes.set(left, 1);
  bytes.set(right, 1 + hashBytes);
  return hash(bytes);
}

/** SHA-256: our own, which runs everywhere, until a runtime gives its own. */
let hash: (bytes: Uint8Array) => Hash = sha256;

/** Has hashes computed by a runtime's own SHA-256, which takes a tenth of the time. */
export function hashBy(native: (bytes: Uint8Array) => Hash): void {
  hash = native;
}

/** MTH of RFC 6962 over a range of leaves that is a node of some tree: a whole tree, or one side of a node. */
export function hashOfRange({ from, to }: Range, stored: StoredHashes): Hash {
  const length = to - from;
  if (length === 0) return emptyRoot;
  const level = levelOf(length);
  if (level !== null && from % length === 0) return stored(level, from / length);
  const middle = from + leftLength(length);
  return nodeHash(hashOfRange({ from, to: middle }, stored), hashOfRange({ from: middle, to }, stored));
}

export function rootOf(size: number, stored: StoredHashes): Hash {
  return hashOfRange({ from: 0, to: size }, stored);
}

/**
 * PATH of RFC 6962, section 2.1.1: the ranges whose hashes prove that leaf `index` is in the tree of `size` leaves, from the leaf
 * towards the root.
 */
export function inclusionRanges(index: number, size: number): Range[] {
  const ranges: Range[] = [];
  let from = 0;
  let to = size;
  while (to - from > 1) {
    const middle = from + leftLength(to - from);
    if (index < middle) {
      ranges.push({ from: middle, to });
      to = middle;
    } else {
      ranges.push({ from, to: middle });
      from = middle;
    }
  }
  return ranges.reverse();
}

/**
 * PROOF of RFC 6962, section 2.1.2: the ranges whose hashes prove that the tree of `old` leaves is the beginning of that of `size`
 * leaves. None if the two are the same, or if the old tree is empty.
 */
export function consistencyRanges(old: number, size: number): Range[] {
  if (old === 0 || old === size) return [];
  const ranges: Range[] = [];
  let from = 0;
  let to = size;
  // Whether the old tree is a whole side of a node so far: then its hash is known to who asks.
  let isWhole = true;
  while (old !== to) {
    const middle = from + leftLength(to - from);
    if (old <= middle) {
      ranges.push({ from: middle, to });
      to = middle;
    } else {
      ranges.push({ from, to: middle });
      from = middle;
      isWhole = false;
    }
  }
  if (!isWhole) ranges.push({ from, to });
  return ranges.reverse();
}

/** The tiles that `hashOfRange` reads for these ranges, each once. */
export function tilesOf(ranges: readonly Range[]): Tile[] {
  const tiles = new Map<string, Tile>();
  for (const range of ranges) {
    hashOfRange(range, (level, place) => {
      const number = Math.floor(place / tileWidth);
      tiles.set(`${level}/${number}`, { level, number });
      return emptyRoot;
    });
  }
  return [...tiles.values()];
}

/**
 * The tiles that change or begin when the tree grows from `size` leaves by those with these hashes, with all the hashes that each
 * then holds. `lastTile` gives the hashes of the unfinished tile at the end of a level; it is empty if the level ends with a full one.
 */
export function grown(
  size: number,
  leaves: readonly Hash[],
  lastTile: (level: number) => readonly Hash[],
): (Tile & { hashes: Hash[] })[] {
  const tiles: (Tile & { hashes: Hash[] })[] = [];
  let added = leaves;
  let count = size;
  for (let level = 0; added.length > 0; level += 1) {
    const roots: Hash[] = [];
    let number = Math.floor(count / tileWidth);
    let hashes = [...lastTile(level)];
    for (const hash of added) {
      hashes.push(hash);
      if (hashes.length < tileWidth) continue;
      tiles.push({ level, number, hashes });
      roots.push(rootOfTile(hashes));
      number += 1;
      hashes = [];
    }
    if (hashes.length > 0) tiles.push({ level, number, hashes });
    count = Math.floor(count / tileWidth);
    added = roots;
  }
  return tiles;
}

/** The root of a full tile, which is one hash of the level above. */
export function rootOfTile(hashes: readonly Hash[]): Hash {
  let row = hashes;
  while (row.length > 1) {
    const above: Hash[] = [];
    for (let i = 0; i < row.length; i += 2) above.push(nodeHash(row[i] as Hash, row[i + 1] as Hash));
    row = above;
  }
  return row[0] as Hash;
}

/** How many hashes a level holds in a tree of so many leaves. */
export function lengthOfLevel(level: number, size: number): number {
  return Math.floor(size / tileWidth ** level);
}

/** The largest power of two below a length of two or more. */
function leftLength(length: number): number {
  let power = 1;
  while (power * 2 < length) power *= 2;
  return power;
}

/** The level at which so many leaves are one stored hash; null if there is none. */
function levelOf(length: number): number | null {
  let level = 0;
  let leaves = 1;
  while (leaves < length) {
    leaves *= tileWidth;
    level += 1;
  }
  return leaves === length ? level : null;
}
