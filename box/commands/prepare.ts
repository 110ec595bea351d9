/**
 * Prepares a data folder before a runtime starts on it. `npm start` calls it; the standalone container has no Node.js, so
 * HelperScripts run `node box/commands/prepare.ts` beside its data. That ends with 3 if a restore is complete except for the
 * env file, which only the host can replace.
 */

import { accessSync, chmodSync, constants, existsSync, mkdirSync } from 'node:fs';
import { relative } from 'node:path';
import { OperatorError } from '../../core/operator-error.ts';
import { sentences } from '../../core/settings/messages.ts';
import { needsKeys } from '../../core/settings/settings.ts';
import { holdsVault, isNewVault, migrate, openDatabase, type VaultFiles } from '../data/database.ts';
import { lockDataFolder } from '../data/lock.ts';
import { findOld, moveInAtFirstStart } from '../restore/first-start.ts';
import { completeRestore } from '../restore/restore-journal.ts';
import { type Lookup, openSettings } from '../settings.ts';
import { openDesk, runCommand } from './command.ts';
import { generateKeys } from './generate-keys.ts';

const envPending = 3;

export interface Preparation {
  project: string;
  env: Readonly<Record<string, string | undefined>>;
  files: VaultFiles;
  envFile: string;
  lookup: Lookup;
  print: (line: string) => void;
}

export interface Prepared {
  /** Finds both keys of the vault that is in the folder now. */
  lookup: Lookup;
  /** Whether no one can sign in yet. */
  isNew: boolean;
  /** The env file of a restore that this process could not put in place. The lookup reads its keys. */
  pendingEnv: string | undefined;
}

/**
 * Completes an interrupted restore, moves a v0.6 database in, makes keys for a new vault, and checks and migrates the
 * database. The caller holds the lock of the data folder.
 *
 * @throws OperatorError if the vault cannot start on this data.
 */
export async function prepare(preparation: Preparation): Promise<Prepared> {
  const { files, print } = preparation;
  const { lookup, pendingEnv } = finishRestore(preparation);
  const old = findOld(files);
  if (old !== undefined) await moveInAtFirstStart(old, { ...preparation, lookup });
  const keyed = ensureKeys({ ...preparation, lookup });
  return { lookup: keyed, isNew: await prepareDatabase(files, print), pendingEnv };
}

/** Makes the folder, for this user alone. A volume of another user is accepted if this user may write to it. */
export function makeDataFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    try {
      chmodSync(folder, 0o700);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
    }
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new OperatorError(sentences.folderUnusable(folder, (error as NodeJS.ErrnoException).code));
  }
}

/** Completes an interrupted restore. Returns a lookup that finds the keys of the restored vault. */
function finishRestore({
  project,
  env,
  files,
  envFile,
  lookup,
  print,
}: Preparation): Pick<Prepared, 'lookup' | 'pendingEnv'> {
  const completion = completeRestore(files, envFile);
  if (completion === 'none') return { lookup, pendingEnv: undefined };
  if (completion === 'complete') {
    print('Carried out a restore.');
    return { lookup: openSettings(project, env).lookup, pendingEnv: undefined };
  }
  const { pendingEnv } = completion;
  return { lookup: openSettings(project, { ...env, KEYSTORE_ENV: pendingEnv }).lookup, pendingEnv };
}

/** Makes the env file of a new vault, unless its keys are set already. Returns a lookup that finds both keys. */
function ensureKeys({ project, env, files, envFile, lookup, print }: Preparation): Lookup {
  const there = { envFile, hasEnvFile: existsSync(envFile), dataFolder: files.folder, holdsVault: holdsVault(files) };
  if (!needsKeys(lookup, there)) return lookup;
  generateKeys(envFile);
  print(sentences.keysMade(relative(project, envFile)));
  return openSettings(project, env).lookup;
}

/** Checks and migrates the database. Returns whether the vault is a new one. */
async function prepareDatabase(files: VaultFiles, print: Preparation['print']): Promise<boolean> {
  const database = openDatabase(files);
  try {
    const isNew = isNewVault(files, database);
    const { applied, copy } = await migrate(files, database);
    if (applied > 0) print(`Applied ${applied} migration${applied === 1 ? '' : 's'} to ${files.folder}.`);
    if (copy !== undefined) print(sentences.databaseCopied(copy));
    return isNew;
  } finally {
    database.close();
  }
}

async function main(): Promise<number> {
  const desk = openDesk();
  makeDataFolder(desk.files.folder);
  const unlock = lockDataFolder(desk.files.folder);
  try {
    const { pendingEnv } = await prepare({ ...desk, env: process.env, print: (line) => console.log(line) });
    if (pendingEnv === undefined) return 0;
    console.error(`${desk.envFile} is not yet the env file of the restored vault.`);
    return envPending;
  } finally {
    unlock();
  }
}

if (import.meta.main) await runCommand(main);
