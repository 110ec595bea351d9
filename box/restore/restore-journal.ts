/**
 * Replaces a vault's database and its env file as a pair: a kill at any moment leaves the old pair or the new one.
 *
 * The new files are staged in `<data>/restore/` as `next.*`. The restore is committed once `commit.json` exists, which a
 * single rename creates. Before that, a start discards what is staged; after that, every start and every restore carries
 * the commit out. Every step can be repeated.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { OperatorError } from '../../core/operator-error.ts';
import { keepRequirement } from '../../core/settings/require-seals.ts';
import { copyDatabase } from '../data/copy-database.ts';
import { markVault, type VaultFiles } from '../data/database.ts';
import { replaceDurably, sync, writeDurably } from '../data/durable.ts';

export type Journal = ReturnType<typeof journalOf>;

export interface Commit {
  /** The name under which the replaced files are kept: `<data>/<name>.db` and `<env file>.<name>`. */
  before: string;
  /** The v0.6 database in the data folder, which is renamed once it has moved in. */
  retire: string | null;
  /** Whether there was a database to keep. */
  kept: boolean;
  /** Whether this commit takes an earlier one back. */
  isRollback: boolean;
}

/** The state of a restore: none was committed, only the env file is missing, or everything is in place. */
export type Completion = 'none' | 'complete' | { before: string };

/** The command that an operator runs after an interrupted restore. */
export const finishCommand = 'HelperScripts/restore-data.sh --finish';

/** What SQLite may leave beside a database, as endings of its name. */
export const sidecars = ['-wal', '-shm', '-journal'];

/** The files in `<data>/restore/`. */
export function journalOf({ folder }: VaultFiles) {
  const own = join(folder, 'restore');
  return {
    folder: own,
    database: join(own, 'next.db'),
    env: join(own, 'next.env'),
    /** Present once `database` is complete. */
    staged: join(own, 'staged.json'),
    /** Notes on a v0.6 database that moves in. The commit moves it to `<data>/moved-in.txt`. */
    report: join(own, 'report.txt'),
    commit: join(own, 'commit.json'),
    done: join(own, 'done.json'),
  };
}

/** Makes an empty journal and discards what was staged before and never committed. */
export function beginJournal(files: VaultFiles): Journal {
  const journal = journalOf(files);
  if (existsSync(journal.commit)) {
    throw new OperatorError(`An earlier restore was interrupted. Run this first: ${finishCommand}`);
  }
  rmSync(journal.folder, { recursive: true, force: true });
  mkdirSync(journal.folder, { recursive: true, mode: 0o700 });
  return journal;
}

/** Removes the journal, unless a commit in it is still to be carried out. */
export function clearJournal(files: VaultFiles): void {
  const journal = journalOf(files);
  if (!existsSync(journal.commit)) rmSync(journal.folder, { recursive: true, force: true });
}

/**
 * Keeps a copy of the current database and replaces it with the staged one. The caller must hold the data folder's lock.
 *
 * @returns the state of the restore, and where the replaced database is kept.
 * @throws OperatorError if nothing is staged.
 */
export async function commitRestore(
  files: VaultFiles,
  envFile: string,
  { retire = null, isRollback = false }: { retire?: string | null; isRollback?: boolean } = {},
): Promise<{ completion: Completion; before: string | undefined }> {
  const journal = journalOf(files);
  if (!existsSync(journal.database)) throw new OperatorError('Nothing is staged for a restore. Nothing was changed.');
  const before = freeName(files);
  const kept = !isRollback && (await keepDatabase(files, join(files.folder, `${before}.db`)));
  for (const file of [journal.database, journal.env]) if (existsSync(file)) sync(file);
  const commit: Commit = { before, retire, kept, isRollback };
  writeDurably(journal.commit, `${JSON.stringify(commit)}\n`);
  return { completion: completeRestore(files, envFile), before: kept ? join(files.folder, `${before}.db`) : undefined };
}

/** Carries out a commit from wherever it was interrupted. Without a commit, discards what is staged. */
export function completeRestore(files: VaultFiles, envFile: string): Completion {
  const journal = journalOf(files);
  const commit = readCommit(journal.commit);
  if (commit === undefined) {
    // restore-data.sh may still take back a restore that is done.
    if (!existsSync(journal.done)) clearJournal(files);
    return 'none';
  }
  if (existsSync(journal.database)) {
    mkdirSync(dirname(files.file), { recursive: true });
    // SQLite would replay a write-ahead log of the old database into the new one.
    for (const sidecar of sidecars) rmSync(files.file + sidecar, { force: true });
    sync(dirname(files.file));
    renameSync(journal.database, files.file);
    sync(dirname(files.file));
  }
  markVault(files);
  if (existsSync(journal.report)) renameSync(journal.report, reportOf(files));
  if (commit.retire !== null) retire(join(files.folder, commit.retire));
  if (existsSync(journal.env) && !swapEnv(journal.env, envFile, commit.before)) return { before: commit.before };
  rmSync(journal.env, { force: true });
  renameSync(journal.commit, journal.done);
  sync(journal.folder);
  return 'complete';
}

/** The staged env file, if a committed restore could not put it in place yet. */
export function pendingEnv(files: VaultFiles): string | undefined {
  const { commit, env } = journalOf(files);
  return existsSync(commit) && existsSync(env) ? env : undefined;
}

/**
 * Takes back a restore that is done: stages what it replaced and commits that.
 *
 * @param env the previous env file; if it is empty, the copy beside the env file is used if there is one.
 * @throws OperatorError if the restore replaced no vault.
 */
export async function undoRestore(files: VaultFiles, envFile: string, env: Uint8Array): Promise<Completion> {
  const journal = journalOf(files);
  const done = readCommit(journal.done);
  if (!done?.kept) throw new OperatorError('Automatic rollback failed: there was no vault before this restore.');
  copyFileSync(join(files.folder, `${done.before}.db`), journal.database);
  chmodSync(journal.database, 0o600);
  const beside = keptEnv(envFile, done.before);
  const previous = env.length === 0 && existsSync(beside) ? readFileSync(beside) : env;
  if (previous.length > 0) writeFileSync(journal.env, previous, { mode: 0o600 });
  const { completion } = await commitRestore(files, envFile, { isRollback: true });
  return completion;
}

export function readCommit(file: string): Commit | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Commit) : undefined;
}

/** Returns false where the env file cannot be written: in a container it is a mount, and the host replaces it. */
function swapEnv(staged: string, envFile: string, before: string): boolean {
  const next = nextEnv(staged, envFile);
  const current = existsSync(envFile) ? readFileSync(envFile) : undefined;
  if (current?.equals(next)) return true;
  const kept = keptEnv(envFile, before);
  try {
    if (current && !existsSync(kept)) writeDurably(kept, current);
    replaceDurably(envFile, next);
    return true;
  } catch (error) {
    rmSync(`${kept}.partial`, { force: true });
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['EACCES', 'EBUSY', 'ENOENT', 'EPERM', 'EROFS'].includes(code)) return false;
    throw error;
  }
}

/** The env file that a restore puts in place: the staged one, with what the one before it has learned. */
export function nextEnv(staged: string, envFile: string): Buffer {
  const next = readFileSync(staged);
  if (!existsSync(envFile)) return next;
  const text = next.toString();
  const kept = keepRequirement(text, readFileSync(envFile, 'utf8'));
  return kept === text ? next : Buffer.from(kept);
}

/** HelperScripts/lib.sh uses the same name where the host replaces the env file. */
function keptEnv(envFile: string, before: string): string {
  return join(dirname(envFile), `${basename(envFile)}.${before}`);
}

/** Keeps a copy of the current database. One that SQLite cannot read is copied byte for byte. */
async function keepDatabase(files: VaultFiles, target: string): Promise<boolean> {
  if (!existsSync(files.file)) return false;
  const partial = `${target}.partial`;
  rmSync(partial, { force: true });
  try {
    await copyDatabase(files.file, partial);
  } catch {
    copyFileSync(files.file, partial);
    const wal = `${files.file}-wal`;
    if (existsSync(wal)) copyFileSync(wal, `${target}-wal`);
  }
  chmodSync(partial, 0o600);
  sync(partial);
  renameSync(partial, target);
  return true;
}

/** Where the notes of a move-in are kept. */
export function reportOf({ folder }: VaultFiles): string {
  return join(folder, 'moved-in.txt');
}

function retire(file: string): void {
  for (const sidecar of [...sidecars, '']) {
    if (!existsSync(file + sidecar)) continue;
    chmodSync(file + sidecar, 0o600);
    renameSync(file + sidecar, retired(file) + sidecar);
  }
}

/** `keystore.db` becomes `keystore.v06.db`. */
export function retired(file: string): string {
  return file.replace(/\.db$/, '.v06.db');
}

/** An unused name with the UTC time, for what is replaced. */
function freeName({ folder }: VaultFiles): string {
  const stamp = new Date().toISOString().replace(/[-:]/g, '').replace('T', '_').slice(0, 15);
  let name = `before-restore-${stamp}`;
  for (let number = 2; existsSync(join(folder, `${name}.db`)); number++) name = `before-restore-${stamp}_${number}`;
  return name;
}
