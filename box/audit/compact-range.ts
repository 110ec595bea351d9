/** The root of a growing log in the memory of a few hashes: those of the full subtrees that it is made of, from the left to the right. */
import { type Hash, nodeHash, type Range } from '../../core/audit/tree.ts';

/** The full subtrees that the first leaves are made of. */
export function subtreesOf(size: number): Range[] {
  const ranges: Range[] = [];
  let from = 0;
  for (let power = 2 ** 52; power >= 1; power /= 2) {
    if (size - from < power) continue;
    ranges.push({ from, to: from + power });
    from += power;
  }
  return ranges;
}

export class CompactRange {
  #parts: { leaves: number; hash: Hash }[];

  /** @param hashes those of `subtreesOf(size)`. */
  constructor(size: number, hashes: readonly Hash[]) {
    this.#parts = subtreesOf(size).map(({ from, to }, index) => ({ leaves: to - from, hash: hashes[index] as Hash }));
  }

  add(hash: Hash): void {
    let part = { leaves: 1, hash };
    while (this.#parts.at(-1)?.leaves === part.leaves) {
      const left = this.#parts.pop() as { leaves: number; hash: Hash };
      part = { leaves: 2 * part.leaves, hash: nodeHash(left.hash, part.hash) };
    }
    this.#parts.push(part);
  }

  /** Of at least one leaf. */
  root(): Hash {
    const hashes = this.#parts.map(({ hash }) => hash);
    return hashes.reduceRight((right, left) => nodeHash(left, right));
  }
}
