/**
 * The order of a restore after a backup is staged: commit, put the env file in place, start, open a value, and roll back if
 * the restored vault does not work. A caller says what has happened, and is told what to do next.
 */
import { existsSync } from 'node:fs';
import { OperatorError } from '../../core/operator-error.ts';
import type { Lookup } from '../../core/settings/settings.ts';
import { proveValueOpens, readKeyring } from '../data/check-database.ts';
import type { VaultFiles } from '../data/database.ts';
import { lockDataFolder } from '../data/lock.ts';
import { explain } from '../explain.ts';
import {
  type Completion,
  clearJournal,
  commitRestore,
  completeRestore,
  journalOf,
  readCommit,
  reportOf,
  undoRestore,
} from './restore-journal.ts';

/** What has happened. */
export const events = ['confirmed', 'interrupted', 'env-written', 'started', 'not-started', 'stopped'] as const;
export type Event = (typeof events)[number];

/**
 * What to do next. After `write-env`, `start` and `stop` the restore goes on with the event that says how that went; the
 * others end it.
 */
export type Next =
  /** Keep the env file as `<env file>.<before>` and replace it with what `restore.ts env` prints. */
  | { next: 'write-env'; before: string }
  | { next: 'start' | 'stop' | 'done' | 'rolled-back' }
  /** The restore failed before it changed anything. */
  | { next: 'unchanged' };

export interface RestoreDesk {
  files: VaultFiles;
  envFile: string;
  /** Finds the keys that the vault now has. */
  lookup: () => Lookup;
  /** Reads the env file as it was before the restore; empty if the caller does not have it. */
  previousEnv: () => Promise<Uint8Array>;
  /** Whether this finishes an interrupted restore. That never rolls back: the vault may have been in use since. */
  isFinish: boolean;
  print: (line: string) => void;
}

/** @throws OperatorError if the restore can be finished later, once the reason for the error is gone. */
export async function advance(event: Event, desk: RestoreDesk): Promise<Next> {
  switch (event) {
    case 'confirmed':
      return await apply(desk);
    case 'interrupted': {
      using _lock = lockDataFolder(desk.files.folder);
      return after(completeRestore(desk.files, desk.envFile));
    }
    case 'env-written': {
      const next = await advance('interrupted', desk);
      if (next.next !== 'write-env') return next;
      throw new OperatorError(`${desk.envFile} is not the env file of the restored vault yet.`);
    }
    case 'started':
      return prove(desk);
    case 'not-started':
      return giveUp(desk, 'The vault does not start; the lines above say why.');
    case 'stopped': {
      using _lock = lockDataFolder(desk.files.folder);
      return after(await undoRestore(desk.files, desk.envFile, await desk.previousEnv()));
    }
  }
}

async function apply(desk: RestoreDesk): Promise<Next> {
  const { files, envFile, print } = desk;
  const { staged, report, commit } = journalOf(files);
  try {
    if (!existsSync(staged)) throw new OperatorError('Nothing is staged for a restore.');
    using _lock = lockDataFolder(files.folder);
    const hasReport = existsSync(report);
    const { completion, before } = await commitRestore(files, envFile);
    if (before !== undefined) print(`The previous database is kept as ${before}.`);
    if (hasReport) print(`The notes above are kept in ${reportOf(files)}.`);
    return after(completion);
  } catch (error) {
    if (existsSync(commit)) throw error;
    print(explain(error));
    return { next: 'unchanged' };
  }
}

function after(completion: Completion): Next {
  return typeof completion === 'object' ? { next: 'write-env', before: completion.before } : { next: 'start' };
}

/** Opens the newest value with the keys and the file that the vault runs on. */
function prove(desk: RestoreDesk): Next {
  if (isRolledBack(desk)) return end(desk);
  try {
    desk.print(proveValueOpens(desk.files.file, readKeyring(desk.lookup())));
  } catch (error) {
    return giveUp(desk, explain(error));
  }
  return end(desk);
}

function giveUp(desk: RestoreDesk, why: string): Next {
  // The vault as it was before may have been broken: that is a reason for a restore.
  if (isRolledBack(desk)) return end(desk);
  if (desk.isFinish) throw new OperatorError(why);
  desk.print(`${why}\nThe restored vault does not work. Rolling back.`);
  return { next: 'stop' };
}

function isRolledBack({ files }: RestoreDesk): boolean {
  return readCommit(journalOf(files).done)?.isRollback === true;
}

function end(desk: RestoreDesk): Next {
  const next = isRolledBack(desk) ? 'rolled-back' : 'done';
  clearJournal(desk.files);
  return { next };
}
