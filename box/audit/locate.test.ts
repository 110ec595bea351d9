/** Finding the wrong event in a tree with three levels. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Hash } from '../../core/audit/tree.ts';
import { noHash } from './hashing.ts';
import { Levels } from './levels.ts';
import { locate, type ReadLeaves } from './locate.ts';
import { raise } from './read-tree.ts';

const size = 2 * 65_536 + 3 * 256 + 7;
const leaves = Array.from({ length: size }, (_, index) => createHash('sha256').update(`${index}`).digest());

/** What of a tile is unchanged is not computed again. */
function levelsOf(hashes: readonly Hash[], known?: Levels): Levels {
  const levels = new Levels();
  for (let at = 0; at < size; at += 256) {
    const tile = hashes.slice(at, at + 256);
    const isSame = tile.every((hash, place) => hash === leaves[at + place]);
    levels.add(tile, isSame ? known?.above[1]?.[at / 256] : undefined);
  }
  return levels;
}

const truth = levelsOf(leaves);
const root = truth.root();

function changed(indexes: readonly number[]): Hash[] {
  const copy: Hash[] = [...leaves];
  for (const index of indexes) copy[index] = noHash;
  return copy;
}

/** What is found if these events are wrong, these stored hashes of leaves, and these hashes above: `[level, place]`. */
function find(events: readonly number[], stored: readonly number[], above: readonly [number, number][] = []) {
  const [rows, tiles] = [changed(events), changed(stored)];
  const forged = levelsOf(leaves, truth);
  for (const [level, place] of above) (forged.above[level] as Hash[])[place] = noHash;
  const read: ReadLeaves = (number) => ({
    events: rows.slice(number * 256, number * 256 + 256),
    leaves: tiles.slice(number * 256, number * 256 + 256),
  });
  const sources = {
    events: levelsOf(rows, truth),
    leaves: levelsOf(tiles, truth),
    raised: raise(forged),
    stored: forged,
  };
  const found = locate(sources, size, root, read);
  return found && [found.from, found.to, found.hash !== null];
}

describe('the first wrong event is found', () => {
  test.each([0, 65_535, 65_536, 100_000, 131_072, 131_840, size - 1])('at leaf %i', (index) => {
    expect(find([index], [])).toEqual([index + 1, index + 1, true]);
    expect(find([index, size - 2], [])).toEqual([Math.min(index, size - 2) + 1, Math.min(index, size - 2) + 1, true]);
  });

  test('nothing is found where nothing is wrong, whatever is stored', () => {
    expect(find([], [])).toBeNull();
    expect(
      find(
        [],
        [5, 70_000],
        [
          [1, 3],
          [2, 0],
        ],
      ),
    ).toBeNull();
  });

  test('hashes above it that were forged hide nothing', () => {
    expect(
      find(
        [70_000],
        [],
        [
          [2, 1],
          [1, 273],
        ],
      ),
    ).toEqual([70_001, 70_001, true]);
    expect(find([70_000], [100_000], [[2, 1]])).toEqual([70_001, 70_001, true]);
    expect(
      find(
        [70_000],
        [100_000],
        [
          [2, 1],
          [1, 300],
        ],
      ),
    ).toEqual([1, size, false]);
  });

  test('its own hash, if forged, leaves its tile', () => {
    expect(find([70_000], [70_000])).toEqual([69_889, 70_144, false]);
    expect(find([70_000], [70_000, 70_001])).toEqual([69_889, 70_144, false]);
  });

  test('another forged hash in its tile hides nothing', () => {
    expect(find([70_000], [70_001])).toEqual([70_001, 70_001, true]);
    expect(find([size - 1], [size - 3])).toEqual([size, size, true]);
  });

  test('if everything was computed anew, all of them are named', () => {
    const all = Array.from({ length: size }, (_, index) => index);
    expect(
      find(all, all, [
        [1, 512],
        [1, 513],
        [1, 514],
        [2, 0],
        [2, 1],
      ]),
    ).toEqual([1, size, false]);
  });
});
