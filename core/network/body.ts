/**
 * The limits on request bodies as pure accounting: bytes and times go in, a verdict comes out. The gate counts the
 * chunks of a Node.js request with it, the standalone server those of a web stream.
 */
import type { HttpLimits } from '../limits.ts';
import { answers } from './answers.ts';
import { bodyTooLarge, type ErrorAnswer, tooManyBodies, tooSlow } from './error-answers.ts';
import { createShare } from './share.ts';

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
 * not signed in yet. Bytes stay taken until `release`.
 */
export function shareBodyMemory(limits: HttpLimits) {
  const memory = createShare(limits.maxBodyMemoryBytes);

  /** @param holder whose body it is, as `holderOf` writes it. */
  return function openAccount(start: number, holder: string, maxBodyBytes = limits.maxBodyBytes): BodyAccount {
    const deadline = start + limits.maxRequestMs;
    const account: BodyAccount = {
      bytes: 0,
      waitMs: (now) => Math.max(0, Math.min(limits.maxBodyStallMs, deadline - now)),
      add(bytes, now) {
        if (account.bytes + bytes > maxBodyBytes) return bodyTooLarge(maxBodyBytes);
        if (now >= deadline) return tooSlow;
        const refused = memory.take(holder, bytes);
        if (refused !== undefined) return refused === 'full' ? tooManyBodies : answers.ownShareUsed;
        account.bytes += bytes;
        return undefined;
      },
      release() {
        memory.give(holder, account.bytes);
        account.bytes = 0;
      },
    };
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
