import { base64url } from './encoding.ts';

/** `count` bytes from the platform's cryptographic generator. */
export function randomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count));
}

/** A short random text that does not repeat: 96 bits, 16 characters of base64url. For request ids; not a credential. */
export function newNonce(): string {
  return base64url(randomBytes(12));
}
