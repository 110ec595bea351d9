/** What a third party computes from a proof: RFC 9162, sections 2.1.3.2 and 2.1.4.2. */
import { rootFrom } from './inclusion.ts';
import { type Hash, nodeHash } from './tree.ts';

/** The root that an inclusion proof leads to. Null if the proof has too few or too many hashes. */
export function rootByInclusion(leaf: Hash, index: number, size: number, proof: readonly Hash[]): Hash | null {
  return rootFrom(leaf, index, size, proof, nodeHash);
}

/**
 * The roots of the old and the new tree that a consistency proof leads to; `oldRoot` is what who asks holds of the old one. Null if
 * the proof has too few or too many hashes.
 */
export function rootsByConsistency(
  old: number,
  size: number,
  oldRoot: Hash,
  proof: readonly Hash[],
): { old: Hash; new: Hash } | null {
  if (old < 1 || old > size) return null;
  if (old === size) return proof.length === 0 ? { old: oldRoot, new: oldRoot } : null;
  const hashes = isPowerOfTwo(old) ? [oldRoot, ...proof] : [...proof];
  let place = old - 1;
  let last = size - 1;
  while (place % 2 === 1) {
    place = half(place);
    last = half(last);
  }
  const first = hashes.shift();
  if (!first) return null;
  const roots = { old: first, new: first };
  for (const hash of hashes) {
    if (last === 0) return null;
    if (place % 2 === 1 || place === last) {
      roots.old = nodeHash(hash, roots.old);
      roots.new = nodeHash(hash, roots.new);
      while (place % 2 === 0 && place !== 0) {
        place /= 2;
        last = half(last);
      }
    } else {
      roots.new = nodeHash(roots.new, hash);
    }
    place = half(place);
    last = half(last);
  }
  return last === 0 ? roots : null;
}

function half(number: number): number {
  return Math.floor(number / 2);
}

function isPowerOfTwo(number: number): boolean {
  return Number.isInteger(Math.log2(number));
}
