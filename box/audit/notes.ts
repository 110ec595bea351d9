/** Public keys, signatures, and the checkpoints that somebody has kept outside the vault. */
import { createPublicKey, verify } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Checkpoint, type NoteKey, parseCheckpoint, parseNoteKey, readNote } from '../../core/audit/note.ts';
import { maxNoteFileBytes } from '../../core/limits.ts';
import { OperatorError } from '../../core/operator-error.ts';
import { aboutLog, type Finding } from './findings.ts';

/** A checkpoint in a file. */
export interface NoteFile {
  file: string;
  note: string;
}

/**
 * Reads `--public-key`: the line of `GET /logs/key`, or a file with it.
 *
 * @throws OperatorError if it is neither.
 */
export function readKey(given: string): NoteKey {
  const key = parseNoteKey(given.trim()) ?? parseNoteKey(textOf(given).trim());
  if (key) return key;
  throw new OperatorError(
    '--public-key must be the line that `keystore audit key` prints (GET /logs/key), or a file with this line.',
  );
}

function textOf(file: string): string {
  try {
    return statSync(file).size <= maxNoteFileBytes ? readFileSync(file, 'utf8') : '';
  } catch {
    return '';
  }
}

/**
 * Reads `--checkpoints`: a file with a signed note, or a folder. Of a folder, the files whose names end in `.checkpoint` are read, and
 * others that look like a checkpoint; folders in it are not.
 *
 * @throws OperatorError if there is none.
 */
export function readNotes(path: string): NoteFile[] {
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
  } catch (error) {
    throw new OperatorError(`${path} cannot be read: ${(error as Error).message}.`);
  }
  if (!isFolder) return [{ file: path, note: read(path) }];
  const files = readdirSync(path, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => join(path, entry.name))
    .sort();
  const notes = files
    .map((file) => ({ file, note: isNamedCheckpoint(file) ? read(file) : textOf(file) }))
    .filter(({ file, note }) => isNamedCheckpoint(file) || looksLikeNote(note));
  if (notes.length > 0) return notes;
  throw new OperatorError(`There is no checkpoint in ${path}. Checkpoints are files that end in .checkpoint.`);
}

function isNamedCheckpoint(file: string): boolean {
  return file.endsWith('.checkpoint');
}

function looksLikeNote(text: string): boolean {
  return text.startsWith('keystore/') && text.includes('\n\n\u2014 ');
}

function read(file: string): string {
  try {
    return statSync(file).size <= maxNoteFileBytes ? readFileSync(file, 'utf8') : '';
  } catch (error) {
    throw new OperatorError(`${file} cannot be read: ${(error as Error).message}.`);
  }
}

/**
 * Opens a note: the checkpoint that it carries if the key signed it, else what is wrong with it. `where` names the note in a sentence.
 */
export function openNote(note: string, key: NoteKey, where: string): Checkpoint | Finding {
  const end = note.lastIndexOf('\n\n');
  const claimed = end < 0 ? null : parseCheckpoint(note.slice(0, end + 1));
  if (!claimed) return aboutLog('signature', `${where} is not a signed checkpoint.`);
  if (claimed.origin !== key.name) {
    return aboutLog('other-vault', `${where} is of the log ${claimed.origin}, and this log is ${key.name}.`);
  }
  const signed = readNote(note, key);
  if (!signed) return aboutLog('signature', `${where} has no signature of the key of this log.`);
  if (!isSigned(signed.text, signed.signature, key)) {
    return aboutLog(
      'signature',
      `${where} has a signature that does not fit its text: the text or the signature was changed.`,
    );
  }
  return claimed;
}

/** Whether this key has signed the text (Ed25519, RFC 8032). */
export function isSigned(text: string, signature: Uint8Array, { publicKey }: NoteKey): boolean {
  try {
    const x = Buffer.from(publicKey).toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return verify(null, Buffer.from(text), key, signature);
  } catch {
    return false;
  }
}
