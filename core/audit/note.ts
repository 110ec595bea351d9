/**
 * Signed notes with Ed25519 (C2SP signed-note) and the checkpoints that they carry (C2SP tlog-checkpoint): three lines with the
 * origin, the number of leaves and the root, an empty line, and one line for each signature. Signatures of others, such as witnesses,
 * are allowed and not looked at. The browser reads notes with this file, too, so nothing here needs Node.js.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex as hex } from '@noble/hashes/utils.js';
import { base64, fromBase64 } from './base64.ts';
import { type Hash, hashBytes } from './tree.ts';

export interface Checkpoint {
  origin: string;
  size: number;
  root: Hash;
}

/** A public key under the name that it signs with. */
export interface NoteKey {
  name: string;
  publicKey: Uint8Array;
}

/** Of Ed25519 in the key's encoding and in what its id is computed of. */
const algorithm = 1;
const keyIdBytes = 4;
const publicKeyBytes = 32;
const signatureBytes = 64;
const maxNoteBytes = 65_536;
const encoder = new TextEncoder();

/** The key as one line that other programs read: `NAME+ID+BASE64`. */
export function noteKeyText({ name, publicKey }: NoteKey): string {
  return `${name}+${hex(keyId({ name, publicKey }))}+${base64(Uint8Array.of(algorithm, ...publicKey))}`;
}

/** Reads what `noteKeyText` writes; null for anything else, such as a key whose id does not fit. */
export function parseNoteKey(text: string): NoteKey | null {
  const [, name, id, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+([0-9A-Za-z+/]+=*)$/.exec(text) ?? [];
  const bytes = encoded ? fromBase64(encoded) : null;
  if (!name || bytes?.length !== 1 + publicKeyBytes || bytes[0] !== algorithm) return null;
  const key = { name, publicKey: bytes.subarray(1) };
  return hex(keyId(key)) === id ? key : null;
}

/** What is signed of a checkpoint. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${base64(root)}\n`;
}

/** A note: the text, an empty line, and the signature of its bytes. */
export function signedNote(text: string, key: NoteKey, signature: Uint8Array): string {
  return `${text}\n\u2014 ${key.name} ${base64(Uint8Array.of(...keyId(key), ...signature))}\n`;
}

export interface ReadNote {
  text: string;
  /** The signature of the key that was asked for, which has yet to be verified over the bytes of the text. */
  signature: Uint8Array;
}

/** Splits a note. Null if it has not the form, or no signature that says to be this key's. */
export function readNote(note: string, key: NoteKey): ReadNote | null {
  // The last empty line divides: a text may have others.
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || note.length > maxNoteBytes || !note.endsWith('\n')) return null;
  const text = note.slice(0, end + 1);
  const lines = note.slice(end + 2, -1).split('\n');
  const signatures = lines.map((line) => /^\u2014 ([^\s+]+) ([0-9A-Za-z+/]+=*)$/.exec(line));
  if (signatures.includes(null)) return null;
  const id = hex(keyId(key));
  for (const [, name, encoded = ''] of signatures as RegExpExecArray[]) {
    const bytes = fromBase64(encoded);
    if (name !== key.name || bytes?.length !== keyIdBytes + signatureBytes) continue;
    if (hex(bytes.subarray(0, keyIdBytes)) === id) return { text, signature: bytes.subarray(keyIdBytes) };
  }
  return null;
}

/** Reads the text of a checkpoint; lines after the third are extensions, which are allowed. Null if it is none. */
export function parseCheckpoint(text: string): Checkpoint | null {
  const [origin = '', size = '', encoded = ''] = text.split('\n');
  const root = fromBase64(encoded);
  if (origin === '' || !/^(0|[1-9]\d{0,15})$/.test(size) || root?.length !== hashBytes) return null;
  return Number.isSafeInteger(Number(size)) ? { origin, size: Number(size), root } : null;
}

/** The first four bytes of SHA-256 over the name, a line feed, the algorithm and the key. */
function keyId({ name, publicKey }: NoteKey): Uint8Array {
  return sha256(Uint8Array.of(...encoder.encode(`${name}\n`), algorithm, ...publicKey)).subarray(0, keyIdBytes);
}
