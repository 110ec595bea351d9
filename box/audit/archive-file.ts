/**
 * Archive files of the log: JSON lines. The first line says what it is, each of the next ones is the leaf of an event, byte for byte as
 * it was sealed, and the last one has a checkpoint. The file proves itself: the hashes before its first event and its leaves give the root
 * of the log up to its last event, and a consistency proof leads from there to the root that the checkpoint signs (RFC 9162).
 *
 *   {"archive":"keystore-log/v1","key":"keystore/…+…+…","from":1,"to":5000,"before":[]}
 *   {"action":"secret.read",…,"id":1,…}
 *   …
 *   {"after":["…"],"checkpoint":"keystore/…\n6012\n…\n\n— keystore/… …\n"}
 */
import { closeSync, openSync, readSync } from 'node:fs';
import type { NoteKey } from '../../core/audit/note.ts';
import { parseNoteKey } from '../../core/audit/note.ts';
import { rootsByConsistency } from '../../core/audit/proof.ts';
import { type Hash, hashBytes } from '../../core/audit/tree.ts';
import { fromBase64 } from '../../core/crypto/encoding.ts';
import { OperatorError } from '../../core/operator-error.ts';
import { CompactRange, subtreesOf } from './compact-range.ts';
import { aboutEvents, aboutLog, type Finding } from './findings.ts';
import { hashOfLeaf, isSame } from './hashing.ts';
import { openNote } from './notes.ts';

export const archiveFormat = 'keystore-log/v1';

export interface ArchiveHead {
  archive: string;
  /** The public key in one line. */
  key: string;
  /** The ids of the first and the last event. */
  from: number;
  to: number;
  /** The hashes of the full subtrees before the first event, from the left to the right. */
  before: string[];
}

export interface ArchiveEnd {
  /** The consistency proof from the last event to the checkpoint. */
  after: string[];
  checkpoint: string;
}

/** What an archive proves. */
export interface ReadArchive {
  key: NoteKey;
  from: number;
  to: number;
  /** The root of the log up to its last event. */
  root: Hash;
  /** Of the checkpoint in it. */
  size: number;
  checkpointRoot: Hash;
}

/** Whether a file begins as an archive does. */
export function isArchive(file: string): boolean {
  try {
    const lines = linesOf(file);
    const first = lines.next().value;
    lines.return(undefined);
    return headOf(first) !== null;
  } catch {
    return false;
  }
}

/**
 * Verifies an archive file, by itself and against the hashes of a database.
 *
 * @param given the public key; null to take that of the file.
 * @param stored the hash that a database has for an event, if there is one.
 * @throws OperatorError if the file is no archive.
 */
export function verifyArchive(
  file: string,
  given: NoteKey | null,
  stored?: (id: number) => Hash | undefined,
): { finding: Finding } | { archive: ReadArchive } {
  const lines = linesOf(file);
  const head = headOf(lines.next().value);
  if (!head) throw new OperatorError(`${file} is not an archive of a log.`);
  const own = parseNoteKey(head.key);
  const key = given ?? own;
  if (!own || !key) return wrong(aboutLog('signature', `${file} has no public key.`));
  if (own.name !== key.name)
    return wrong(aboutLog('other-vault', `${file} is an archive of the log ${own.name}, and this log is ${key.name}.`));
  const { from, to } = head;
  const before = head.before.map((text) => fromBase64(text));
  if (!areHashes(before) || before.length !== subtreesOf(from - 1).length)
    return wrong(aboutEvents('tree', from, to, `The first line of ${file} was changed.`));
  const range = new CompactRange(from - 1, before);
  for (let id = from; id <= to; id += 1) {
    const line = lines.next().value ?? '';
    const found = idOf(line);
    if (found !== id) return wrong(misplaced(file, id, found));
    const hash = hashOfLeaf(Buffer.from(line));
    const known = stored?.(id);
    if (known && !isSame(hash, known))
      return wrong(aboutEvents('edited', id, id, `In ${file} it is not the event that was sealed under this number.`));
    range.add(hash);
  }
  const end = endOf(lines.next().value);
  if (!end || !lines.next().done)
    return wrong(aboutLog('added', `${file} goes on after its last event, or has no last line.`));
  const checkpoint = openNote(end.checkpoint, key, `The checkpoint in ${file}`);
  if ('kind' in checkpoint) return wrong(checkpoint);
  const proof = end.after.map((text) => fromBase64(text));
  const root = range.root();
  const roots = areHashes(proof) ? rootsByConsistency(to, checkpoint.size, root, proof) : null;
  if (!roots || !isSame(roots.old, root) || !isSame(roots.new, checkpoint.root)) {
    return wrong(
      aboutEvents(
        'edited',
        from,
        to,
        `At least one event in ${file} is not the one that was sealed, or a hash in it was changed.`,
      ),
    );
  }
  return { archive: { key, from, to, root, size: checkpoint.size, checkpointRoot: checkpoint.root } };
}

function wrong(finding: Finding): { finding: Finding } {
  return { finding };
}

function misplaced(file: string, id: number, found: number | null): Finding {
  if (found !== null && found < id)
    return aboutEvents('reordered', id, id, `In ${file}, event ${found} stands in its place.`);
  return aboutEvents('missing', id, id, `It is not in ${file}.`);
}

function areHashes(hashes: readonly (Uint8Array | null)[]): hashes is Hash[] {
  return hashes.every((hash) => hash?.length === hashBytes);
}

/** The lines of a file, one after the other. */
function* linesOf(file: string): Generator<string, undefined> {
  const descriptor = openSync(file, 'r');
  try {
    const chunk = Buffer.alloc(256 * 1024);
    let rest = Buffer.alloc(0);
    for (let length = readSync(descriptor, chunk); length > 0; length = readSync(descriptor, chunk)) {
      const bytes = Buffer.concat([rest, chunk.subarray(0, length)]);
      let begin = 0;
      for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, begin)) {
        yield bytes.toString('utf8', begin, end);
        begin = end + 1;
      }
      rest = bytes.subarray(begin);
      if (rest.length > maxLineBytes) return undefined;
    }
    if (rest.length > 0) yield rest.toString('utf8');
    return undefined;
  } finally {
    closeSync(descriptor);
  }
}

/** A leaf has at most 65,535 bytes, and the first and the last line some kilobytes. */
const maxLineBytes = 1024 * 1024;

function headOf(line: string | undefined): ArchiveHead | null {
  const head = parse(line) as Partial<ArchiveHead> | null;
  if (head?.archive !== archiveFormat || typeof head.key !== 'string' || !isListOfText(head.before)) return null;
  const { from, to } = head;
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to)) return null;
  return (from as number) >= 1 && (to as number) >= (from as number) ? (head as ArchiveHead) : null;
}

function endOf(line: string | undefined): ArchiveEnd | null {
  const end = parse(line) as Partial<ArchiveEnd> | null;
  return end && typeof end.checkpoint === 'string' && isListOfText(end.after) ? (end as ArchiveEnd) : null;
}

function idOf(line: string): number | null {
  const id = (parse(line) as { id?: unknown } | null)?.id;
  return typeof id === 'number' ? id : null;
}

function isListOfText(list: unknown): list is string[] {
  return Array.isArray(list) && list.every((text) => typeof text === 'string');
}

function parse(line: string | undefined): unknown {
  try {
    return line === undefined ? null : JSON.parse(line);
  } catch {
    return null;
  }
}
