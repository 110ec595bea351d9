import { existsSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { KeyFormatError } from '../../core/crypto/key-material.ts';
import { parseSessionKey } from '../../core/crypto/session-token.ts';
import { OperatorError } from '../../core/operator-error.ts';
import { type Census, checkDatabase, checkIntegrity, isVault, readKeyring, summary } from '../data/check-database.ts';
import { migrate, type VaultFiles } from '../data/database.ts';
import { hasMovedIn, type MovedIn, moveIn } from '../move-in/move-in.ts';
import { isV06 } from '../move-in/source.ts';
import type { Lookup } from '../settings.ts';
import { foldIntoOneFile, type Journal } from './restore-journal.ts';

/** What is staged and can be committed. */
export interface Staged {
  kind: 'backup' | 'v0.6';
  census: Census;
  /** What moved in, if it is a v0.6 database. */
  movedIn: MovedIn | undefined;
}

export interface StageOptions {
  project: string;
  files: VaultFiles;
  journal: Journal;
  /** Finds the keys that belong to the database. */
  lookup: Lookup;
  print: (line: string) => void;
  /** Whether values that do not open may be restored as they are. */
  acceptDamaged?: boolean;
  /** Whether what moved in before is to move in once more. */
  again?: boolean;
}

/**
 * Checks a database that was put at `file`, and makes it the `next.db` of the journal: a backup as it is, brought up to
 * this version, or a new vault into which a v0.6 database has moved.
 *
 * @returns undefined if it has moved in before.
 * @throws OperatorError if anything about it is not as it should be.
 */
export async function stage(file: string, options: StageOptions): Promise<Staged | undefined> {
  const { journal, lookup } = options;
  checkSessionKey(lookup);
  const kind = recognise(file);
  if (kind === 'backup') return stageBackup(file, options);
  const source = new DatabaseSync(file, { readOnly: true });
  try {
    checkIntegrityOfOld(source);
    if (!options.again && isMovedInAlready(options.files, source)) return undefined;
    const started = Date.now();
    const movedIn = await buildVault(source, options);
    const census = checkStaged(options);
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
    options.print(`This took ${seconds} s and at most ${megabytes} MB of memory.`);
    rmSync(file);
    writeFileSync(journal.plan, `${JSON.stringify({ kind, ...census })}\n`);
    const staged: Staged = { kind, census, movedIn };
    const lines = [...report(staged)];
    if (lines.length > 1) writeFileSync(journal.report, `${lines.join('\n')}\n`);
    return staged;
  } finally {
    source.close();
  }
}

/** By its tables. A file that is no database at all is refused here. */
function recognise(file: string): Staged['kind'] {
  // This also plays in what a -wal or -journal beside it holds.
  try {
    foldIntoOneFile(file);
  } catch (error) {
    throw new OperatorError(`This is no SQLite database, or a damaged one (${(error as Error).message}).`);
  }
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    if (isVault(database)) return 'backup';
    if (isV06(database)) return 'v0.6';
  } catch (error) {
    throw new OperatorError(`This is no SQLite database, or a damaged one (${(error as Error).message}).`);
  } finally {
    database.close();
  }
  throw new OperatorError('This is an SQLite database, but neither a backup of a vault nor a database of v0.6.');
}

async function stageBackup(file: string, options: StageOptions): Promise<Staged> {
  const { files, journal } = options;
  const copy: VaultFiles = { ...files, folder: journal.folder, file, marker: join(journal.folder, 'none') };
  const database = new DatabaseSync(file);
  try {
    // Before anything is changed in it, the copy too: a damaged one would fail in less clear words.
    checkIntegrity(database);
    await migrate(copy, database);
  } finally {
    database.close();
  }
  foldIntoOneFile(file);
  renameSync(file, journal.database);
  const census = checkStaged(options);
  writeFileSync(journal.plan, `${JSON.stringify({ kind: 'backup', ...census })}\n`);
  return { kind: 'backup', census, movedIn: undefined };
}

async function buildVault(source: DatabaseSync, options: StageOptions): Promise<MovedIn> {
  const { files, journal, lookup, print } = options;
  const target = new DatabaseSync(journal.database);
  try {
    // What is staged is put on the disk once, when it is complete.
    target.exec('PRAGMA synchronous = OFF');
    await migrate({ ...files, folder: journal.folder, file: journal.database }, target);
    return await moveIn(source, target, { keyring: readKeyring(lookup), progress: print });
  } finally {
    target.close();
  }
}

function checkStaged({ files, journal, lookup, print, acceptDamaged = false }: StageOptions): Census {
  const database = new DatabaseSync(journal.database, { readOnly: true });
  try {
    const { migrationsFolder } = files;
    const census = checkDatabase(database, { keyring: readKeyring(lookup), migrationsFolder, progress: print });
    if (census.damaged.length > 0 && !acceptDamaged) throw damagedValues(census);
    return census;
  } finally {
    database.close();
  }
}

/** Says which values do not open, and how to go on all the same. */
export function damagedValues({ damaged, versions }: Census): OperatorError {
  const named = damaged.slice(0, 100).map((line) => `  ${line}`);
  if (damaged.length > named.length) named.push(`  and ${damaged.length - named.length} more`);
  return new OperatorError(
    `${damaged.length} of ${versions} values do not open:\n${named.join('\n')}\n--accept-damaged goes on with all others.`,
  );
}

/** With a bad SECRET_KEY the vault would not start, and that is better known before. */
function checkSessionKey(lookup: Lookup): void {
  try {
    parseSessionKey(lookup('SECRET_KEY'));
  } catch (error) {
    if (error instanceof KeyFormatError) throw new OperatorError(error.message);
    throw error;
  }
}

/** A v0.6 database may have rows whose owner is gone: that is told later, and is no damage. */
function checkIntegrityOfOld(source: DatabaseSync): void {
  const found = String(source.prepare('PRAGMA integrity_check(1)').get()?.integrity_check);
  if (found !== 'ok')
    throw new OperatorError(`The v0.6 database is damaged (${found.replace(/\s+/g, ' ').slice(0, 200)}).`);
}

function isMovedInAlready(files: VaultFiles, source: DatabaseSync): boolean {
  if (!existsSync(files.file) || statSync(files.file).size === 0) return false;
  const living = new DatabaseSync(files.file, { timeout: 5_000 });
  try {
    return isVault(living) && hasMovedIn(living, source);
  } catch {
    // A living database that cannot be read is a reason for a restore, not against it.
    return false;
  } finally {
    living.close();
  }
}

/** What moved in and what did not, for a person: one line each. */
export function* report({ movedIn, census }: Staged): Generator<string> {
  if (movedIn) {
    yield `From v0.6: ${movedIn.users} accounts, ${movedIn.secrets} keys, ${movedIn.events} log entries.`;
    for (const note of movedIn.notes) yield `  note: ${note}`;
    for (const loss of movedIn.losses) yield `  not brought over: ${loss}`;
  } else {
    yield `The backup is whole: ${summary(census)}.`;
    for (const damaged of census.damaged) yield `  does not open: ${damaged}`;
  }
}
