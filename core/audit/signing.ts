/**
 * The key that signs checkpoints: Ed25519, made once for a vault. The private key is stored sealed under the keyring, bound to the name of
 * the log and to the public key, so a database in which one of them was exchanged has no key that opens.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import { base64, fromBase64, fromPastedBase64, utf8 } from '../crypto/encoding.ts';
import { type Keyring, openValue, sealValue } from '../crypto/keyring.ts';
import { randomBytes } from '../crypto/random.ts';
import { LogAltered } from './growth.ts';
import { type Checkpoint, checkpointText, type NoteKey, noteKeyText, signedNote } from './note.ts';
import { type Removal, removalEvent, removalText } from './removal.ts';
import { asSource } from './verified.ts';

/** A log's name and key as the table `log_tree` has them. `public_key` is 32 bytes in base64, `private_key` a Fernet token. */
export interface StoredLogKey {
  origin: string;
  public_key: string;
  private_key: string;
  binding: string;
  /** The fingerprint of the encryption key that seals it. */
  key_id: string;
}

const originBytes = 8;

/** Node's types have no CryptoKeyPair. */
interface KeyPair {
  privateKey: Parameters<typeof crypto.subtle.exportKey>[1];
}

/** Makes the name and the key of a log. */
export async function newLogKey(keyring: Keyring): Promise<StoredLogKey> {
  const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as KeyPair;
  const { d, x } = (await crypto.subtle.exportKey('jwk', pair.privateKey)) as { d?: string; x?: string };
  const [seed, point] = [fromPastedBase64(d ?? ''), fromPastedBase64(x ?? '')];
  if (!seed || !point) throw new TypeError('The runtime exports no Ed25519 keys');
  const key = { name: `keystore/${bytesToHex(randomBytes(originBytes))}`, publicKey: point };
  return sealed(keyring, key, base64(seed));
}

/** The same key, sealed under the primary key. @throws SealedValueError if it does not open. */
export function resealedLogKey(keyring: Keyring, stored: StoredLogKey): StoredLogKey {
  const key = noteKeyOf(stored);
  return sealed(keyring, key, opened(keyring, key, stored));
}

/** @throws LogAltered if the database has something else in the place of the public key. */
export function noteKeyOf({ origin, public_key }: Pick<StoredLogKey, 'origin' | 'public_key'>): NoteKey {
  const publicKey = fromBase64(public_key);
  if (publicKey?.length !== 32) throw new LogAltered('signature');
  return { name: origin, publicKey };
}

/**
 * A checkpoint as a signed note.
 *
 * @throws SealedValueError if the private key does not open, or belongs to another name or public key.
 */
export async function signCheckpoint(
  keyring: Keyring,
  stored: StoredLogKey,
  checkpoint: Omit<Checkpoint, 'origin'>,
): Promise<string> {
  const key = noteKeyOf(stored);
  const text = checkpointText({ origin: key.name, ...checkpoint });
  return signedNote(text, key, await signed(keyring, stored, text));
}

/**
 * Says, signed, that events leave the log: the target and the reason of the event that records it.
 *
 * @throws SealedValueError as `signCheckpoint` does.
 */
export async function signRemoval(
  keyring: Keyring,
  stored: StoredLogKey,
  removal: Removal,
): Promise<{ target: string; reason: string }> {
  return removalEvent(removal, await signed(keyring, stored, removalText(stored.origin, removal)));
}

async function signed(keyring: Keyring, stored: StoredLogKey, text: string): Promise<Uint8Array> {
  const key = noteKeyOf(stored);
  const seed = fromBase64(opened(keyring, key, stored)) ?? new Uint8Array();
  const jwk = { kty: 'OKP', crv: 'Ed25519', d: urlDigits(seed), x: urlDigits(key.publicKey) };
  const imported = await crypto.subtle.importKey('jwk', jwk, 'Ed25519', false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('Ed25519', imported, asSource(utf8(text))));
}

/** No name of an API key has a line feed, so nothing that is stored as a value opens as this, nor this as a value. */
function sealedName(key: NoteKey): string {
  return `the key of the log\n${noteKeyText(key)}`;
}

function sealed(keyring: Keyring, key: NoteKey, seed: string): StoredLogKey {
  const { token, binding, keyId } = sealValue(keyring, sealedName(key), seed);
  return { origin: key.name, public_key: base64(key.publicKey), private_key: token, binding, key_id: keyId };
}

function opened(keyring: Keyring, key: NoteKey, { private_key: token, binding, key_id: keyId }: StoredLogKey): string {
  return openValue(keyring, sealedName(key), { token, binding, keyId });
}

function urlDigits(bytes: Uint8Array): string {
  return base64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
