/**
 * Text and bytes. The base64 is Buffer's, because Node 24 runs these files too and has no `Uint8Array.fromBase64`. Buffer
 * decodes leniently, so the strict decoders encode the result again and compare.
 */

import { Buffer } from 'node:buffer';

const encoder = new TextEncoder();

// `ignoreBOM` keeps a leading U+FEFF. Without it, a value that starts with one would lose it.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The UTF-8 bytes of `text`.
 *
 * @throws TypeError if `text` contains a lone surrogate. TextEncoder would silently replace it with U+FFFD. Request schemas
 * reject such text, so this is a bug in the caller.
 */
export function utf8(text: string): Uint8Array {
  if (!text.isWellFormed()) throw new TypeError('text contains a lone surrogate');
  return encoder.encode(text);
}

/**
 * The text whose UTF-8 encoding is exactly `bytes`.
 *
 * @throws TypeError if `bytes` is not UTF-8.
 */
export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Standard base64 with padding (RFC 4648, section 4). */
export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

/** Decodes canonical, padded base64 (RFC 4648, section 4). Null for anything else. */
export function fromBase64(text: string): Uint8Array | null {
  const bytes = new Uint8Array(Buffer.from(text, 'base64'));
  return base64(bytes) === text ? bytes : null;
}

/** base64url without padding (RFC 4648, section 5). */
export function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url');
}

/** base64url with padding, as Fernet writes it. */
export function paddedBase64url(bytes: Uint8Array): string {
  return base64url(bytes) + '='.repeat((3 - (bytes.length % 3)) % 3);
}

/**
 * Decodes canonical, padded base64url (RFC 4648, section 5). Null for anything else: another alphabet, white space, missing
 * or surplus padding, unused bits that are set.
 */
export function fromPaddedBase64url(text: string): Uint8Array | null {
  // Copied, because Buffer returns views of a shared pool.
  const bytes = new Uint8Array(Buffer.from(text, 'base64url'));
  return paddedBase64url(bytes) === text ? bytes : null;
}

/**
 * Decodes what people paste: base64url or standard base64, padded or not, with white space around it. Null if it contains
 * any other character.
 */
export function fromPastedBase64(text: string): Uint8Array | null {
  const digits = text.trim();
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(digits)) return null;
  return new Uint8Array(Buffer.from(digits, 'base64url'));
}

/** Decodes an even number of lower-case hexadecimal digits; null for anything else. */
export function fromHex(text: string): Uint8Array | null {
  if (!/^(?:[0-9a-f]{2})*$/.test(text)) return null;
  return new Uint8Array(Buffer.from(text, 'hex'));
}
