// Fernet, https://github.com/fernet/spec/blob/master/Spec.md:
//
//   version 0x80 | timestamp, 8 bytes big-endian | IV, 16 | AES-128-CBC with PKCS #7 | HMAC-SHA256 of all before, 32
//
// written as padded base64url. Any Fernet library opens what is sealed here, and the other way round.

import { cbc } from '@noble/ciphers/aes.js';
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

/** A token that does not open: malformed, altered, of another key, or outside its time. Which one is not said. */
export class FernetError extends Error {
  override readonly name = 'FernetError';

  constructor() {
    super('the token does not open under this key');
  }
}

/**
 * A Fernet key, prepared for use: 16 bytes that sign, then 16 that encrypt. The keyed start of the HMAC is computed
 * here once and cloned for each token. The fields are private so that no logger can print them.
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

  /** Only for ciphertext whose MAC has been checked: a CBC padding error is an oracle to whoever may choose the input. */
  decrypt(iv: Uint8Array, ciphertext: Uint8Array): Uint8Array {
    return cbc(this.#encryption, iv).decrypt(ciphertext);
  }
}

/**
 * Seals `plaintext` into a Fernet token.
 *
 * `now` is in seconds since 1970 and defaults to the clock. `iv` is 16 bytes and for test vectors only: used twice under
 * one key, it shows which plaintexts begin alike.
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
 * Without `ttlSeconds` the timestamp is not looked at, as in Python's cryptography: what is stored must open for ever.
 * With it, a token older than that, or further in the future than `maxClockSkewSeconds`, does not open. `now` is in
 * seconds since 1970.
 *
 * Stricter than the specification asks in one respect: the base64url must be canonical, so that a token has one spelling.
 *
 * @throws FernetError for every token that does not open.
 */
export function openFernet(
  key: FernetKey,
  token: string,
  options: { now?: number; ttlSeconds?: number; maxClockSkewSeconds?: number } = {},
): Uint8Array {
  const bytes = fromPaddedBase64url(token);
  if (!bytes || !hasShape(bytes)) throw new FernetError();
  const signed = bytes.subarray(0, -macBytes);
  if (!equalBytes(key.mac(signed), bytes.subarray(-macBytes))) throw new FernetError();
  if (!isInTime(bytes, options)) throw new FernetError();
  try {
    return key.decrypt(bytes.subarray(ivOffset, ciphertextOffset), signed.subarray(ciphertextOffset));
  } catch {
    // A genuine MAC over bad padding: whoever sealed this was not a Fernet library.
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
