/** The hashes of core/audit/tree.ts by OpenSSL: a log of a million events takes seconds. */
import { hash } from 'node:crypto';
import { leafOf, maxLeafBytes } from '../../core/audit/leaf.ts';
import { type Hash, hashBytes, tileWidth } from '../../core/audit/tree.ts';

/** A row of a table. */
export type Row = Readonly<Record<string, unknown>>;

const leaf = Buffer.alloc(1 + maxLeafBytes);
const node = Buffer.alloc(1 + 2 * hashBytes);
node[0] = 1;
const row = Buffer.alloc(tileWidth * hashBytes);

/** Stands where a hash is missing; no leaf and no node has it. */
export const noHash: Buffer = Buffer.alloc(hashBytes);
export const noDigest = noHash.toString('latin1');

/** The hash of a leaf's bytes. */
export function hashOfLeaf(bytes: Uint8Array): Buffer {
  return Buffer.from(digestOfLeaf(bytes), 'latin1');
}

/** The hash of an event's leaf; `noHash` if it has no canonical form, as an event that was edited may not. */
export function hashOfEvent(event: Row): Buffer {
  return Buffer.from(digestOfEvent(event), 'latin1');
}

/** The same as text, a character for each byte. Buffers are slow to make and to throw away. */
export function digestOfEvent(event: Row): string {
  try {
    return digestOfLeaf(leafOf(event));
  } catch {
    return noDigest;
  }
}

function digestOfLeaf(bytes: Uint8Array): string {
  if (bytes.length > maxLeafBytes) return noDigest;
  leaf.set(bytes, 1);
  return hash('sha256', leaf.subarray(0, 1 + bytes.length), 'binary');
}

/** The root of a full tile. */
export function rootOfFullTile(hashes: readonly Hash[]): Buffer {
  for (const [place, each] of hashes.entries()) row.set(each, place * hashBytes);
  for (let length = tileWidth; length > 1; length /= 2) {
    for (let place = 0; place < length; place += 2) {
      row.copy(node, 1, place * hashBytes, (place + 2) * hashBytes);
      row.write(hash('sha256', node, 'binary'), (place / 2) * hashBytes, 'latin1');
    }
  }
  return Buffer.from(row.subarray(0, hashBytes));
}

/** Whether two hashes are equal. Neither is a secret. */
export function isSame(one: Hash | undefined, other: Hash | undefined): boolean {
  return one !== undefined && other !== undefined && Buffer.compare(one, other) === 0;
}

/** The bytes of a tile, and its hashes as views of them. Used again for each tile of a log. */
export class TileBuffer {
  readonly bytes: Buffer = Buffer.alloc(tileWidth * hashBytes);
  readonly #hashes = Array.from({ length: tileWidth }, (_, place) =>
    this.bytes.subarray(place * hashBytes, (place + 1) * hashBytes),
  );

  /** @param digest a character for each byte. */
  put(place: number, digest: string): void {
    this.bytes.write(digest, place * hashBytes, 'latin1');
  }

  digest(place: number): string {
    return this.bytes.toString('latin1', place * hashBytes, (place + 1) * hashBytes);
  }

  /** Whether the first hashes are those of another tile. */
  isSame(other: TileBuffer, length: number): boolean {
    const end = length * hashBytes;
    return this.bytes.compare(other.bytes, 0, end, 0, end) === 0;
  }

  /** Takes what a stored tile has, and `noHash` for what it lacks. */
  read(text: string): void {
    this.bytes.fill(0);
    const length = this.bytes.write(text, 'base64');
    if (this.bytes.toString('base64', 0, length) !== text) this.bytes.fill(0);
  }

  hashes(length: number): readonly Buffer[] {
    return length === tileWidth ? this.#hashes : this.#hashes.slice(0, length);
  }
}

/** The hashes of a stored tile. None if they are not whole, or not in canonical base64. */
export function hashesOf(text: string): Buffer[] {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length % hashBytes !== 0 || bytes.toString('base64') !== text) return [];
  const hashes: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += hashBytes) hashes.push(bytes.subarray(at, at + hashBytes));
  return hashes;
}
