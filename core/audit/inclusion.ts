/** The root that an inclusion proof leads to: RFC 9162, section 2.1.3.2. It computes no hash itself. */

/**
 * @param leaf the hash of leaf `index` in a tree of `size` leaves.
 * @param node the hash of two. Hashes may be promises of them: browsers compute them so.
 * @returns null if the proof has too few or too many hashes.
 */
export function rootFrom<Hash>(
  leaf: Hash,
  index: number,
  size: number,
  proof: readonly Hash[],
  node: (left: Hash, right: Hash) => Hash,
): Hash | null {
  if (index >= size) return null;
  let place = index;
  let last = size - 1;
  let hash = leaf;
  for (const other of proof) {
    if (last === 0) return null;
    if (place % 2 === 1 || place === last) {
      hash = node(other, hash);
      while (place % 2 === 0 && place !== 0) {
        place /= 2;
        last = half(last);
      }
    } else {
      hash = node(hash, other);
    }
    place = half(place);
    last = half(last);
  }
  return last === 0 ? hash : null;
}

function half(number: number): number {
  return Math.floor(number / 2);
}
