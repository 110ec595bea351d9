/**
 * Prepares a data folder before a runtime starts on it. `npm start` calls it; the standalone container has no Node.js, so
 * HelperScripts run `node box/commands/prepare.ts` beside its data. That ends with 3 if a restore is complete except for the
 * env file, which only the host can replace.
 */

import { accessSync, chmodSync, constants, existsSync, mkdirSync } from 'node:fs';
import { relative } from 'node:path';
import type { Keyring } from '../../core/crypto/keyring.ts';
import { likelyProxies } from '../../core/data-folder/likely-proxies.ts';
import { sealedState } from '../../core/data-folder/sealed-state.ts';
import { OperatorError } from '../../core/operator-error.ts';
import { sentences } from '../../core/settings/messages.ts';
import { checkMayBegin, checkStaysSealed } from '../../core/settings/require-seals.ts';
import { type Lookup, needsKeys } from '../../core/settings/settings.ts';
import { readKeyring } from '../data/check-database.ts';
import { holdsVault, isNewVault, migrate, openDatabase, sqlOf } from '../data/database.ts';
import { lockDataFolder } from '../data/lock.ts';
import { sealDatabase } from '../data/seal-database.ts';
import { findOld, moveInAtFirstStart } from '../restore/first-start.ts';
import { completeRestore, pendingEnv } from '../restore/restore-journal.ts';
import { type Desk, openDesk, runCommand } from './command.ts';
import { generateKeys } from './generate-keys.ts';

const envPending = 3;

/**
 * Completes an interrupted restore, moves a v0.6 database in, makes keys for a new vault, and checks and migrates the
 * database. The caller holds the lock of the data folder.
 *
 * @returns a lookup that finds both keys of the vault that is in the folder now; whether no one can sign in yet; whether its rows are
 *   sealed; and the env file of a restore that this process could not put in place, whose keys the lookup reads.
 * @throws OperatorError if the vault cannot start on this data.
 */
export async function prepare(project: string, env: NodeJS.ProcessEnv, print: (line: string) => void) {
  // Each step may have changed where the keys are.
  const open = () => openDesk(project, env);
  const { files, envFile } = open();
  if (completeRestore(files, envFile) === 'complete') print('Carried out a restore.');
  const old = findOld(files);
  if (!holdsVault(files)) checkMayBegin(open().lookup, files.folder);
  if (old !== undefined) await moveInAtFirstStart(old, { ...open(), print });
  ensureKeys(open(), print);
  return { lookup: open().lookup, ...(await prepareDatabase(open(), print)), pendingEnv: pendingEnv(files) };
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

/** Makes the env file of a new vault, unless its keys are set already. */
function ensureKeys({ project, files, envFile, lookup }: Desk, print: (line: string) => void): void {
  const there = { envFile, hasEnvFile: existsSync(envFile), dataFolder: files.folder, holdsVault: holdsVault(files) };
  if (!needsKeys(lookup, there)) return;
  generateKeys(envFile);
  print(sentences.keysMade(relative(project, envFile)));
}

/** Checks and migrates the database, and seals what is from before there were seals. Returns whether the vault is a new one, and whether its rows are sealed. */
async function prepareDatabase({ files, lookup }: Desk, print: (line: string) => void) {
  using database = openDatabase(files);
  const keyring = keysIn(lookup);
  if (keyring) checkStaysSealed(lookup, sealedState(sqlOf(database), keyring), files.folder);
  const isNew = isNewVault(files, database);
  const { applied, copy } = await migrate(files, database);
  if (applied > 0) print(`Applied ${applied} migration${applied === 1 ? '' : 's'} to ${files.folder}.`);
  if (copy !== undefined) print(sentences.databaseCopied(copy));
  const sealed = keyring && sealDatabase(database, keyring, Date.now());
  if (typeof sealed === 'number') print(sentences.recordsSealed(sealed));
  for (const address of likelyProxies(sqlOf(database), Date.now())) print(sentences.likelyProxy(address));
  return { isNew, isSealed: keyring !== undefined && sealedState(sqlOf(database), keyring) === 'sealed' };
}

/** The worker says what is wrong with keys that are no keys. */
function keysIn(lookup: Lookup): Keyring | undefined {
  try {
    return readKeyring(lookup);
  } catch (error) {
    if (error instanceof OperatorError) return undefined;
    throw error;
  }
}

async function main(): Promise<number> {
  const desk = openDesk();
  makeDataFolder(desk.files.folder);
  using _lock = lockDataFolder(desk.files.folder);
  const { pendingEnv } = await prepare(desk.project, process.env, console.log);
  if (pendingEnv === undefined) return 0;
  console.error(`${desk.envFile} is not yet the env file of the restored vault.`);
  return envPending;
}

if (import.meta.main) await runCommand(main);
