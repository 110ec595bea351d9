/**
 * What is done to a data folder before a runtime starts on it. `npm start` does it by itself; `node box/commands/prepare.ts` does it
 * for the standalone container, which has no Node.js: HelperScripts run it beside the data. It ends with 3 if a restore is
 * carried out but for the env file, which only the host can put in place.
 */
import { accessSync, chmodSync, constants, mkdirSync } from 'node:fs';
import { relative } from 'node:path';
import { holdsVault, isNewVault, migrate, openDatabase, type VaultFiles } from '../data/database.ts';
import { lockDataFolder } from '../data/lock.ts';
import { OperatorError } from '../operator-error.ts';
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
  /** Finds both keys, of what is in the folder now. */
  lookup: Lookup;
  /** Whether nobody can sign in yet. */
  isNew: boolean;
  /** The env file of a restore that could not be put in place from here. Its keys are those of the lookup. */
  pendingEnv: string | undefined;
}

/**
 * Carries out a restore that was interrupted, moves a v0.6 database in, makes keys for a new vault, and checks and migrates
 * the database. Only for whoever holds the data folder's lock.
 *
 * @throws OperatorError if the vault could not start on what is there.
 */
export async function prepare(preparation: Preparation): Promise<Prepared> {
  const { files, print } = preparation;
  const { lookup, pendingEnv } = finishRestore(preparation);
  const old = findOld(files);
  if (old !== undefined) await moveInAtFirstStart(old, { ...preparation, lookup });
  const keyed = ensureKeys({ ...preparation, lookup });
  return { lookup: keyed, isNew: await prepareDatabase(files, print), pendingEnv };
}

/** Makes the folder for this user alone. A volume that belongs to another user will do if it lets us write. */
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
    const code = (error as NodeJS.ErrnoException).code;
    throw new OperatorError(
      `The data folder ${folder} cannot be used (${code}). Make it that of user ${process.getuid?.() ?? 'who starts it'}, or set KEYSTORE_DATA.`,
    );
  }
}

/** Returns a lookup that finds the keys of what is there now. */
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

/** Makes the env file for a new vault that has no keys from elsewhere. Returns a lookup that finds both keys. */
function ensureKeys({ project, env, files, envFile, lookup, print }: Preparation): Lookup {
  const missing = ['SECRET_KEY', 'ENCRYPTION_KEY'].filter((name) => lookup(name) === undefined);
  if (missing.length === 0) return lookup;
  if (holdsVault(files)) {
    throw new OperatorError(
      `${missing.join(' and ')} not found, neither in ${envFile} nor in the environment, but ${files.folder} holds a vault that was sealed with it. Bring back the .env from your backup (backups/.env_backup_*.txt); a new key could not read it.`,
    );
  }
  if (missing.length === 1) {
    throw new OperatorError(`${envFile} has no ${missing[0]}. Add it, or move the file away to have both keys made.`);
  }
  generateKeys(envFile);
  print(`Made ${relative(project, envFile)} with new keys. Keep a copy of it apart from the data.`);
  return openSettings(project, env).lookup;
}

/** Checks and migrates the database. Returns whether the vault is a new one. */
async function prepareDatabase(files: VaultFiles, print: Preparation['print']): Promise<boolean> {
  const database = openDatabase(files);
  try {
    const isNew = isNewVault(files, database);
    const { applied, copy } = await migrate(files, database);
    if (applied > 0) print(`Applied ${applied} migration${applied === 1 ? '' : 's'} to ${files.folder}.`);
    if (copy !== undefined) print(`What it held before is in ${copy}.`);
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
    console.error(`${desk.envFile} is not yet that of the restored vault.`);
    return envPending;
  } finally {
    unlock();
  }
}

if (import.meta.main) await runCommand(main);
