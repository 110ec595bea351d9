/**
 * Signed notes with Ed25519 (C2SP signed-note) and the checkpoints that they carry (C2SP tlog-checkpoint): three lines with the
 * origin, the number of leaves and the root, an empty line, and one line for each signature. Signatures of others, such as witnesses,
 * are allowed and not looked at. The forms themselves are in `note-text.ts`.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { base64 } from './base64.ts';
import {
  algorithm,
  idOf,
  idSource,
  keyIdBytes,
  type NoteKey,
  type ReadNote,
  splitNote,
  splitNoteKey,
} from './note-text.ts';

export { type Checkpoint, checkpointText, type NoteKey, parseCheckpoint } from './note-text.ts';

/** The key as one line that other programs read: `NAME+ID+BASE64`. */
export function noteKeyText({ name, publicKey }: NoteKey): string {
  return `${name}+${idOf(keyHash({ name, publicKey }))}+${base64(Uint8Array.of(algorithm, ...publicKey))}`;
}

/** Reads what `noteKeyText` writes; null for anything else, such as a key whose id does not fit. */
export function parseNoteKey(text: string): NoteKey | null {
  const parts = splitNoteKey(text);
  if (!parts) return null;
  const { id, ...key } = parts;
  return idOf(keyHash(key)) === id ? key : null;
}

/** A note: the text, an empty line, and the signature of its bytes. */
export function signedNote(text: string, key: NoteKey, signature: Uint8Array): string {
  const id = keyHash(key).subarray(0, keyIdBytes);
  return `${text}\n\u2014 ${key.name} ${base64(Uint8Array.of(...id, ...signature))}\n`;
}

/** Splits a note. Null if it has not the form, or no signature that says to be this key's. */
export function readNote(note: string, key: NoteKey): ReadNote | null {
  return splitNote(note, { name: key.name, id: idOf(keyHash(key)) });
}

function keyHash(key: NoteKey): Uint8Array {
  return sha256(idSource(key));
}
