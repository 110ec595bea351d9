/**
 * Parses and writes notes, keys and checkpoints (C2SP signed-note and tlog-checkpoint). Computes no hash, so that the browser can use this file
 * with its own SHA-256. Everything else uses `note.ts`.
 */
import { base64, fromBase64 } from './base64.ts';

export interface Checkpoint {
  origin: string;
  size: number;
  root: Uint8Array;
}

/** A public key under the name that it signs with. */
export interface NoteKey {
  name: string;
  publicKey: Uint8Array;
}

export interface ReadNote {
  text: string;
  /** The signature of the key that was asked for, which has yet to be verified over the bytes of the text. */
  signature: Uint8Array;
}

/** Of Ed25519 in the key's encoding and in what its id is computed of. */
export const algorithm = 1;
export const keyIdBytes = 4;
const publicKeyBytes = 32;
const signatureBytes = 64;
const rootBytes = 32;
const maxNoteBytes = 65_536;

/** The parts of `NAME+ID+BASE64`; null for anything else. Whether the id is that of the key, `idSource` and a hash tell. */
export function splitNoteKey(text: string): (NoteKey & { id: string }) | null {
  const [, name, id, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+([0-9A-Za-z+/]+=*)$/.exec(text) ?? [];
  const bytes = encoded ? fromBase64(encoded) : null;
  if (!name || !id || bytes?.length !== 1 + publicKeyBytes || bytes[0] !== algorithm) return null;
  return { name, id, publicKey: bytes.subarray(1) };
}

/** A key's id is the first four bytes of SHA-256 over these: the name, a line feed, the algorithm and the key. */
export function idSource({ name, publicKey }: NoteKey): Uint8Array {
  return Uint8Array.of(...new TextEncoder().encode(`${name}\n`), algorithm, ...publicKey);
}

/** The first bytes of a hash as a key's id. */
export function idOf(hash: Uint8Array): string {
  return Array.from(hash.subarray(0, keyIdBytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What is signed of a checkpoint. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${base64(root)}\n`;
}

/** Splits a note. Null if it has not the form, or no signature that says to be of the key of this name and id. */
export function splitNote(note: string, key: { name: string; id: string }): ReadNote | null {
  // The last empty line divides: a text may have others.
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || note.length > maxNoteBytes || !note.endsWith('\n')) return null;
  const text = note.slice(0, end + 1);
  const lines = note.slice(end + 2, -1).split('\n');
  const signatures = lines.map((line) => /^\u2014 ([^\s+]+) ([0-9A-Za-z+/]+=*)$/.exec(line));
  if (signatures.includes(null)) return null;
  for (const [, name, encoded = ''] of signatures as RegExpExecArray[]) {
    const bytes = fromBase64(encoded);
    if (name !== key.name || bytes?.length !== keyIdBytes + signatureBytes) continue;
    if (idOf(bytes) === key.id) return { text, signature: bytes.subarray(keyIdBytes) };
  }
  return null;
}

/** Parses the text of a checkpoint and ignores extensions, the lines after the third. Returns null if it is not a checkpoint. */
export function parseCheckpoint(text: string): Checkpoint | null {
  const [origin = '', size = '', encoded = ''] = text.split('\n');
  const root = fromBase64(encoded);
  if (origin === '' || !/^(0|[1-9]\d{0,15})$/.test(size) || root?.length !== rootBytes) return null;
  return Number.isSafeInteger(Number(size)) ? { origin, size: Number(size), root } : null;
}
