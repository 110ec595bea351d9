/** The keys that seal stored values. ENCRYPTION_KEY is the primary key and seals everything new; retired keys only open. */

import { equalBytes } from '@noble/ciphers/utils.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { base64url, fromPastedBase64, fromUtf8, utf8 } from './encoding.ts';
import { authenticBytes, FernetKey, fernetKeyBytes, openAuthentic, openFernet, sealFernet } from './fernet.ts';
import { isPattern, KeyFormatError, looksLikePlaceholder } from './key-material.ts';

// Labels separate the uses of one key (RFC 5869, section 3.2). They are part of the stored format: never change one.
const keyIdLabel = utf8('keystore key id v1');
const bindingLabel = utf8('keystore binding v1');
const imprintLabel = utf8('keystore value imprint v1');
const fingerprintLabel = utf8('keystore request fingerprint v1');
const rowSealLabel = utf8('keystore row seal v1');
const canaryText = 'keystore canary v1';
/** That of a vault whose rows are sealed. Nobody without the key can turn the one into the other. */
const sealedCanaryText = 'keystore canary v2, rows are sealed';

/** As many bits as a key of 128 bits: no two values of a vault have the same by chance. */
const imprintBytes = 16;

/** Together at most a megabyte. */
const maxRememberedTokens = 512;
const maxRememberedTokenCharacters = 1024;

/** One encryption key, prepared for use. `id`, its fingerprint, is 16 hexadecimal digits and reveals nothing of the key. */
export class SealingKey {
  readonly id: string;
  readonly fernet: FernetKey;
  readonly #key: Uint8Array;
  readonly #binding: ReturnType<typeof hmac.create>;
  #fingerprint: ReturnType<typeof hmac.create> | undefined;
  #imprint: ReturnType<typeof hmac.create> | undefined;
  #rowSeal: ReturnType<typeof hmac.create> | undefined;
  /** Names and tokens that opened before, by their bindings, and the bytes of the tokens. It holds nothing that is not in the database. */
  readonly #opened = new Map<string, { name: string; token: string; bytes: Uint8Array }>();

  constructor(key: Uint8Array) {
    this.id = bytesToHex(hkdf(sha256, key, undefined, keyIdLabel, 8));
    this.#key = key;
    this.fernet = new FernetKey(key);
    this.#binding = hmac.create(sha256, hkdf(sha256, key, undefined, bindingLabel, 32));
  }

  /**
   * Binds a token to the name that it is stored under: HMAC-SHA256 over the length of the name in UTF-8 bytes (4 bytes,
   * big-endian), the name, and the token; as unpadded base64url.
   */
  bind(name: string, token: string): string {
    const nameBytes = utf8(name);
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, nameBytes.length);
    return base64url(this.#binding.clone().update(length).update(nameBytes).update(utf8(token)).digest());
  }

  /**
   * HMAC-SHA256 of a text, as unpadded base64url: tells whether two requests are the same without keeping what they say. Most vaults never
   * need its key, so it is derived at its first use.
   */
  fingerprint(text: string): string {
    this.#fingerprint ??= hmac.create(sha256, hkdf(sha256, this.#key, undefined, fingerprintLabel, 32));
    return base64url(this.#fingerprint.clone().update(utf8(text)).digest());
  }

  /**
   * The imprint of a value, which two equal values have in common: the id of this key, a dot, and the first 16 bytes of
   * HMAC-SHA256 over the value's UTF-8 bytes, as unpadded base64url. Without the key nobody can try out values against it.
   */
  imprint(value: string): string {
    this.#imprint ??= hmac.create(sha256, hkdf(sha256, this.#key, undefined, imprintLabel, 32));
    const digest = this.#imprint.clone().update(utf8(value)).digest();
    return `${this.id}.${base64url(digest.subarray(0, imprintBytes))}`;
  }

  /**
   * The seal of a row that grants authority: the id of this key, a dot, and HMAC-SHA256 over the JSON text (RFC 8259, as
   * `JSON.stringify` writes it) of an array that begins with the name of the table, as unpadded base64url. JSON says where each
   * field ends, so no two rows have the same text.
   */
  sealRow(contents: readonly (string | number | null)[]): string {
    this.#rowSeal ??= hmac.create(sha256, hkdf(sha256, this.#key, undefined, rowSealLabel, 32));
    return `${this.id}.${base64url(
      this.#rowSeal
        .clone()
        .update(utf8(JSON.stringify(contents)))
        .digest(),
    )}`;
  }

  /** Whether this key made that seal. `JSON.stringify` writes a lone surrogate as an escape, so it takes any text. */
  isRowSeal(contents: readonly (string | number | null)[], seal: string): boolean {
    return seal.isWellFormed() && equalBytes(utf8(this.sealRow(contents)), utf8(seal));
  }

  /** The bytes of a token, if exactly this has opened before under this name: then its binding and its MAC hold. */
  openedBefore(name: string, { token, binding }: SealedValue): Uint8Array | undefined {
    const known = this.#opened.get(binding);
    return known?.token === token && known.name === name ? known.bytes : undefined;
  }

  /** Bounded: long tokens are not remembered, and when there are too many, all are forgotten. */
  rememberOpened(name: string, { token, binding }: SealedValue, bytes: Uint8Array): void {
    if (token.length > maxRememberedTokenCharacters) return;
    if (this.#opened.size >= maxRememberedTokens) this.#opened.clear();
    this.#opened.set(binding, { name, token, bytes });
  }
}

export type Keyring = {
  readonly primary: SealingKey;
  /** All keys that can open, including the primary, by id. */
  readonly byId: ReadonlyMap<string, SealingKey>;
};

/** A value as it is stored. */
export type SealedValue = {
  /** Fernet token of exactly the value's UTF-8 bytes. */
  readonly token: string;
  /** Id of the key that sealed it. */
  readonly keyId: string;
  /** Binds the token to its name, see {@link SealingKey.bind}. */
  readonly binding: string;
};

export type SealedValueFault = 'unknown_key' | 'binding_mismatch' | 'token_invalid';

const faults: Record<SealedValueFault, string> = {
  unknown_key: 'the value was sealed under a key that is not in the keyring',
  binding_mismatch: 'the value was altered, or sealed for another name',
  token_invalid: 'the value does not open',
};

/** A stored value does not open. `reason` is for the operator, not for the caller. */
export class SealedValueError extends Error {
  override readonly name = 'SealedValueError';
  readonly reason: SealedValueFault;
  /** The fingerprint of the missing key, if the reason is `unknown_key` and the database names one. */
  readonly keyId: string | null;

  constructor(reason: SealedValueFault, keyId = '') {
    const known = isKeyId(keyId);
    super(known ? `the value was sealed with the key ${keyId}, which is not in the keyring` : faults[reason]);
    this.reason = reason;
    this.keyId = known ? keyId : null;
  }
}

/** Whether a text has the form of a fingerprint. A database that was altered may hold anything. */
export function isKeyId(text: string): boolean {
  return /^[0-9a-f]{16}$/.test(text);
}

/**
 * Parses the keys from the environment, and derives from them, once, everything that is needed.
 *
 * A key is 32 bytes in base64, of either alphabet, padded or not, with white space around it. `retiredKeys` is a
 * comma-separated list of such keys and may be empty.
 *
 * @throws KeyFormatError if a key is missing, malformed, or obviously not random.
 */
export function parseKeyring(encryptionKey: string | undefined, retiredKeys = ''): Keyring {
  const primary = parseKey('ENCRYPTION_KEY', encryptionKey);
  const retired = retiredKeys.split(',').filter((text) => text.trim() !== '');
  const keys = [primary, ...retired.map((text) => parseKey('RETIRED_ENCRYPTION_KEYS', text))];
  return { primary, byId: new Map(keys.map((key) => [key.id, key])) };
}

function parseKey(variable: string, text = ''): SealingKey {
  if (text.trim() === '') throw new KeyFormatError(variable, 'is not set');
  if (looksLikePlaceholder(text)) throw new KeyFormatError(variable, 'is still a placeholder');
  const bytes = fromPastedBase64(text);
  if (bytes?.length !== fernetKeyBytes) {
    throw new KeyFormatError(variable, `must be ${fernetKeyBytes} random bytes in base64 (44 characters)`);
  }
  if (isPattern(bytes)) throw new KeyFormatError(variable, 'is a pattern, not random');
  return new SealingKey(bytes);
}

/**
 * Seals a value under the primary key, for one name.
 *
 * Fernet has no associated data, so an attacker who can write the database could move a token to another row. The binding
 * prevents that, since it covers two things. The name is what the caller asks for and is known before the one database round
 * trip; swapping the names of two rows breaks both bindings. The token is unique because of its random IV, so it identifies
 * the version.
 *
 * @throws TypeError if `name` or `value` contains a lone surrogate.
 */
export function sealValue(keyring: Keyring, name: string, value: string): SealedValue {
  const key = keyring.primary;
  const token = sealFernet(key.fernet, utf8(value));
  return { token, keyId: key.id, binding: key.bind(name, token) };
}

/**
 * Opens what {@link sealValue} sealed for the same name.
 *
 * @throws SealedValueError if it does not open: it was sealed by a key that is not in the keyring, moved from another name,
 * altered, or is not UTF-8.
 */
export function openValue(keyring: Keyring, name: string, sealed: SealedValue): string {
  const key = keyring.byId.get(sealed.keyId);
  if (!key) throw new SealedValueError('unknown_key', sealed.keyId);
  const known = key.openedBefore(name, sealed);
  if (!known && !isBound(key, name, sealed)) throw new SealedValueError('binding_mismatch');
  try {
    const bytes = known ?? authenticBytes(key.fernet, sealed.token);
    const value = fromUtf8(openAuthentic(key.fernet, bytes));
    if (!known) key.rememberOpened(name, sealed, bytes);
    return value;
  } catch {
    throw new SealedValueError('token_invalid');
  }
}

/**
 * The binding of a sealed value for another name, made by the key that sealed it. The value is not opened.
 *
 * @throws SealedValueError if that key is not in the keyring, or if it was not bound to the name that it is said to have.
 */
export function rebind(keyring: Keyring, from: string, to: string, sealed: SealedValue): string {
  const key = keyring.byId.get(sealed.keyId);
  if (!key) throw new SealedValueError('unknown_key', sealed.keyId);
  if (!isBound(key, from, sealed)) throw new SealedValueError('binding_mismatch');
  return key.bind(to, sealed.token);
}

function isBound(key: SealingKey, name: string, { token, binding }: SealedValue): boolean {
  // A database may return ill-formed text. No binding covers such text.
  if (![name, token, binding].every((text) => text.isWellFormed())) return false;
  return equalBytes(utf8(key.bind(name, token)), utf8(binding));
}

/**
 * The imprints that an equal value may have in the database: first that of the primary key, with which new ones are stored, then
 * those of the retired keys.
 */
export function imprintsOf(keyring: Keyring, value: string): string[] {
  const retired = [...keyring.byId.values()].filter(({ id }) => id !== keyring.primary.id);
  return [keyring.primary, ...retired].map((key) => key.imprint(value));
}

/**
 * Seals a constant under the primary key. It is stored once; a later start checks with it that the key is the right one, and whether the
 * rows of the vault are sealed.
 */
export function sealCanary(keyring: Keyring, { rowsAreSealed = false } = {}): { token: string; keyId: string } {
  const text = rowsAreSealed ? sealedCanaryText : canaryText;
  return { token: sealFernet(keyring.primary.fernet, utf8(text)), keyId: keyring.primary.id };
}

/** Whether the keyring contains the key, primary or retired, that sealed this canary. */
export function openCanary(keyring: Keyring, token: string, keyId: string): boolean {
  return readCanary(keyring, token, keyId) !== null;
}

/** What the canary says; null if no key of the keyring opens it. */
export function readCanary(keyring: Keyring, token: string, keyId: string): { rowsAreSealed: boolean } | null {
  const key = keyring.byId.get(keyId);
  if (!key) return null;
  try {
    const text = fromUtf8(openFernet(key.fernet, token));
    return text === canaryText || text === sealedCanaryText ? { rowsAreSealed: text === sealedCanaryText } : null;
  } catch {
    return null;
  }
}
