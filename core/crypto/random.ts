/** Random bytes and texts, from the platform's cryptographic generator. */

import { base64url } from './encoding.ts';

/** `count` random bytes. */
export function randomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count));
}

/** A short unique text: 96 random bits, 16 characters of base64url. For request ids; not a credential. */
export function newNonce(): string {
  // Many at once: to ask the generator costs more than the bytes. Their lengths are multiples of three bytes and four characters.
  if (drawn.length === 0) drawn = base64url(randomBytes(nonceBytes * noncesAtOnce)).match(/.{16}/g) ?? [];
  return drawn.pop() as string;
}

const nonceBytes = 12;
const noncesAtOnce = 64;
let drawn: string[] = [];
