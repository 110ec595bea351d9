/**
 * scrypt (RFC 7914) in slices. The one of node:crypto takes a fifth of a second in which a worker answers nothing else, not
 * even a health check. This one takes about twice the time, but pauses every few milliseconds, and other requests are
 * answered in the pauses. @noble/hashes has an asynchronous scrypt, which does not pause in workerd: it asks the clock, which
 * stands still while a worker computes.
 */

import { pbkdf2 } from '@noble/hashes/pbkdf2.js';
import { sha256 } from '@noble/hashes/sha2.js';

/** The parameters of scrypt (RFC 7914, section 2): N, a power of two; r, the block size; p, the number of lanes. */
export type ScryptCost = { readonly N: number; readonly r: number; readonly p: number };

/** Derives a key of `length` bytes. */
export type Scrypt = (password: Uint8Array, salt: Uint8Array, cost: ScryptCost, length: number) => Promise<Uint8Array>;

/** Lets the event loop turn: a timer does, a microtask does not. */
export type Pause = () => Promise<void>;

/** What a stored verifier may demand at most: a planted one must not stall the service. */
const maxScryptCost: ScryptCost = { N: 2 ** 17, r: 8, p: 5 };

/** Whether these are parameters of scrypt of at most {@link maxScryptCost}. */
export function isScryptCost(N: unknown, r: unknown, p: unknown): boolean {
  const isUpTo = (given: unknown, most: number) =>
    Number.isInteger(given) && Number(given) >= 1 && Number(given) <= most;
  if (!isUpTo(N, maxScryptCost.N) || !isUpTo(r, maxScryptCost.r) || !isUpTo(p, maxScryptCost.p)) return false;
  // Section 2: a power of two, greater than 1 and less than 2^(128 * r / 8).
  const exponent = Math.log2(Number(N));
  return exponent >= 1 && exponent < 16 * Number(r) && Number.isInteger(exponent);
}

/** scrypt that pauses after each slice. It throws a RangeError if N is not a power of two. */
export function sliced(pause: Pause): Scrypt {
  return (password, salt, cost, length) => scrypt(password, salt, cost, length, pause);
}

/** The work between two pauses, in cores of Salsa20/8: some 5 ms. */
const coresPerSlice = 2 ** 15;

const wordsPerCore = 16;

async function scrypt(
  password: Uint8Array,
  salt: Uint8Array,
  { N, r, p }: ScryptCost,
  length: number,
  pause: Pause,
): Promise<Uint8Array> {
  if (N < 2 || !Number.isInteger(Math.log2(N))) throw new RangeError('scrypt: N must be a power of two');
  const bytesPerLane = 128 * r;
  const lanes = pbkdf2(sha256, password, salt, { c: 1, dkLen: bytesPerLane * p });
  const table = new Uint32Array(32 * r * N);
  try {
    for (let lane = 0; lane < p; lane++) {
      await mixLane(lanes.subarray(lane * bytesPerLane, (lane + 1) * bytesPerLane), table, N, r, pause);
    }
  } finally {
    // Gives the memory back at once: 32 MB for each password would stay until an idle worker collects its garbage.
    table.buffer.transfer(0);
  }
  return pbkdf2(sha256, password, lanes, { c: 1, dkLen: length });
}

/** scryptROMix (section 5), in place. `table` is the V of the RFC. */
async function mixLane(lane: Uint8Array, table: Uint32Array, N: number, r: number, pause: Pause): Promise<void> {
  const words = 32 * r;
  const rowsPerSlice = Math.max(1, Math.floor(coresPerSlice / (2 * r)));
  const view = new DataView(lane.buffer, lane.byteOffset, lane.byteLength);
  for (let i = 0; i < words; i++) table[i] = view.getUint32(4 * i, true);
  let block = new Uint32Array(words);
  let mixed = new Uint32Array(words);
  for (let from = 1; from <= N; from += rowsPerSlice) {
    fillRows(table, from, Math.min(from + rowsPerSlice, N + 1), N, r, block);
    await pause();
  }
  for (let from = 0; from < N; from += rowsPerSlice) {
    const until = Math.min(from + rowsPerSlice, N);
    for (let i = from; i < until; i++) {
      // Integerify: the low bits of the first word of the last 64 bytes.
      const row = ((block[words - wordsPerCore] as number) & (N - 1)) * words;
      for (let k = 0; k < words; k++) (block[k] as number) ^= table[row + k] as number;
      mixBlock(block, 0, mixed, 0, r);
      [block, mixed] = [mixed, block];
    }
    await pause();
  }
  for (let i = 0; i < words; i++) view.setUint32(4 * i, block[i] as number, true);
}

/** Computes the rows `from` to before `until` of the table, each from the one before it; the one after the last goes into `end`. */
function fillRows(table: Uint32Array, from: number, until: number, N: number, r: number, end: Uint32Array): void {
  const words = 32 * r;
  for (let row = from; row < until; row++) {
    if (row < N) mixBlock(table, (row - 1) * words, table, row * words, r);
    else mixBlock(table, (row - 1) * words, end, 0, r);
  }
}

/** scryptBlockMix (section 4): the even blocks of the result come first, then the odd ones. */
function mixBlock(input: Uint32Array, from: number, output: Uint32Array, to: number, r: number): void {
  let even = to;
  let odd = to + wordsPerCore * r;
  const last = from + (2 * r - 1) * wordsPerCore;
  for (let i = 0; i < wordsPerCore; i++) output[odd + i] = input[last + i] as number;
  for (let i = 0, at = from; i < r; i++) {
    mixCore(output, odd, input, at, output, even);
    if (i > 0) odd += wordsPerCore;
    at += wordsPerCore;
    mixCore(output, even, input, at, output, odd);
    even += wordsPerCore;
    at += wordsPerCore;
  }
}

/** Salsa20/8 (section 3) of the exclusive or of two blocks of 16 words. `output` may be one of them. */
// biome-ignore format: one line for each quarter of a round
function mixCore(
  one: Uint32Array, i: number, other: Uint32Array, j: number, output: Uint32Array, k: number,
): void {
  const y0 = (one[i] as number) ^ (other[j] as number), y1 = (one[i + 1] as number) ^ (other[j + 1] as number);
  const y2 = (one[i + 2] as number) ^ (other[j + 2] as number), y3 = (one[i + 3] as number) ^ (other[j + 3] as number);
  const y4 = (one[i + 4] as number) ^ (other[j + 4] as number), y5 = (one[i + 5] as number) ^ (other[j + 5] as number);
  const y6 = (one[i + 6] as number) ^ (other[j + 6] as number), y7 = (one[i + 7] as number) ^ (other[j + 7] as number);
  const y8 = (one[i + 8] as number) ^ (other[j + 8] as number), y9 = (one[i + 9] as number) ^ (other[j + 9] as number);
  const ya = (one[i + 10] as number) ^ (other[j + 10] as number), yb = (one[i + 11] as number) ^ (other[j + 11] as number);
  const yc = (one[i + 12] as number) ^ (other[j + 12] as number), yd = (one[i + 13] as number) ^ (other[j + 13] as number);
  const ye = (one[i + 14] as number) ^ (other[j + 14] as number), yf = (one[i + 15] as number) ^ (other[j + 15] as number);
  let x0 = y0, x1 = y1, x2 = y2, x3 = y3, x4 = y4, x5 = y5, x6 = y6, x7 = y7;
  let x8 = y8, x9 = y9, xa = ya, xb = yb, xc = yc, xd = yd, xe = ye, xf = yf;
  for (let round = 0; round < 8; round += 2) {
    x4 ^= turn(x0 + xc, 7); x8 ^= turn(x4 + x0, 9); xc ^= turn(x8 + x4, 13); x0 ^= turn(xc + x8, 18);
    x9 ^= turn(x5 + x1, 7); xd ^= turn(x9 + x5, 9); x1 ^= turn(xd + x9, 13); x5 ^= turn(x1 + xd, 18);
    xe ^= turn(xa + x6, 7); x2 ^= turn(xe + xa, 9); x6 ^= turn(x2 + xe, 13); xa ^= turn(x6 + x2, 18);
    x3 ^= turn(xf + xb, 7); x7 ^= turn(x3 + xf, 9); xb ^= turn(x7 + x3, 13); xf ^= turn(xb + x7, 18);
    x1 ^= turn(x0 + x3, 7); x2 ^= turn(x1 + x0, 9); x3 ^= turn(x2 + x1, 13); x0 ^= turn(x3 + x2, 18);
    x6 ^= turn(x5 + x4, 7); x7 ^= turn(x6 + x5, 9); x4 ^= turn(x7 + x6, 13); x5 ^= turn(x4 + x7, 18);
    xb ^= turn(xa + x9, 7); x8 ^= turn(xb + xa, 9); x9 ^= turn(x8 + xb, 13); xa ^= turn(x9 + x8, 18);
    xc ^= turn(xf + xe, 7); xd ^= turn(xc + xf, 9); xe ^= turn(xd + xc, 13); xf ^= turn(xe + xd, 18);
  }
  output[k] = x0 + y0; output[k + 1] = x1 + y1; output[k + 2] = x2 + y2; output[k + 3] = x3 + y3;
  output[k + 4] = x4 + y4; output[k + 5] = x5 + y5; output[k + 6] = x6 + y6; output[k + 7] = x7 + y7;
  output[k + 8] = x8 + y8; output[k + 9] = x9 + y9; output[k + 10] = xa + ya; output[k + 11] = xb + yb;
  output[k + 12] = xc + yc; output[k + 13] = xd + yd; output[k + 14] = xe + ye; output[k + 15] = xf + yf;
}

function turn(sum: number, bits: number): number {
  return (sum << bits) | (sum >>> (32 - bits));
}
