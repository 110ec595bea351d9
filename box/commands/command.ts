import { resolve } from 'node:path';
import { locateFiles, type VaultFiles } from '../data/database.ts';
import { explain } from '../operator-error.ts';
import { pendingEnv } from '../restore/restore-journal.ts';
import { type Lookup, openSettings, readSettings } from '../settings.ts';

/** What the commands have in common that HelperScripts run, here or in a container: which vault, and which keys. */

export interface Desk {
  project: string;
  files: VaultFiles;
  envFile: string;
  /** Finds settings and keys; those of an interrupted restore where its env file is not in place yet. */
  lookup: Lookup;
}

export function openDesk(env: NodeJS.ProcessEnv = process.env): Desk {
  const project = resolve(import.meta.dirname, '../..');
  const { envFile, lookup } = openSettings(project, env);
  const files = locateFiles(project, readSettings(project, envFile, lookup).dataFolder);
  const pending = pendingEnv(files);
  if (pending === undefined) return { project, files, envFile, lookup };
  return { project, files, envFile, lookup: openSettings(project, { ...env, KEYSTORE_ENV: pending }).lookup };
}

/** Runs one command. Standard output is for data and answers, standard error for a person; a OperatorError ends with 1. */
export async function runCommand(run: (args: string[]) => Promise<number>): Promise<void> {
  process.umask(0o077);
  try {
    process.exitCode = await run(process.argv.slice(2));
  } catch (error) {
    console.error(explain(error));
    process.exitCode = 1;
  }
}
