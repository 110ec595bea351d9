/**
 * What HelperScripts/restore-data.sh asks of the vault's files. The script keeps to Docker and to the question; the order of
 * a restore is in restore-steps.ts. Standard output is one JSON object, which says what to do next; messages for the
 * operator go to standard error.
 *
 *   restore.ts stage SIZES [--accept-damaged] [--again]
 *                                                   checks and stages what is on standard input: env file, database, -wal and
 *                                                   -journal, whose four SIZES in bytes are 0 for a missing file. Answers
 *                                                   {"next":"confirm","losses":<count>}, or {"next":"nothing"} if this v0.6
 *                                                   database has moved in already
 *   restore.ts next EVENT [--finish] [--local]      goes on after EVENT and answers with the next step; --local starts the
 *                                                   vault where that is next. For `stopped`, the previous env
 *                                                   file may be on standard input
 *   restore.ts env                                  prints the env file that is to be put in place, and no JSON
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { maxEnvFileBytes } from '../../core/limits.ts';
import { OperatorError } from '../../core/operator-error.ts';
import { holdsVault, type VaultFiles } from '../data/database.ts';
import { explain } from '../explain.ts';
import { dataDifferences, logDifferences, settingDifferences } from '../restore/restore-differences.ts';
import { beginJournal, clearJournal, type Journal, nextEnv, pendingEnv } from '../restore/restore-journal.ts';
import { report, stage } from '../restore/restore-stage.ts';
import { advance, type Event, events, type Next } from '../restore/restore-steps.ts';
import { receive } from '../restore/restore-stream.ts';
import { openSettings } from '../settings.ts';
import { type Desk, openDesk, runCommand, say } from './command.ts';
import { makeDataFolder } from './prepare.ts';

type Answer = Next | { next: 'confirm'; losses: number } | { next: 'nothing' };

async function stageGiven({ project, files, envFile }: Desk, options: string[]): Promise<Answer> {
  const sizes = options.slice(0, 4).map(Number);
  if ((sizes[0] ?? 0) > maxEnvFileBytes) {
    throw new OperatorError(
      'The env file is larger than 1 MiB; this is not an env file. Name another with --env FILE.',
    );
  }
  makeDataFolder(files.folder);
  const journal = beginJournal(files);
  try {
    const file = join(journal.folder, 'given.db');
    const targets = [journal.env, file, `${file}-wal`, `${file}-journal`];
    const parts = targets.map((target, index) => ({ target, bytes: sizes[index] ?? 0 }));
    const sent = parts.filter(({ target, bytes }) => bytes > 0 || target === file);
    await receive(process.stdin, sent);
    const hasEnv = existsSync(journal.env);
    const from = hasEnv ? { ...process.env, KEYSTORE_ENV: journal.env } : process.env;
    const staged = await stage(file, {
      ...{ files, journal, print: say },
      lookup: openSettings(project, from).lookup,
      acceptDamaged: options.includes('--accept-damaged'),
      again: options.includes('--again'),
    });
    if (staged === undefined) {
      say('This v0.6 database has moved in already. Nothing was changed.');
      clearJournal(files);
      return { next: 'nothing' };
    }
    for (const line of report(staged)) say(line);
    // That it was restored, and that it was sealed.
    sayDifferences(project, files, journal, typeof staged.sealedNow === 'number' ? 2 : 1);
    if (hasEnv && existsSync(envFile) && readFileSync(envFile).equals(readFileSync(journal.env))) rmSync(journal.env);
    return { next: 'confirm', losses: staged.movedIn?.losses.length ?? 0 };
  } catch (error) {
    clearJournal(files);
    throw error;
  }
}

/** Says what else the restore would change, before the script asks. */
function sayDifferences(project: string, files: VaultFiles, journal: Journal, ownEvents: number): void {
  if (holdsVault(files)) {
    say('The restore ends all sessions: everybody signs in again, with the passwords that are restored.');
    for (const line of dataDifferences(files.file, journal.database)) say(`  ${line}`);
    for (const line of logDifferences(files.file, journal.database, ownEvents)) say(`  ${line}`);
  }
  if (!existsSync(journal.env)) return;
  const now = openSettings(project, process.env);
  if (!existsSync(now.envFile)) return;
  const next = openSettings(project, { ...process.env, KEYSTORE_ENV: journal.env });
  const lines = [...settingDifferences(now.lookup, next.lookup)];
  if (lines.length > 0) say('The env file of the backup changes settings (--keep-env keeps those in use):');
  for (const line of lines) say(`  ${line}`);
}

async function goOn(desk: Desk, event: Event, options: string[]): Promise<Next> {
  const next = await advance(event, {
    ...{ files: desk.files, envFile: desk.envFile, print: say },
    lookup: () => openDesk().lookup,
    previousEnv: () => buffer(process.stdin),
    isFinish: options.includes('--finish'),
  });
  if (!options.includes('--local')) return next;
  if (next.next === 'start') return goOn(desk, (await starts(desk)) ? 'started' : 'not-started', options);
  return next.next === 'stop' ? goOn(desk, 'stopped', options) : next;
}

/** Starts a vault without Docker for a moment, on a loopback port of its own. */
async function starts({ project }: Desk): Promise<boolean> {
  // Imported only here: the image with these programs for the standalone container has no runtime.
  const { start } = await import('./start.ts');
  const running = start(project, { ...process.env, HOST: '127.0.0.1', PORT: '0' }, () => {});
  try {
    await running.ready;
    return true;
  } catch (error) {
    say(explain(error));
    return false;
  } finally {
    await running.stop();
  }
}

async function main([verb, ...options]: string[]): Promise<number> {
  const desk = openDesk();
  if (verb === 'env') {
    const env = pendingEnv(desk.files);
    if (env === undefined) throw new OperatorError('No restore waits for its env file.');
    process.stdout.write(nextEnv(env, desk.envFile));
    return 0;
  }
  const event = events.find((each) => each === options[0]);
  if (verb === 'stage') console.log(JSON.stringify(await stageGiven(desk, options)));
  else if (verb === 'next' && event) console.log(JSON.stringify(await goOn(desk, event, options)));
  else throw new OperatorError('Use HelperScripts/restore-data.sh.');
  return 0;
}

if (import.meta.main) await runCommand(main);
