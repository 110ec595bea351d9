/** Verifies a log: its events against its tree, the tree against its signed checkpoint, and both against what was kept outside. */
import type { DatabaseSync } from 'node:sqlite';
import { type Checkpoint, type NoteKey, noteKeyText, parseNoteKey } from '../../core/audit/note.ts';
import { removalText } from '../../core/audit/removal.ts';
import { type Hash, lengthOfLevel, tileWidth } from '../../core/audit/tree.ts';
import { OperatorError } from '../../core/operator-error.ts';
import { verifyArchive } from './archive-file.ts';
import { classify, missing } from './classify.ts';
import { aboutEvents, aboutLog, type Finding } from './findings.ts';
import { hashOfEvent, isSame, noHash } from './hashing.ts';
import { locate, type ReadLeaves } from './locate.ts';
import { checkLogSchema } from './log-schema.ts';
import { isSigned, type NoteFile, openNote } from './notes.ts';
import { type ReadTree, readTree } from './read-tree.ts';
import { StoredLog, type TreeRow } from './stored-log.ts';

/** What the log is compared with. */
export interface Outside {
  /** The public key as somebody has noted it; null to take that of the database. */
  key: NoteKey | null;
  notes: readonly NoteFile[];
  /** Archive files. */
  archives?: readonly string[];
}

/** A log in which nothing is wrong. */
export interface Verified {
  origin: string;
  /** The public key in one line. */
  key: string;
  size: number;
  root: Hash;
  sealedAt: number;
  /** How many events came after the checkpoint. */
  unsealed: number;
  /** The events up to this one have left the log, and only their hashes are here. */
  archived: number;
}

export type Verdict = { finding: Finding } | { verified: Verified };

/**
 * Reads the whole log once; a second time if something is wrong, to say what.
 *
 * @throws OperatorError if it cannot be verified: it is no vault, or was never sealed.
 */
export function verifyLog(database: DatabaseSync, migrationsFolder: string, outside: Outside): Verdict {
  const changed = checkLogSchema(database, migrationsFolder);
  const log = new StoredLog(database);
  const tree = log.tree();
  if (!tree) return { finding: withoutTree(log, outside) };
  const opened = openCheckpoints(tree, outside);
  if ('finding' in opened) return opened;
  const { key, checkpoint } = opened;
  const inArchives = findInArchives(log, key, outside.archives ?? []);
  const finding = findFirst(log, tree, opened) ?? inArchives ?? changed;
  if (finding) return { finding };
  const { origin, sealedAt, archived } = tree;
  const { size, root } = checkpoint;
  const unsealed = log.census(size).after;
  return { verified: { origin, key: noteKeyText(key), size, root, sealedAt, unsealed, archived } };
}

/** Nothing is sealed. That is wrong if somebody knows a checkpoint or the key, or if there are hashes. */
function withoutTree(log: StoredLog, { key, notes }: Outside): Finding {
  if (notes.length > 0)
    return aboutLog('rolled-back', 'Nothing of this log is sealed, but there is a checkpoint of it.');
  const detail = 'The row with the signing key and the newest checkpoint is gone.';
  if (key || log.tiles().length > 0) return aboutLog('tree', detail);
  throw new OperatorError(
    'Nothing of this log is sealed yet, so there is nothing to verify. A vault seals its log within a minute of its first use.',
  );
}

type Pins = readonly (NoteFile & Checkpoint)[];

interface Opened {
  key: NoteKey;
  checkpoint: Checkpoint;
  /** By size. */
  pins: Pins;
}

/** Opens the checkpoint of the database and those that were kept outside. Nothing that follows means anything if one does not open. */
function openCheckpoints(tree: TreeRow, { key: given, notes }: Outside): { finding: Finding } | Opened {
  const own = ownKey(tree);
  if (given && given.name !== tree.origin) {
    return {
      finding: aboutLog('other-vault', `The public key is that of ${given.name}, and this log is ${tree.origin}.`),
    };
  }
  const key = given ?? own;
  if (!key) return { finding: aboutLog('signature', 'The public key in the database is not an Ed25519 key.') };
  if (!own || noteKeyText(own) !== noteKeyText(key)) {
    return {
      finding: aboutLog(
        'signature',
        'The public key in the database is not the one that was given: the log was signed with another key.',
      ),
    };
  }
  const pins: (NoteFile & Checkpoint)[] = [];
  for (const { file, note } of notes) {
    const pin = openNote(note, key, file);
    if ('kind' in pin) return { finding: pin };
    pins.push({ file, note, ...pin });
  }
  const checkpoint = openNote(tree.checkpoint, key, 'The checkpoint in the database');
  if ('kind' in checkpoint) return { finding: checkpoint };
  pins.sort((one, other) => one.size - other.size);
  return { key, checkpoint, pins };
}

function ownKey({ origin, publicKey }: TreeRow): NoteKey | null {
  const bytes = Buffer.from(publicKey, 'base64');
  if (bytes.length !== 32) return null;
  return parseNoteKey(noteKeyText({ name: origin, publicKey: bytes }));
}

/** The first thing that is wrong. Events come first, by their ids; then the hashes; then the log as a whole. */
function findFirst(log: StoredLog, tree: TreeRow, { key, checkpoint, pins }: Opened): Finding | null {
  const { size, root } = checkpoint;
  const { lowest, after, highest } = log.census(size);
  if (lowest < 0 || (lowest === 0 && log.event(0))) {
    return aboutEvents('added', lowest, lowest, 'Events are numbered from 1.');
  }
  const sizes = pins.map((pin) => pin.size).filter((each) => each <= size);
  const read = readTree(log, { size, archived: Math.min(tree.archived, size), sizes });
  const wrong = findWrongEvent(log, read, { size, root, pins, archived: tree.archived });
  if (wrong) return wrong;
  const fork = findFork(read, pins, size);
  if (fork) return fork;
  if (after > 0 && highest !== size + after) {
    const gap = log.firstGap(size + 1);
    return aboutEvents(
      'missing',
      gap,
      gap,
      'It was not sealed yet. Numbers are given without gaps, and a later event is there.',
    );
  }
  const newest = pins.at(-1);
  if (newest && newest.size > size) {
    return aboutLog(
      'rolled-back',
      `${newest.file} is a checkpoint of ${newest.size} events, and here are ${size} sealed ones. An older copy of the database was put in its place; or this is a backup from before that checkpoint.`,
    );
  }
  const unsaid = findUnsaidRemoval(tree, read, { size, key });
  return unsaid ?? findForgedHash(log, read, tree, size);
}

interface Known {
  size: number;
  root: Hash;
  pins: Pins;
  archived: number;
}

function findWrongEvent(log: StoredLog, read: ReadTree, { size, root, pins, archived }: Known): Finding | null {
  const place = locate(read, size, root, leavesOf(log, size, archived));
  if (!place) return null;
  const { from, to, hash } = place;
  if (hash) return from <= archived && !log.event(from) ? forged(from, from) : classify(log, from, hash, size);
  if (read.missing.count > 0 && read.missing.first >= from && read.missing.first <= to) {
    return missing(log, read.missing.first, size);
  }
  // The hashes of these were replaced, too. What was kept outside narrows it down.
  const good = pins.filter((pin) => pin.size < to && isSame(read.rootsAt.get(pin.size), pin.root)).at(-1)?.size ?? 0;
  const bad =
    pins.find((pin) => pin.size > good && pin.size < to && !isSame(read.rootsAt.get(pin.size), pin.root))?.size ?? to;
  const [first, last] = [Math.max(from, good + 1), Math.max(from, bad)];
  if (last <= archived) return forged(first, last);
  return aboutEvents(
    'edited',
    first,
    last,
    'At least one of these is not the event that was sealed. The hashes of their leaves were replaced as well, so it cannot be said which.',
  );
}

function forged(from: number, to: number): Finding {
  return aboutEvents(
    'tree',
    from,
    to,
    'Only hashes are left here of events that were archived or have expired, and these are not the hashes that were sealed.',
  );
}

/** Reads one tile of leaves again. An archived event counts as it is stored. */
function leavesOf(log: StoredLog, size: number, archived: number): ReadLeaves {
  return (number) => {
    const begin = number * tileWidth;
    const length = Math.min(tileWidth, size - begin);
    const stored = log.tile(0, number);
    const leaves: Hash[] = Array.from({ length }, (_, place) => stored[place] ?? noHash);
    const events = leaves.map((hash, place) => (begin + place < archived ? hash : noHash));
    for (const { id, row } of log.events(begin + 1, begin + length))
      events[id - begin - 1] = row ? hashOfEvent(row) : noHash;
    return { events, leaves };
  };
}

/** The database agrees with itself, but not with a checkpoint that its own key has signed. */
function findFork(read: ReadTree, pins: Pins, size: number): Finding | null {
  const known = pins.filter((pin) => pin.size <= size && pin.size > 0);
  const bad = known.find((pin) => !isSame(read.rootsAt.get(pin.size), pin.root));
  if (!bad) return null;
  const good = known.filter((pin) => pin.size < bad.size).at(-1)?.size ?? 0;
  const restore = read.restores.find((id) => id > good && id <= bad.size);
  const why = restore
    ? `A backup was restored (event ${restore}), so the log goes on from an older event than the newest of then.`
    : 'Either an older copy of the database was put in its place and the log went on from there, or somebody who has the signing key wrote it anew.';
  const detail = `They are not those of which ${bad.file} is the checkpoint, though the key of this log signed both. ${why}`;
  return aboutEvents(restore ? 'rolled-back' : 'edited', Math.min(good + 1, bad.size), bad.size, detail);
}

/** When events leave the log, the vault signs another one that says so. Without it, somebody deleted them. */
function findUnsaidRemoval(
  { archived }: TreeRow,
  { removals }: ReadTree,
  { size, key }: { size: number; key: NoteKey },
): Finding | null {
  if (archived === 0) return null;
  // The newest one reaches furthest, so one signature is enough, unless somebody has forged some.
  const farthest = removals.sort((one, other) => other.to - one.to);
  const said = farthest.find(({ signature, ...removal }) => isSigned(removalText(key.name, removal), signature, key));
  if (archived <= (said?.to ?? 0)) return null;
  return aboutEvents(
    'missing',
    (said?.to ?? 0) + 1,
    Math.min(archived, size),
    'They are noted as archived or expired, but no event that the key of this log has signed says so.',
  );
}

/** Archives are complete by themselves, and their leaves those of which the hashes are here. */
function findInArchives(log: StoredLog, key: NoteKey, files: readonly string[]): Finding | null {
  for (const file of files) {
    const verdict = verifyArchive(
      file,
      key,
      (id) => log.tile(0, Math.floor((id - 1) / tileWidth))[(id - 1) % tileWidth],
    );
    if ('finding' in verdict) return verdict.finding;
  }
  return null;
}

/** The events are those that were sealed. Are the stored hashes theirs, and is there nothing else? */
function findForgedHash(log: StoredLog, read: ReadTree, tree: TreeRow, size: number): Finding | null {
  if (read.firstDifference !== null) {
    const id = read.firstDifference + 1;
    return aboutEvents('tree', id, id, 'The event is as it was sealed, but the hash that is stored for it is not.');
  }
  for (const [level, hashes] of read.events.above.entries()) {
    const place = hashes.findIndex((hash, each) => !isSame(hash, read.stored.above[level]?.[each]));
    if (place < 0) continue;
    const width = tileWidth ** level;
    return aboutEvents(
      'tree',
      place * width + 1,
      (place + 1) * width,
      'The events are as they were sealed, but the hash that is stored above them is not.',
    );
  }
  if (tree.size !== size) {
    return aboutLog(
      'tree',
      `The row of the tree says that ${tree.size} events are sealed, and its checkpoint is of ${size}.`,
    );
  }
  return findSurplus(log, size);
}

function findSurplus(log: StoredLog, size: number): Finding | null {
  for (const { level, number } of log.tiles()) {
    const wanted = Math.min(tileWidth, lengthOfLevel(level, size) - number * tileWidth);
    if (level < 0 || number < 0 || wanted <= 0 || log.tile(level, number).length !== wanted) {
      return aboutLog('tree', `The tile ${number} of level ${level} has hashes of events that are not sealed.`);
    }
  }
  return null;
}
