/**
 * Fernet, https://github.com/fernet/spec/blob/master/Spec.md. A token is, as padded base64url:
 *
 *   version 0x80 | timestamp, 8 bytes big-endian | IV, 16 | AES-128-CBC with PKCS #7 | HMAC-SHA256 of all before, 32
 *
 * Any Fernet library opens the tokens that are sealed here, and the other way round.
 */

import { cbc } from '@noble/ciphers/aes.js';
import { equalBytes } from '@noble/ciphers/utils.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { fromKnownBase64url, fromPaddedBase64url, paddedBase64url } from './encoding.ts';
import { randomBytes } from './random.ts';

export const fernetKeyBytes = 32;

const version = 0x80;
const ivOffset = 9;
const ciphertextOffset = 25;
const blockBytes = 16;
const macBytes = 32;

/** A token does not open: it is malformed, altered, sealed by another key, or outside its lifetime. It does not say which. */
export class FernetError extends Error {
  override readonly name = 'FernetError';

  constructor() {
    super('the token does not open under this key');
  }
}

/**
 * A Fernet key, prepared for use: 16 bytes to sign, then 16 to encrypt. The keyed state of the HMAC is computed once and
 * cloned for each token. The fields are private, so a logger cannot print them.
 */
export class FernetKey {
  readonly #signing: ReturnType<typeof hmac.create>;
  readonly #encryption: Uint8Array;

  constructor(key: Uint8Array) {
    if (key.length !== fernetKeyBytes) throw new TypeError(`a Fernet key has ${fernetKeyBytes} bytes`);
    this.#signing = hmac.create(sha256, key.slice(0, 16));
    this.#encryption = key.slice(16);
  }

  mac(signed: Uint8Array): Uint8Array {
    return this.#signing.clone().update(signed).digest();
  }

  encrypt(iv: Uint8Array, plaintext: Uint8Array): Uint8Array {
    return cbc(this.#encryption, iv).encrypt(plaintext);
  }

  /** Only for ciphertext whose MAC has been checked: for chosen input, CBC padding errors are an oracle. */
  decrypt(iv: Uint8Array, ciphertext: Uint8Array): Uint8Array {
    return cbc(this.#encryption, iv).decrypt(ciphertext);
  }
}

/**
 * Seals `plaintext` into a Fernet token.
 *
 * `now` is in seconds since 1970 and defaults to the clock. `iv` is 16 bytes and for test vectors only: an IV that is used
 * twice under one key shows which plaintexts begin alike.
 */
export function sealFernet(
  key: FernetKey,
  plaintext: Uint8Array,
  { now = Date.now() / 1000, iv = randomBytes(blockBytes) }: { now?: number; iv?: Uint8Array } = {},
): string {
  const header = new Uint8Array(ivOffset);
  header[0] = version;
  new DataView(header.buffer).setBigUint64(1, BigInt(Math.floor(now)));
  const signed = concatBytes(header, iv, key.encrypt(iv, plaintext));
  return paddedBase64url(concatBytes(signed, key.mac(signed)));
}

/**
 * Opens a Fernet token and returns its plaintext.
 *
 * Without `ttlSeconds` the timestamp is ignored, as in Python's cryptography: stored values do not expire. With it, a token
 * that is older, or further in the future than `maxClockSkewSeconds`, does not open. `now` is in seconds since 1970.
 *
 * `isAuthentic` says that this very token has opened under this key before, so that its MAC need not be checked again.
 *
 * Stricter than the specification in one respect: the base64url must be canonical, so a token has exactly one spelling.
 *
 * @throws FernetError for every token that does not open.
 */
export function openFernet(
  key: FernetKey,
  token: string,
  options: { now?: number; ttlSeconds?: number; maxClockSkewSeconds?: number; isAuthentic?: boolean } = {},
): Uint8Array {
  const bytes = options.isAuthentic ? fromKnownBase64url(token) : fromPaddedBase64url(token);
  if (!bytes || !hasShape(bytes)) throw new FernetError();
  const signed = bytes.subarray(0, -macBytes);
  if (!options.isAuthentic && !equalBytes(key.mac(signed), bytes.subarray(-macBytes))) throw new FernetError();
  if (!isInTime(bytes, options)) throw new FernetError();
  try {
    return key.decrypt(bytes.subarray(ivOffset, ciphertextOffset), signed.subarray(ciphertextOffset));
  } catch {
    // A valid MAC over bad padding: a Fernet library did not seal this.
    throw new FernetError();
  }
}

function hasShape(bytes: Uint8Array): boolean {
  const ciphertextBytes = bytes.length - ciphertextOffset - macBytes;
  return bytes[0] === version && ciphertextBytes >= blockBytes && ciphertextBytes % blockBytes === 0;
}

function isInTime(
  bytes: Uint8Array,
  options: { now?: number; ttlSeconds?: number; maxClockSkewSeconds?: number },
): boolean {
  const { now = Date.now() / 1000, ttlSeconds, maxClockSkewSeconds = 60 } = options;
  if (ttlSeconds === undefined) return true;
  const sealedAt = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(1));
  return sealedAt + ttlSeconds >= now && sealedAt <= now + maxClockSkewSeconds;
}
