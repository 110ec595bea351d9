/**
 * The steps of HelperScripts/restore-data.sh, which asks and stops and starts between them:
 *
 *   stage   reads env file and database from standard input (see restore-stream.ts), checks them, and puts them ready;
 *           ends with 4 if this v0.6 database has moved in already
 *   apply   swaps what is ready for what is there
 *   env     writes the env file that is still to be put in place to standard output, after a line with the name under
 *           which what is there now is to be kept; ends with 3 if there is none
 *   complete  carries out what was interrupted, or what only waits for its env file
 *   clear   forgets a restore that is complete, or staged only
 *   finish  both
 *   before  writes the name under which what was replaced is kept; ends with 3 if nothing was
 *   undo    puts back what was replaced, with the env file on standard input if there is one
 *   prove   starts the vault for a moment, on a loopback port of its own
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { OperatorError } from '../../core/operator-error.ts';
import { lockDataFolder } from '../data/lock.ts';
import {
  beginJournal,
  clearJournal,
  commitRestore,
  completeRestore,
  journalOf,
  pendingEnv,
  readCommit,
  reportOf,
  undoRestore,
} from '../restore/restore-journal.ts';
import { report, stage } from '../restore/restore-stage.ts';
import { receive } from '../restore/restore-stream.ts';
import { openSettings } from '../settings.ts';
import { type Desk, openDesk, runCommand } from './command.ts';
import { makeDataFolder } from './prepare.ts';

const movedInAlready = 4;
const nothingPending = 3;

const say = (line: string) => console.error(line);

async function stageGiven({ project, files, envFile }: Desk, options: string[]): Promise<number> {
  makeDataFolder(files.folder);
  const journal = beginJournal(files);
  try {
    const file = join(journal.folder, 'given.db');
    const { env } = await receive(process.stdin, file);
    if (env !== undefined) writeFileSync(journal.env, env, { mode: 0o600 });
    const from = env === undefined ? process.env : { ...process.env, KEYSTORE_ENV: journal.env };
    const staged = await stage(file, {
      ...{ project, files, journal, print: say },
      lookup: openSettings(project, from).lookup,
      acceptDamaged: options.includes('--accept-damaged'),
      again: options.includes('--again'),
    });
    if (staged === undefined) {
      console.log('This v0.6 database has moved in already. Nothing was changed.');
      clearJournal(files);
      return movedInAlready;
    }
    for (const line of report(staged)) console.log(line);
    if (env !== undefined && existsSync(envFile) && readFileSync(envFile).equals(env)) rmSync(journal.env);
    return 0;
  } catch (error) {
    clearJournal(files);
    throw error;
  }
}

async function apply({ files, envFile }: Desk): Promise<number> {
  const unlock = lockDataFolder(files.folder);
  try {
    const journal = journalOf(files);
    if (!existsSync(journal.plan)) throw new OperatorError('Nothing is staged for a restore. Nothing was changed.');
    const hasReport = existsSync(journal.report);
    const { before } = await commitRestore(files, envFile);
    if (before !== undefined) console.log(`What was there before is kept as ${before}.`);
    if (hasReport) console.log(`The notes above are kept in ${reportOf(files)}.`);
    return 0;
  } finally {
    unlock();
  }
}

function complete({ files, envFile }: Desk): number {
  const unlock = lockDataFolder(files.folder);
  try {
    const completion = completeRestore(files, envFile);
    if (typeof completion === 'object') throw new OperatorError(`${envFile} is still to be replaced.`);
    return 0;
  } finally {
    unlock();
  }
}

function clear({ files }: Desk): number {
  clearJournal(files);
  return 0;
}

function writePendingEnv({ files }: Desk): number {
  const env = pendingEnv(files);
  const commit = readCommit(journalOf(files).commit);
  if (env === undefined || commit === undefined) return nothingPending;
  process.stdout.write(Buffer.concat([Buffer.from(`${commit.before}\n`), readFileSync(env)]));
  return 0;
}

async function undo({ files, envFile }: Desk): Promise<number> {
  const env = await buffer(process.stdin);
  const unlock = lockDataFolder(files.folder);
  try {
    await undoRestore(files, envFile, env.length > 0 ? env : undefined);
    return 0;
  } finally {
    unlock();
  }
}

/** For a vault that runs without Docker, which a script cannot leave running. */
async function proveStart({ project }: Desk): Promise<number> {
  // Only here: the tools of the standalone container have this file, but no runtime.
  const { start } = await import('./start.ts');
  const { PATH, KEYSTORE_ENV, KEYSTORE_DATA } = process.env;
  const running = start({
    project,
    env: { ...process.env, PATH, KEYSTORE_ENV, KEYSTORE_DATA, HOST: '127.0.0.1', PORT: '0' },
    print: () => {},
  });
  try {
    await running.ready;
    return 0;
  } finally {
    await running.stop();
  }
}

async function main([step = '', ...options]: string[]): Promise<number> {
  const desk = openDesk();
  if (step === 'stage') return stageGiven(desk, options);
  if (step === 'apply') return apply(desk);
  if (step === 'env') return writePendingEnv(desk);
  if (step === 'complete') return complete(desk);
  if (step === 'clear') return clear(desk);
  if (step === 'finish') return complete(desk) || clear(desk);
  if (step === 'undo') return undo(desk);
  if (step === 'prove') return proveStart(desk);
  if (step === 'before') return tellBefore(desk);
  throw new OperatorError('Use HelperScripts/restore-data.sh.');
}

function tellBefore({ files }: Desk): number {
  const { commit, done } = journalOf(files);
  const found = readCommit(commit) ?? readCommit(done);
  if (found === undefined) return nothingPending;
  console.log(found.before);
  return 0;
}

if (import.meta.main) await runCommand(main);
