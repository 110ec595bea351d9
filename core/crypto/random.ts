/** Random bytes and texts, from the platform's cryptographic generator. */

import { base64url } from './encoding.ts';

/** `count` random bytes. */
export function randomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count));
}

/** A short unique text: 96 random bits, 16 characters of base64url. For request ids; not a credential. */
export function newNonce(): string {
  return base64url(randomBytes(12));
}
