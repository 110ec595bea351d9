/** Shared by the commands that HelperScripts run, on the host or in a container: the vault, its keys, errors, exit codes. */

import { resolve } from 'node:path';
import { requiresSeals } from '../../core/settings/require-seals.ts';
import type { Lookup, Settings } from '../../core/settings/settings.ts';
import { locateFiles, type VaultFiles } from '../data/database.ts';
import { explain } from '../explain.ts';
import { pendingEnv } from '../restore/restore-journal.ts';
import { openSettings, readSettings } from '../settings.ts';

export interface Desk {
  project: string;
  settings: Settings;
  files: VaultFiles;
  envFile: string;
  /** Finds settings and keys. If a restore was interrupted before its env file was in place, the keys are from that file. */
  lookup: Lookup;
}

/** Reads the settings. `project` is the folder with migrations/. */
export function openDesk(
  project = resolve(import.meta.dirname, '../..'),
  env: Readonly<NodeJS.ProcessEnv> = process.env,
): Desk {
  const { envFile, lookup } = openSettings(project, env);
  const settings = readSettings(project, lookup);
  const files = locateFiles(project, settings.dataFolder);
  const pending = pendingEnv(files);
  if (pending === undefined) return { project, settings, files, envFile, lookup };
  const { lookup: keyed } = openSettings(project, { ...env, KEYSTORE_ENV: pending });
  // As in the env file that the restore is going to put in place.
  const kept: Lookup = (name) => (name === 'REQUIRE_SEALS' && requiresSeals(lookup) ? 'true' : keyed(name));
  return { project, settings, files, envFile, lookup: kept };
}

/** Runs one command and sets the exit code: 1 after an error. Standard output has data, standard error has messages. */
export async function runCommand(run: (args: string[]) => Promise<number>): Promise<void> {
  process.umask(0o077);
  try {
    process.exitCode = await run(process.argv.slice(2));
  } catch (error) {
    console.error(explain(error));
    process.exitCode = 1;
  }
}

/** Prints a message for the operator. */
export function say(line: string): void {
  console.error(line);
}
