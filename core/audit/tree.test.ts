import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { describe, expect, test } from 'vitest';
import { rootByInclusion, rootsByConsistency } from './proof.ts';
import {
  consistencyRanges,
  emptyRoot,
  grown,
  type Hash,
  hashOfRange,
  inclusionRanges,
  leafHash,
  nodeHash,
  rootOf,
  type StoredHashes,
  type Tile,
  tilesOf,
  tileWidth,
} from './tree.ts';

/** The leaves and roots that implementations of Certificate Transparency test with. */
const knownLeaves = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const knownRoots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

/** A tree that grows as the vault's does, by its tiles alone. */
class Tree {
  size = 0;
  readonly tiles = new Map<string, readonly Hash[]>();
  /** The tiles that were read, to compare with what `tilesOf` says. */
  read = new Set<string>();

  add(leaves: readonly Hash[]): void {
    const last = (level: number) => {
      const length = Math.floor(this.size / tileWidth ** level);
      const tile = this.tiles.get(`${level}/${Math.floor(length / tileWidth)}`) ?? [];
      return length % tileWidth === 0 ? [] : tile;
    };
    for (const { level, number, hashes } of grown(this.size, leaves, last))
      this.tiles.set(`${level}/${number}`, hashes);
    this.size += leaves.length;
  }

  stored: StoredHashes = (level, place) => {
    const tile = `${level}/${Math.floor(place / tileWidth)}`;
    this.read.add(tile);
    const hash = this.tiles.get(tile)?.[place % tileWidth];
    if (!hash) throw new Error(`nothing is stored at ${place} of level ${level}`);
    return hash;
  };
}

/** MTH as RFC 6962, section 2.1, defines it, from the leaves. */
function mth(leaves: readonly Hash[]): Hash {
  if (leaves.length === 0) return emptyRoot;
  if (leaves.length === 1) return leaves[0] as Hash;
  let middle = 1;
  while (middle * 2 < leaves.length) middle *= 2;
  return nodeHash(mth(leaves.slice(0, middle)), mth(leaves.slice(middle)));
}

function numbered(count: number) {
  return Array.from({ length: count }, (_, i) => leafHash(Uint8Array.of(i >> 16, i >> 8, i)));
}

describe('the tree', () => {
  test('has the roots of the published leaves', () => {
    const leaves = knownLeaves.map((leaf) => leafHash(hexToBytes(leaf)));
    for (const [size, root] of knownRoots.entries()) {
      const tree = new Tree();
      tree.add(leaves.slice(0, size));
      expect(bytesToHex(rootOf(size, tree.stored))).toBe(root);
    }
  });

  test.each([1, 7, 255, 256, 257, 1000])('has the root of the definition, however it grew: by %i leaves', (step) => {
    const leaves = numbered(2100);
    const tree = new Tree();
    for (let from = 0; from < leaves.length; from += step) {
      tree.add(leaves.slice(from, from + step));
      if (step > 200) expect(rootOf(tree.size, tree.stored)).toEqual(mth(leaves.slice(0, tree.size)));
    }
    expect(rootOf(tree.size, tree.stored)).toEqual(mth(leaves));
  });

  test('has the root of each size that it had before', () => {
    const leaves = numbered(600);
    const tree = new Tree();
    tree.add(leaves);
    for (const size of [0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 599]) {
      expect(rootOf(size, tree.stored)).toEqual(mth(leaves.slice(0, size)));
    }
  });

  test('has a second level of tiles and a third', () => {
    const leaves = numbered(65_536 + 300);
    const tree = new Tree();
    tree.add(leaves);
    const levels = [...tree.tiles.keys()].map((key) => Number(key.split('/')[0]));
    expect(Math.max(...levels)).toBe(2);
    expect(rootOf(tree.size, tree.stored)).toEqual(mth(leaves));
  });
});

describe('proofs', () => {
  const leaves = numbered(530);
  const tree = new Tree();
  tree.add(leaves);
  const sizes = [1, 2, 3, 4, 5, 6, 7, 8, 13, 255, 256, 257, 511, 512, 513, 530];

  test.each(sizes)('of inclusion lead to the root of %i leaves, from each leaf', (size) => {
    const root = rootOf(size, tree.stored);
    for (let index = 0; index < size; index += size > 20 ? 13 : 1) {
      const proof = inclusionRanges(index, size).map((range) => hashOfRange(range, tree.stored));
      expect(rootByInclusion(leaves[index] as Hash, index, size, proof)).toEqual(root);
      expect(rootByInclusion(leaves[(index + 1) % 530] as Hash, index, size, proof)).not.toEqual(root);
      expect(rootByInclusion(leaves[index] as Hash, index, size, [...proof, root])).toBeNull();
      if (proof.length > 0) expect(rootByInclusion(leaves[index] as Hash, index, size, proof.slice(1))).toBeNull();
    }
  });

  test.each(sizes)('of consistency lead from each size before to the root of %i leaves', (size) => {
    const root = rootOf(size, tree.stored);
    for (const old of sizes.filter((each) => each <= size)) {
      const oldRoot = rootOf(old, tree.stored);
      const proof = consistencyRanges(old, size).map((range) => hashOfRange(range, tree.stored));
      expect(rootsByConsistency(old, size, oldRoot, proof)).toEqual({ old: oldRoot, new: root });
      expect(rootsByConsistency(old, size, oldRoot, [...proof, root])).toBeNull();
      const other = rootOf(old === 1 ? 2 : 1, tree.stored);
      const forged = rootsByConsistency(old, size, other, proof);
      expect(forged?.old === other && bytesToHex(forged.new) === bytesToHex(root) && old < size).toBe(false);
    }
  });

  test('read the tiles that they say they read, and no others', () => {
    for (const [old, size] of [
      [3, 530],
      [256, 513],
      [500, 512],
    ] as const) {
      const ranges = [...inclusionRanges(old, size), ...consistencyRanges(old, size)];
      tree.read = new Set();
      for (const range of ranges) hashOfRange(range, tree.stored);
      const said = tilesOf(ranges).map(({ level, number }: Tile) => `${level}/${number}`);
      expect(said.sort()).toEqual([...tree.read].sort());
    }
  });

  test('need no other tiles than those above the leaf and at the end, which is what the vault reads', () => {
    let seed = 1;
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    const sizes = [1, 255, 256, 257, 65_535, 65_536, 65_537, 65_792, 16_777_216, 16_777_217, 20_000_001];
    for (let round = 0; round < 30; round++) {
      const size = sizes[round] ?? 1 + random(2 ** (1 + random(26)));
      const index = round % 3 === 0 ? size - 1 : random(size);
      const old = index + 1;
      const at = (...places: number[]) =>
        new Set(
          places.flatMap((place) =>
            Array.from({ length: 7 }, (_, level) => `${level}/${Math.floor(place / tileWidth ** (level + 1))}`),
          ),
        );
      const named = (ranges: Parameters<typeof tilesOf>[0]) =>
        tilesOf(ranges).map(({ level, number }) => `${level}/${number}`);
      const enough = at(index, size);
      for (const tile of named([...inclusionRanges(index, size), ...consistencyRanges(old, size)]))
        expect(enough.has(tile), `${tile} of ${index} in ${size}`).toBe(true);
      for (const tile of named([{ from: 0, to: old }])) expect(at(old).has(tile), `${tile} for ${old}`).toBe(true);
    }
  });
});
