// Text and bytes. The base64 is Buffer's: `Uint8Array.fromBase64` exists in workerd but not in Node 24, which runs these
// files too. Buffer decodes leniently, so strictness here means: the text is the one encoding of what it decodes to.

import { Buffer } from 'node:buffer';

const encoder = new TextEncoder();

// `ignoreBOM` keeps a leading U+FEFF in the text; without it a value that starts with one would come back shorter.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The UTF-8 bytes of `text`.
 *
 * @throws TypeError if `text` holds a lone surrogate: TextEncoder would silently write U+FFFD for it, and what was
 * stored would not be what was given. The border refuses such text, so this is a bug in the caller.
 */
export function utf8(text: string): Uint8Array {
  if (!text.isWellFormed()) throw new TypeError('text holds a lone surrogate');
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

/** base64url without padding (RFC 4648, section 5). */
export function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url');
}

/** base64url with padding, as Fernet writes it. */
export function paddedBase64url(bytes: Uint8Array): string {
  return base64url(bytes) + '='.repeat((3 - (bytes.length % 3)) % 3);
}

/**
 * Decodes base64url that must be canonical and padded; null for anything else, be it another alphabet, white space,
 * missing or surplus padding, or bits set that the encoding leaves unused.
 */
export function fromPaddedBase64url(text: string): Uint8Array | null {
  // Copied, because Buffer hands out views of a pool that other texts share.
  const bytes = new Uint8Array(Buffer.from(text, 'base64url'));
  return paddedBase64url(bytes) === text ? bytes : null;
}

/**
 * Decodes what people paste: base64url or standard base64, padded or not, white space around it. Null if a character
 * of neither alphabet is in it.
 */
export function fromPastedBase64(text: string): Uint8Array | null {
  const digits = text.trim();
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(digits)) return null;
  return new Uint8Array(Buffer.from(digits, 'base64url'));
}

/** Lower-case hexadecimal. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

/** Decodes lower-case hexadecimal of whole bytes; null for anything else. */
export function fromHex(text: string): Uint8Array | null {
  if (!/^(?:[0-9a-f]{2})*$/.test(text)) return null;
  return new Uint8Array(Buffer.from(text, 'hex'));
}
