import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { OperatorError } from '../../core/operator-error.ts';
import { markVault, type VaultFiles } from '../data/database.ts';

/**
 * Swapping a vault's database and its env file as a pair, so that a kill at any moment leaves the old pair or the new one.
 *
 * What is to come is staged in `<data>/restore/` under `next.*`. It counts from the moment that `commit.json` is there,
 * which one rename puts there: until then a start throws it away, from then on every start and every restore carries it
 * out. Each step of that can be done again.
 */
export interface Journal {
  folder: string;
  database: string;
  env: string;
  plan: string;
  /** What is to be known of a move-in, in words. It ends up as `<data>/moved-in.txt`. */
  report: string;
  commit: string;
  done: string;
}

export interface Commit {
  /** What is replaced is kept under this name: `<data>/<name>.db`, and beside the env file. */
  before: string;
  /** A file in the data folder that has moved in, and is put aside. */
  retire: string | null;
  /** Whether there was a database to keep. */
  kept: boolean;
}

/** How a restore stands: none is under way, the database is swapped but not the env file, or both are. */
export type Completion = 'none' | 'complete' | { pendingEnv: string };

export const sidecars = ['-wal', '-shm', '-journal'];

export function journalOf({ folder }: VaultFiles): Journal {
  const own = join(folder, 'restore');
  return {
    folder: own,
    database: join(own, 'next.db'),
    env: join(own, 'next.env'),
    plan: join(own, 'plan.json'),
    report: join(own, 'report.txt'),
    commit: join(own, 'commit.json'),
    done: join(own, 'done.json'),
  };
}

/** An empty journal, with whatever was staged before and never committed thrown away. */
export function beginJournal(files: VaultFiles): Journal {
  const journal = journalOf(files);
  if (existsSync(journal.commit)) {
    throw new OperatorError('An earlier restore was interrupted. Run HelperScripts/restore-data.sh --finish first.');
  }
  rmSync(journal.folder, { recursive: true, force: true });
  mkdirSync(journal.folder, { recursive: true, mode: 0o700 });
  return journal;
}

/** Removes what was staged, or what is left of a restore that is complete. Leaves one alone that is committed. */
export function clearJournal(files: VaultFiles): void {
  const journal = journalOf(files);
  if (!existsSync(journal.commit)) rmSync(journal.folder, { recursive: true, force: true });
}

/**
 * Keeps what is there, then makes what is staged the vault. Only for whoever holds the data folder's lock.
 *
 * @returns how it stands, and where the database that was replaced is kept.
 */
export async function commitRestore(
  files: VaultFiles,
  envFile: string,
  { retire = null, keep = true, now = new Date() }: { retire?: string | null; keep?: boolean; now?: Date } = {},
): Promise<{ completion: Completion; before: string | undefined }> {
  const journal = journalOf(files);
  if (!existsSync(journal.database)) throw new OperatorError('Nothing is staged for a restore. Nothing was changed.');
  const before = freeName(files, now);
  const kept = keep && (await keepDatabase(files, join(files.folder, `${before}.db`)));
  for (const file of [journal.database, journal.env]) if (existsSync(file)) sync(file);
  const commit: Commit = { before, retire, kept };
  writeDurably(journal.commit, `${JSON.stringify(commit)}\n`);
  return { completion: completeRestore(files, envFile), before: kept ? join(files.folder, `${before}.db`) : undefined };
}

/** Carries out what is committed, from wherever it was interrupted. Does nothing if nothing is. */
export function completeRestore(files: VaultFiles, envFile: string): Completion {
  const journal = journalOf(files);
  const commit = readCommit(journal.commit);
  if (commit === undefined) {
    // Staged and never committed. What is done stays for the script, which may yet undo it.
    if (!existsSync(journal.done)) clearJournal(files);
    return 'none';
  }
  if (existsSync(journal.database)) {
    mkdirSync(dirname(files.file), { recursive: true });
    // A write-ahead log of the old database would be played into the new one.
    for (const sidecar of sidecars) rmSync(files.file + sidecar, { force: true });
    sync(dirname(files.file));
    renameSync(journal.database, files.file);
    sync(dirname(files.file));
  }
  markVault(files);
  if (existsSync(journal.report)) renameSync(journal.report, reportOf(files));
  if (commit.retire !== null) retire(join(files.folder, commit.retire));
  if (existsSync(journal.env) && !swapEnv(journal.env, envFile, commit.before)) return { pendingEnv: journal.env };
  rmSync(journal.env, { force: true });
  renameSync(journal.commit, journal.done);
  sync(journal.folder);
  return 'complete';
}

/** The env file with the keys of the database, if a restore could not put it in place yet. */
export function pendingEnv(files: VaultFiles): string | undefined {
  const { commit, env } = journalOf(files);
  return existsSync(commit) && existsSync(env) ? env : undefined;
}

/**
 * Takes a restore back that is complete but did not work out: stages what it replaced, and commits that.
 *
 * @param env the env file as it was before; undefined leaves it as it is.
 */
export async function undoRestore(
  files: VaultFiles,
  envFile: string,
  env: Uint8Array | undefined,
): Promise<Completion> {
  const journal = journalOf(files);
  const done = readCommit(journal.done);
  if (!done?.kept) throw new OperatorError('There is nothing to go back to: no vault was replaced.');
  copyFileSync(join(files.folder, `${done.before}.db`), journal.database);
  chmodSync(journal.database, 0o600);
  if (env !== undefined) writeFileSync(journal.env, env, { mode: 0o600 });
  const { completion } = await commitRestore(files, envFile, { keep: false });
  return completion;
}

export function readCommit(file: string): Commit | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Commit) : undefined;
}

/** Returns false where the env file is not ours to write: in a container it is mounted, and the host swaps it. */
function swapEnv(staged: string, envFile: string, before: string): boolean {
  const next = readFileSync(staged);
  const current = existsSync(envFile) ? readFileSync(envFile) : undefined;
  if (current?.equals(next)) return true;
  const kept = join(dirname(envFile), `${basename(envFile)}.${before}`);
  const partial = `${envFile}.partial`;
  try {
    if (current && !existsSync(kept)) {
      writeDurably(kept, current);
    }
    writeFileSync(partial, next, { mode: 0o600 });
    sync(partial);
    renameSync(partial, envFile);
    sync(dirname(envFile));
    return true;
  } catch (error) {
    rmSync(partial, { force: true });
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['EACCES', 'EBUSY', 'ENOENT', 'EPERM', 'EROFS'].includes(code)) return false;
    throw error;
  }
}

/** Keeps the living database under another name. One that cannot be read is kept as it lies there. */
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

/** A copy by SQLite's online backup, in one file: consistent however much is being written. */
export async function copyDatabase(from: string, to: string): Promise<void> {
  const source = new DatabaseSync(from, { timeout: 10_000 });
  try {
    // All pages in one step: in several, each write by another process would begin it anew.
    await backup(source, to, { rate: 2 ** 31 - 1 });
  } finally {
    source.close();
  }
  foldIntoOneFile(to);
}

/** Ends the write-ahead mode of a database that nobody else has open: what is in its log goes into the file. */
export function foldIntoOneFile(file: string): void {
  const database = new DatabaseSync(file, { timeout: 2_000 });
  try {
    database.exec('PRAGMA journal_mode = DELETE');
  } finally {
    database.close();
  }
}

/** Where the report of a move-in is kept. */
export function reportOf({ folder }: VaultFiles): string {
  return join(folder, 'moved-in.txt');
}

function retire(file: string): void {
  for (const sidecar of sidecars) {
    if (existsSync(file + sidecar)) renameSync(file + sidecar, `${retired(file)}${sidecar}`);
  }
  if (!existsSync(file)) return;
  chmodSync(file, 0o600);
  renameSync(file, retired(file));
}

/** `keystore.db` becomes `keystore.v06.db`. */
export function retired(file: string): string {
  return file.replace(/\.db$/, '.v06.db');
}

/** A name for what is replaced that nothing has yet, with the UTC time. */
function freeName({ folder }: VaultFiles, now: Date): string {
  const stamp = now.toISOString().replace(/[-:]/g, '').replace('T', '_').slice(0, 15);
  let name = `before-restore-${stamp}`;
  for (let number = 2; existsSync(join(folder, `${name}.db`)); number++) name = `before-restore-${stamp}_${number}`;
  return name;
}

function writeDurably(file: string, content: string | Uint8Array): void {
  writeFileSync(`${file}.partial`, content, { mode: 0o600 });
  sync(`${file}.partial`);
  renameSync(`${file}.partial`, file);
  sync(dirname(file));
}

/** Puts a file, or the entries of a folder, on the disk. */
function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
