/**
 * Service tokens: what programs send in place of a session token. `ks_`, 30 random base62 digits, and 6 base62 digits of their CRC-32
 * (IEEE 802.3, as zip and PNG use it). So a double click selects one, a scanner recognises one, and a typo costs no look into the
 * database. The vault keeps a hash only; the token has more random bits than can be guessed, so it needs neither salt nor delay.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { base64url, utf8 } from './encoding.ts';
import { randomBytes } from './random.ts';

export const serviceTokenPrefix = 'ks_';

/** Of base62, in the order of their values. */
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** 30 digits are 178 bits. */
const randomDigits = 30;
const checkDigits = 6;

/** The form of a token, also for scanners: see docs/TOKENS.md. */
const serviceTokenPattern = /^ks_([0-9A-Za-z]{30})([0-9A-Za-z]{6})$/;

/** A new token. */
export function newServiceToken(): string {
  let random = '';
  while (random.length < randomDigits) {
    for (const byte of randomBytes(randomDigits)) {
      // Bytes from 248 on are dropped, so that every digit is as likely as the others.
      if (byte < 248 && random.length < randomDigits) random += digits[byte % 62];
    }
  }
  return serviceTokenPrefix + random + checksum(random);
}

/** What the database has of a token: SHA-256 in base64url. Null if the text is none, or mistyped. */
export function serviceTokenHash(token: string): string | null {
  const [, random = '', check] = serviceTokenPattern.exec(token) ?? [];
  return check !== undefined && checksum(random) === check ? base64url(sha256(utf8(token))) : null;
}

/** The CRC-32 of an ASCII text, as 6 base62 digits with zeros in front. */
function checksum(text: string): string {
  let rest = crc32(text);
  let written = '';
  for (let place = 0; place < checkDigits; place += 1) {
    written = digits[rest % 62] + written;
    rest = Math.floor(rest / 62);
  }
  return written;
}

function crc32(text: string): number {
  let crc = 0xffffffff;
  for (let index = 0; index < text.length; index += 1) {
    crc ^= text.charCodeAt(index);
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
