/** `keystore audit`: the public key of the log, and checkpoints that are kept where the owner of the database is not alone. */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Checkpoint, type NoteKey, parseNoteKey } from '../../core/audit/note.ts';
import { rootsByConsistency } from '../../core/audit/proof.ts';
import type { Hash } from '../../core/audit/tree.ts';
import { verifiedCheckpoint } from '../../core/audit/verified.ts';
import { codeOf, exitCodes, Failure, usageFailure } from '../terminal/failure.ts';
import { say, sayJson } from '../terminal/output.ts';
import { openVault, type Vault } from '../vault/client.ts';
import type { Given } from './arguments.ts';

export async function run(given: Given): Promise<undefined> {
  const action = given.argument(0);
  const takes = action === 'pin' ? 2 : action === 'key' ? 1 : 0;
  if (given.positionals.length !== takes) throw usageFailure('See: keystore audit --help');
  const vault = openVault();
  const line = (await vault.askText('GET', '/logs/key')).trim();
  const key = parseNoteKey(line);
  if (!key) throw new Failure('What the vault answers as the key of its log is none.');
  const wanted = given.text('public-key');
  if (wanted !== undefined && wanted.trim() !== line) throw new Failure(otherKey(`--public-key names another one`));
  if (action === 'pin') await pin(vault, key, given);
  else if (given.json) sayJson({ key: line });
  else say(line);
}

const changed =
  'Somebody has changed the log or the vault was set back to an earlier state, such as by restoring a backup. Keep what is pinned, and see docs/AUDIT.md.';

function otherKey(why: string): string {
  return `The log of this vault has another key: ${why}. It is another vault, or its log was begun anew. Nothing was written.`;
}

interface Pinned extends Checkpoint {
  note: string;
}

async function pin(vault: Vault, key: NoteKey, given: Given): Promise<void> {
  const folder = given.argument(1);
  const before = await newestPin(folder, key);
  const now = await checked(await seal(vault), key);
  if (before) await checkContinues(vault, key, before, now);
  const file = join(folder, `${now.size}.checkpoint`);
  if (before?.size !== now.size) writeWhole(folder, file, now.note);
  if (given.json) sayJson({ file, size: now.size, continues: before?.size ?? null });
  else {
    const since = before ? `It continues the checkpoint of ${before.size} events.` : 'It is the first one here.';
    say(`Pinned ${now.size} events in ${file}. ${since}`);
  }
}

/** Seals the log. A long one that was never sealed takes several requests. */
async function seal(vault: Vault): Promise<string> {
  for (;;) {
    try {
      return await vault.askText('POST', '/logs/checkpoint');
    } catch (error) {
      if (!(error instanceof Failure && error.status === 409 && / are sealed so far/.test(error.message))) throw error;
    }
  }
}

async function checked(note: string, key: NoteKey): Promise<Pinned> {
  const checkpoint = await verifiedCheckpoint(note, key);
  if (!checkpoint)
    throw new Failure(
      'The checkpoint that the vault answers is not signed by the key of its log. Nothing was written.',
    );
  return { ...checkpoint, note };
}

/** The pin of the largest log in a folder. @throws Failure if this key has not signed it. */
async function newestPin(folder: string, key: NoteKey): Promise<Pinned | null> {
  const sizes = filesIn(folder).flatMap((name) => /^(\d{1,16})\.checkpoint$/.exec(name)?.[1] ?? []);
  const size = sizes
    .map(Number)
    .sort((one, other) => one - other)
    .at(-1);
  if (size === undefined) return null;
  const file = join(folder, `${size}.checkpoint`);
  const note = readFileSync(file, 'utf8');
  const checkpoint = await verifiedCheckpoint(note, key);
  if (checkpoint?.size !== size) throw new Failure(otherKey(`it has not signed ${file}, or that file was changed`));
  return { ...checkpoint, note };
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw usageFailure(`${folder} is no folder that can be read (${codeOf(error)}).`);
  }
}

/** @throws Failure unless the log of now begins with the one that is pinned. */
async function checkContinues(vault: Vault, key: NoteKey, before: Pinned, now: Pinned): Promise<void> {
  const refuse = (how: string) =>
    new Failure(`The log does not continue what is pinned: ${how}. Nothing was written. ${changed}`);
  if (now.size < before.size) throw refuse(`it has ${now.size} events, and ${before.size} are pinned`);
  if (before.size === 0) return;
  const { hashes, checkpoint } = await proofOf(vault, key, before.size, now.size);
  const roots = rootsByConsistency(before.size, now.size, before.root, hashes);
  const isSame = (one: Hash | undefined, other: Hash) => one !== undefined && Buffer.from(one).equals(other);
  if (!isSame(roots?.old, before.root) || !isSame(roots?.new, now.root) || !isSame(checkpoint.root, now.root))
    throw refuse(`its first ${before.size} events are not those of then`);
}

/** The answer of `/logs/consistency`: `old SIZE`, hashes, an empty line, and the checkpoint. */
async function proofOf(vault: Vault, key: NoteKey, from: number, to: number) {
  const text = await vault.askText('GET', '/logs/consistency', { from, to });
  const end = text.indexOf('\n\n');
  const [first, ...lines] = text.slice(0, end).split('\n');
  const hashes = lines.map((line) => new Uint8Array(Buffer.from(line, 'base64')));
  if (end < 0 || first !== `old ${from}` || hashes.some(({ length }) => length !== 32))
    throw new Failure('What the vault answers as a proof is none. Nothing was written.', exitCodes.failed);
  return { hashes, checkpoint: await checked(text.slice(end + 2), key) };
}

/** Whoever reads the file finds it whole, also after a power cut. */
function writeWhole(folder: string, file: string, text: string): void {
  const partial = `${file}.${process.pid}.partial`;
  try {
    mkdirSync(folder, { recursive: true });
    const descriptor = openSync(partial, 'wx', 0o644);
    try {
      writeSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(partial, file);
  } catch (error) {
    rmSync(partial, { force: true });
    throw usageFailure(`${file} cannot be written (${codeOf(error)}).`);
  }
}
