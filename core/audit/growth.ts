/**
 * How the tree in the database grows: from the last tiles and the new leaves to the tiles that change and the new root. Before it grows it
 * is held against its newest checkpoint, so nothing is signed that does not continue what was signed before.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import { base64, fromBase64 } from '../crypto/encoding.ts';
import { grown, type Hash, hashBytes, lengthOfLevel, rootOf, type StoredHashes, tileWidth } from './tree.ts';

/** A row of `log_tiles`. */
export interface StoredTile {
  level: number;
  number: number;
  /** Up to 256 hashes of 32 bytes, in base64. */
  hashes: string;
}

/** More leaves than JavaScript can count have a level more. */
export const treeLevels = 7;

/** What is wrong with a log. */
export type LogFault = 'edited' | 'missing' | 'reordered' | 'added' | 'tree' | 'signature';

/** The log is not what was sealed, or cannot be sealed. `id` names the first event that is wrong; null if it is none of them. */
export class LogAltered extends Error {
  override name = 'LogAltered';
  readonly kind: LogFault;
  readonly id: number | null;
  constructor(kind: LogFault, id: number | null = null) {
    super(`the log is not as it was sealed: ${kind}${id === null ? '' : ` at event ${id}`}`);
    this.kind = kind;
    this.id = id;
  }
}

/** The hashes of a tile. @throws LogAltered if it holds something else. */
export function hashesOf({ hashes }: Pick<StoredTile, 'hashes'>): Hash[] {
  const bytes = fromBase64(hashes);
  if (!bytes || bytes.length === 0 || bytes.length % hashBytes !== 0) throw new LogAltered('tree');
  return Array.from({ length: bytes.length / hashBytes }, (_, i) => bytes.subarray(i * hashBytes, (i + 1) * hashBytes));
}

/** Reads tiles of which each is decoded once. @throws LogAltered, when it is asked, for a hash that is not there. */
export function storedHashes(tiles: readonly StoredTile[]): StoredHashes {
  const found = new Map(tiles.map((tile) => [`${tile.level}/${tile.number}`, tile]));
  const decoded = new Map<string, Hash[]>();
  return (level, place) => {
    const name = `${level}/${Math.floor(place / tileWidth)}`;
    const tile = found.get(name);
    const hashes = decoded.get(name) ?? (tile ? hashesOf(tile) : []);
    decoded.set(name, hashes);
    const hash = hashes[place % tileWidth];
    if (!hash) throw new LogAltered('tree');
    return hash;
  };
}

/** @throws LogAltered if the tiles do not have this root. */
export function checkRoot({ size, root }: { size: number; root: Hash }, tiles: readonly StoredTile[]): void {
  if (!isSameHash(rootOf(size, storedHashes(tiles)), root)) throw new LogAltered('tree');
}

/**
 * Lets a tree grow.
 *
 * @param last the unfinished tile at the end of each level that has one; others are not read.
 * @param leaves the hashes of the events after the first `size`.
 * @returns the tiles to be stored, and the root of all.
 */
export function growTree(
  size: number,
  last: readonly StoredTile[],
  leaves: readonly Hash[],
): { tiles: StoredTile[]; root: Hash } {
  const lastTile = (level: number): Hash[] => {
    const length = lengthOfLevel(level, size);
    if (length % tileWidth === 0) return [];
    const number = Math.floor(length / tileWidth);
    const tile = last.find((each) => each.level === level && each.number === number);
    const hashes = tile ? hashesOf(tile).slice(0, length % tileWidth) : [];
    if (hashes.length !== length % tileWidth) throw new LogAltered('tree');
    return hashes;
  };
  const tiles = grown(size, leaves, lastTile).map(({ level, number, hashes }) => ({
    level,
    number,
    hashes: base64(concatenated(hashes)),
  }));
  return { tiles, root: rootOf(size + leaves.length, storedHashes([...last, ...tiles])) };
}

/** Of these tiles, of which later ones replace earlier ones, the unfinished ones at the end of a tree: from the lowest level up. */
export function lastOf(size: number, tiles: readonly StoredTile[]): StoredTile[] {
  return Array.from({ length: treeLevels }, (_, level) => {
    const number = Math.floor(lengthOfLevel(level, size) / tileWidth);
    return tiles.findLast((tile) => tile.level === level && tile.number === number);
  }).filter((tile) => tile !== undefined);
}

export function isSameHash(one: Hash, other: Hash): boolean {
  return bytesToHex(one) === bytesToHex(other);
}

function concatenated(hashes: readonly Hash[]): Uint8Array {
  const bytes = new Uint8Array(hashes.length * hashBytes);
  for (const [index, hash] of hashes.entries()) bytes.set(hash, index * hashBytes);
  return bytes;
}
