/**
 * Fernet, https://github.com/fernet/spec/blob/master/Spec.md. A token is, as padded base64url:
 *
 *   version 0x80 | timestamp, 8 bytes big-endian | IV, 16 | AES-128-CBC with PKCS #7 | HMAC-SHA256 of all before, 32
 *
 * Any Fernet library opens the tokens that are sealed here, and the other way round.
 */

import { cbc, unsafe } from '@noble/ciphers/aes.js';
import { equalBytes } from '@noble/ciphers/utils.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { fromPaddedBase64url, paddedBase64url } from './encoding.ts';
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
  /** Expanded once: that takes as long as to decrypt some blocks. */
  #decryption: Uint32Array | undefined;

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
    this.#decryption ??= unsafe.expandKeyDecLE(this.#encryption);
    return decryptCbc(this.#decryption, iv, ciphertext);
  }
}

/**
 * AES-CBC with PKCS #7, as `cbc` of the library does it, for a key that is expanded already: the library expands it for each text, and
 * copies what it is given.
 *
 * @throws FernetError if the padding is wrong.
 */
function decryptCbc(key: Uint32Array, iv: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  const plain = new Uint8Array(ciphertext.length);
  let [b0, b1, b2, b3] = [wordAt(iv, 0), wordAt(iv, 4), wordAt(iv, 8), wordAt(iv, 12)];
  for (let at = 0; at < ciphertext.length; at += blockBytes) {
    const [c0, c1] = [wordAt(ciphertext, at), wordAt(ciphertext, at + 4)];
    const [c2, c3] = [wordAt(ciphertext, at + 8), wordAt(ciphertext, at + 12)];
    const { s0, s1, s2, s3 } = unsafe.decrypt(key, c0, c1, c2, c3);
    setWord(plain, at, s0 ^ b0);
    setWord(plain, at + 4, s1 ^ b1);
    setWord(plain, at + 8, s2 ^ b2);
    setWord(plain, at + 12, s3 ^ b3);
    [b0, b1, b2, b3] = [c0, c1, c2, c3];
  }
  const padding = plain[plain.length - 1] ?? 0;
  const end = plain.length - padding;
  if (padding < 1 || padding > blockBytes) throw new FernetError();
  for (let at = end; at < plain.length; at++) if (plain[at] !== padding) throw new FernetError();
  return plain.subarray(0, end);
}

/** Byte by byte: a DataView is one more object of the runtime for each value. */
function wordAt(bytes: Uint8Array, at: number): number {
  const [a, b, c, d] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]] as [number, number, number, number];
  return a | (b << 8) | (c << 16) | (d << 24);
}

function setWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word;
  bytes[at + 1] = word >>> 8;
  bytes[at + 2] = word >>> 16;
  bytes[at + 3] = word >>> 24;
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
 * Stricter than the specification in one respect: the base64url must be canonical, so a token has exactly one spelling.
 *
 * @throws FernetError for every token that does not open.
 */
export function openFernet(
  key: FernetKey,
  token: string,
  options: { now?: number; ttlSeconds?: number; maxClockSkewSeconds?: number } = {},
): Uint8Array {
  const bytes = authenticBytes(key, token);
  if (!isInTime(bytes, options)) throw new FernetError();
  return openAuthentic(key, bytes);
}

/**
 * The bytes of a token that this key has signed: what `openAuthentic` takes.
 *
 * @throws FernetError if this key has not signed it.
 */
export function authenticBytes(key: FernetKey, token: string): Uint8Array {
  const bytes = fromPaddedBase64url(token);
  if (!bytes || !hasShape(bytes)) throw new FernetError();
  if (!equalBytes(key.mac(bytes.subarray(0, -macBytes)), bytes.subarray(-macBytes))) throw new FernetError();
  return bytes;
}

/**
 * Opens the bytes of a token whose MAC was checked, as often as it is asked for.
 *
 * @throws FernetError if there is bad padding below a valid MAC: then no Fernet library has sealed it.
 */
export function openAuthentic(key: FernetKey, bytes: Uint8Array): Uint8Array {
  return key.decrypt(bytes.subarray(ivOffset, ciphertextOffset), bytes.subarray(ciphertextOffset, -macBytes));
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
