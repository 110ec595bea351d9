/**
 * The limits on request bodies as pure accounting: bytes and times go in, a verdict comes out. The gate counts the
 * chunks of a Node.js request with it, the standalone server those of a web stream.
 */
import type { httpLimits } from '../limits.ts';
import { bodyTooLarge, type ErrorAnswer, tooManyBodies, tooSlow } from './error-answers.ts';

export type BodyLimits = Pick<
  typeof httpLimits,
  'maxBodyBytes' | 'maxBodyMemoryBytes' | 'maxBodyStallMs' | 'maxRequestMs'
>;

/** The memory that the bodies being received share. Their senders have not signed in yet. */
export class BodyMemory {
  readonly limits: BodyLimits;
  readonly #open = new Set<BodyAccount>();
  #usedBytes = 0;

  constructor(limits: BodyLimits) {
    this.limits = limits;
  }

  /**
   * Opens the account of one body. Its bytes stay taken until `release`, or, where the runtime may drop a request without
   * running the code after it, until `abandonedAfterMs`.
   */
  open(now: number, abandonedAfterMs = Number.POSITIVE_INFINITY): BodyAccount {
    const account = new BodyAccount(this, now, now + abandonedAfterMs);
    this.#open.add(account);
    return account;
  }

  /** Takes bytes for an account; false if there are not enough. */
  take(bytes: number, now: number): boolean {
    if (this.#usedBytes + bytes > this.limits.maxBodyMemoryBytes) this.#releaseAbandoned(now);
    if (this.#usedBytes + bytes > this.limits.maxBodyMemoryBytes) return false;
    this.#usedBytes += bytes;
    return true;
  }

  release(account: BodyAccount): void {
    if (this.#open.delete(account)) this.#usedBytes -= account.bytes;
  }

  #releaseAbandoned(now: number): void {
    for (const account of this.#open) if (account.abandonedAt <= now) this.release(account);
  }
}

/** What one body has taken so far. */
export class BodyAccount {
  /** Bytes received and held. */
  bytes = 0;
  readonly abandonedAt: number;
  readonly #memory: BodyMemory;
  readonly #deadline: number;

  constructor(memory: BodyMemory, now: number, abandonedAt: number) {
    this.#memory = memory;
    this.#deadline = now + memory.limits.maxRequestMs;
    this.abandonedAt = abandonedAt;
  }

  /** How long to wait for the next chunk before answering `tooSlow`, in milliseconds. */
  waitMs(now: number): number {
    return Math.max(0, Math.min(this.#memory.limits.maxBodyStallMs, this.#deadline - now));
  }

  /** Counts a chunk. Returns the answer if the body cannot be accepted. */
  add(bytes: number, now: number): ErrorAnswer | undefined {
    const { maxBodyBytes } = this.#memory.limits;
    if (this.bytes + bytes > maxBodyBytes) return bodyTooLarge(maxBodyBytes);
    if (now >= this.#deadline) return tooSlow;
    if (!this.#memory.take(bytes, now)) return tooManyBodies;
    this.bytes += bytes;
    return undefined;
  }

  /** Gives the memory back. Calling it twice does no harm. */
  release(): void {
    this.#memory.release(this);
  }
}

/** The chunks as one array, without a copy if there is only one. */
export function joinChunks(chunks: readonly Uint8Array[], bytes: number): Uint8Array {
  const [first] = chunks;
  if (first && chunks.length === 1) return first;
  const all = new Uint8Array(bytes);
  let offset = 0;
  for (const chunk of chunks) {
    all.set(chunk, offset);
    offset += chunk.length;
  }
  return all;
}
