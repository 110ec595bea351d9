/**
 * Checks what an operator gave for a restore, and makes it the `next.db` of the journal: a backup as it is, migrated to this
 * version, or a new vault into which a v0.6 database has moved.
 */
import { existsSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { parseSessionKey } from '../../core/crypto/session-token.ts';
import { endAllSessions, recordOperatorAct } from '../../core/data-folder/operator-acts.ts';
import { foldBusyTimeoutMs } from '../../core/limits.ts';
import { OperatorError } from '../../core/operator-error.ts';
import { logReport } from '../audit/report.ts';
import {
  type Census,
  checkFile,
  checkIntegrity,
  type FileCheck,
  isVault,
  parseKey,
  readKeyring,
  summary,
} from '../data/check-database.ts';
import { foldIntoOneFile } from '../data/copy-database.ts';
import { migrate, sqlOf, type VaultFiles } from '../data/database.ts';
import { sealDatabase } from '../data/seal-database.ts';
import { hasMovedIn, type MovedIn, moveIn } from '../move-in/move-in.ts';
import { isV06 } from '../move-in/source.ts';
import type { Journal } from './restore-journal.ts';
import { carryTokens, type TokenReport, tokenLines } from './restore-tokens.ts';

/** A vault that is staged and can be committed. */
export interface Staged {
  census: Census;
  /** What moved in from a v0.6 database. */
  movedIn: MovedIn | undefined;
  /** What is wrong with the log of a backup. It is restored all the same. */
  logProblems?: string[];
  /** What becomes of service tokens. */
  tokens?: TokenReport;
  /** How many records were sealed, because the backup is from before there were seals. */
  sealedNow?: number | null;
}

export interface StageOptions extends FileCheck {
  journal: Journal;
  /** Whether a v0.6 database may move in a second time. */
  again?: boolean;
}

/**
 * Checks and stages the database at `file`, which it may change or remove.
 *
 * @returns undefined if this v0.6 database has moved in before.
 * @throws OperatorError if a check fails.
 */
export async function stage(file: string, options: StageOptions): Promise<Staged | undefined> {
  // A vault does not start with a bad SECRET_KEY.
  parseKey(() => parseSessionKey(options.lookup('SECRET_KEY')));
  const staged = recognise(file) === 'backup' ? await stageBackup(file, options) : await stageOld(file, options);
  if (staged) finish(staged, options);
  if (staged) writeFileSync(options.journal.staged, `${JSON.stringify(staged.census)}\n`);
  return staged;
}

async function stageOld(file: string, options: StageOptions): Promise<Staged | undefined> {
  using source = new DatabaseSync(file, { readOnly: true });
  // v0.6 left rows whose owner is deleted; moving in reports them.
  checkIntegrity(source, { hasReferences: false });
  if (!options.again && isMovedInAlready(options.files, source)) return undefined;
  const started = Date.now();
  const movedIn = await buildVault(source, options);
  const census = checkFile(options.journal.database, { ...options, mayBeOld: true });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
  options.print(`This took ${seconds} s and at most ${megabytes} MB of memory.`);
  rmSync(file);
  const staged: Staged = { census, movedIn };
  const lines = [...report(staged)];
  if (lines.length > 1) writeFileSync(options.journal.report, `${lines.join('\n')}\n`);
  return staged;
}

/** Seals an old backup only now, with the secrets of tokens that come from the vault as it is. */
function finish(staged: Staged, { journal, files, lookup }: StageOptions): void {
  staged.tokens = recordRestore(journal.database, files.file, staged);
  using database = new DatabaseSync(journal.database);
  staged.sealedNow = sealDatabase(database, readKeyring(lookup), Date.now());
}

/**
 * Ends the sessions that were live when the backup was made, and the service tokens that have ended since: some of the sessions have, too,
 * but people can sign in again. Leaves an event in the log.
 */
function recordRestore(file: string, current: string, { movedIn }: Staged): TokenReport {
  using database = new DatabaseSync(file);
  const sql = sqlOf(database);
  const now = Date.now();
  let tokens: TokenReport = { working: [], ended: [], lost: [] };
  sql.transaction(() => {
    endAllSessions(sql, now);
    tokens = carryTokens(database, current, now);
    recordOperatorAct(sql, 'vault.restore', movedIn ? 'a database of v0.6' : 'a backup', now);
  });
  return tokens;
}

/** Tells a backup from a v0.6 database by the tables. */
function recognise(file: string): 'backup' | 'v0.6' {
  try {
    // SQLite also replays a -wal or -journal beside the file.
    foldIntoOneFile(file);
    using database = new DatabaseSync(file, { readOnly: true });
    if (isVault(database)) return 'backup';
    if (isV06(database)) return 'v0.6';
  } catch (error) {
    throw new OperatorError(`This file is not an SQLite database, or it is damaged (${(error as Error).message}).`);
  }
  throw new OperatorError('This SQLite database is neither a backup of a vault nor a database of v0.6.');
}

async function stageBackup(file: string, options: StageOptions): Promise<Staged> {
  const { files, journal } = options;
  {
    using database = new DatabaseSync(file);
    // Before the migrations, whose errors on a damaged file say less.
    checkIntegrity(database);
    await migrate({ ...files, folder: journal.folder, file }, database);
  }
  foldIntoOneFile(file);
  renameSync(file, journal.database);
  const census = checkFile(journal.database, { ...options, mayBeOld: true });
  using database = new DatabaseSync(journal.database, { readOnly: true });
  return { census, movedIn: undefined, logProblems: logReport(database, files.migrationsFolder).problems };
}

async function buildVault(source: DatabaseSync, options: StageOptions): Promise<MovedIn> {
  const { files, journal, lookup, print } = options;
  using target = new DatabaseSync(journal.database);
  // The commit flushes the complete file to the disk.
  target.exec('PRAGMA synchronous = OFF');
  await migrate({ ...files, folder: journal.folder, file: journal.database }, target);
  return await moveIn(source, target, { keyring: readKeyring(lookup), progress: print });
}

function isMovedInAlready(files: VaultFiles, source: DatabaseSync): boolean {
  if (!existsSync(files.file) || statSync(files.file).size === 0) return false;
  using current = new DatabaseSync(files.file, { timeout: foldBusyTimeoutMs });
  try {
    return isVault(current) && hasMovedIn(current, source);
  } catch {
    // A damaged vault must not prevent a restore.
    return false;
  }
}

function sealedAsFound(count: number): string {
  const records = count === 1 ? 'Its 1 record is' : `Its ${count} records are`;
  return `It is from before records had seals. ${records} sealed as found: restore it only if nobody else could change it.`;
}

/** What is staged, and what is not, for the operator: one line each. */
export function* report({ movedIn, census, logProblems = [], tokens, sealedNow = null }: Staged): Generator<string> {
  if (movedIn) {
    yield `From v0.6: ${movedIn.users} accounts, ${movedIn.secrets} keys, ${movedIn.events} log entries.`;
    for (const note of movedIn.notes) yield `  note: ${note}`;
    for (const loss of movedIn.losses) yield `  not moved: ${loss}`;
  } else {
    yield `The backup is intact: ${summary(census)}.`;
    for (const damaged of census.damaged) yield `  does not open: ${damaged}`;
    if (sealedNow !== null) yield sealedAsFound(sealedNow);
    for (const problem of logProblems) yield `The log in the backup does not verify: ${problem}`;
  }
  if (tokens) yield* tokenLines(tokens);
}
