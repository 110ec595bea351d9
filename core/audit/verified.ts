/** Verifies signed checkpoints. It needs no key of the vault: for the command line, and for everybody else who holds a checkpoint. */
import { utf8 } from '../crypto/encoding.ts';
import { type Checkpoint, type NoteKey, parseCheckpoint, readNote } from './note.ts';

/** The checkpoint in a note that this key has signed; null if it has not, or if it is a checkpoint of another log. */
export async function verifiedCheckpoint(note: string, key: NoteKey): Promise<Checkpoint | null> {
  const read = readNote(note, key);
  const checkpoint = read && parseCheckpoint(read.text);
  if (!read || checkpoint?.origin !== key.name) return null;
  const imported = await crypto.subtle.importKey('raw', asSource(key.publicKey), 'Ed25519', false, ['verify']);
  const holds = await crypto.subtle.verify('Ed25519', imported, asSource(read.signature), asSource(utf8(read.text)));
  return holds ? checkpoint : null;
}

/** WebCrypto's types want a buffer that nobody shares. */
export function asSource(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}
