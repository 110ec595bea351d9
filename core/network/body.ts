/**
 * The limits on request bodies as pure accounting: bytes and times go in, a verdict comes out. The gate counts the
 * chunks of a Node.js request with it, the standalone server those of a web stream.
 */
import type { HttpLimits } from '../limits.ts';
import { bodyTooLarge, type ErrorAnswer, tooManyBodies, tooSlow } from './error-answers.ts';

/** What one body has taken so far. */
export interface BodyAccount {
  /** Bytes received and held. */
  bytes: number;
  /** How long to wait for the next chunk before answering `tooSlow`, in milliseconds. */
  waitMs: (now: number) => number;
  /** Counts a chunk. Returns the answer if the body cannot be accepted. */
  add: (bytes: number, now: number) => ErrorAnswer | undefined;
  /** Gives the memory back. Calling it twice does no harm. */
  release: () => void;
}

/**
 * Makes a function that opens the account of one body. All accounts share the memory, since the senders of bodies have
 * not signed in yet. Bytes stay taken until `release`, or, where the runtime may drop a request without running the code
 * after it, until `abandonedAfterMs`.
 */
export function shareBodyMemory(limits: HttpLimits) {
  const open = new Map<BodyAccount, number>();
  let usedBytes = 0;

  const isFull = (bytes: number) => usedBytes + bytes > limits.maxBodyMemoryBytes;
  const releaseAbandoned = (now: number) => {
    for (const [account, abandonedAt] of open) if (abandonedAt <= now) account.release();
  };

  return function openAccount(start: number, abandonedAfterMs = Number.POSITIVE_INFINITY): BodyAccount {
    const deadline = start + limits.maxRequestMs;
    const account: BodyAccount = {
      bytes: 0,
      waitMs: (now) => Math.max(0, Math.min(limits.maxBodyStallMs, deadline - now)),
      add(bytes, now) {
        if (account.bytes + bytes > limits.maxBodyBytes) return bodyTooLarge(limits.maxBodyBytes);
        if (now >= deadline) return tooSlow;
        if (isFull(bytes)) releaseAbandoned(now);
        if (isFull(bytes)) return tooManyBodies;
        account.bytes += bytes;
        usedBytes += bytes;
        return undefined;
      },
      release() {
        if (open.delete(account)) usedBytes -= account.bytes;
      },
    };
    open.set(account, start + abandonedAfterMs);
    return account;
  };
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
