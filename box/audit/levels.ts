/** A tree of one source, the events or the stored hashes: what of it is kept in memory while the leaves are read. */
import { type Hash, rootOf, tileWidth } from '../../core/audit/tree.ts';
import { noHash, rootOfFullTile } from './hashing.ts';

/** Grows by one tile of leaves at a time. Keeps the hashes of every level but the lowest, of which it keeps the last tile. */
export class Levels {
  /** How many leaves there are. */
  size = 0;
  /** The hashes of the last tile of leaves. */
  lastTile: readonly Hash[] = [];
  /** The hashes of levels 1 and above. Level 0 is empty. */
  readonly above: Hash[][] = [[]];

  /** Adds the next leaves: 256, or fewer if they are the last ones. `root` is that of a full tile, if it is known. */
  add(hashes: readonly Hash[], root?: Hash): void {
    this.lastTile = hashes;
    this.size += hashes.length;
    if (hashes.length === tileWidth) this.put(1, root ?? rootOfFullTile(hashes));
  }

  /** Adds a hash of a level, and with the last one of a tile the hash above it. */
  put(level: number, hash: Hash): void {
    this.above[level] ??= [];
    const hashes = this.above[level];
    hashes.push(hash);
    if (hashes.length % tileWidth === 0) this.put(level + 1, rootOfFullTile(hashes.slice(-tileWidth)));
  }

  /** The hash at a place of a level. Of level 0 only the last tile is known. */
  hash(level: number, place: number): Hash {
    if (level > 0) return this.above[level]?.[place] ?? noHash;
    const begin = this.size - this.lastTile.length;
    return this.lastTile[place - begin] ?? noHash;
  }

  /** The root of the first leaves, of which the last one is in the last tile. */
  root(size = this.size): Hash {
    return rootOf(size, (level, place) => this.hash(level, place));
  }
}
