/** Settings on a machine with Node.js: core/settings with this machine's files. */

import { lstatSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnvFile } from '../core/settings/env-file.ts';
import * as core from '../core/settings/settings.ts';

/** A lookup in the environment and, behind it, the env file (KEYSTORE_ENV, by default `.env`), if it exists. */
export function openSettings(project: string, env: core.Variables): { envFile: string; lookup: core.Lookup } {
  const envFile = resolve(project, env.KEYSTORE_ENV || '.env');
  const inFile = parseEnvFile(readEnvFile(envFile) ?? '', envFile);
  return { envFile, lookup: core.createLookup([env, inFile], readerIn(project)) };
}

/** Where and how to listen: KEYSTORE_DATA as an absolute path, HOST, PORT, TRUSTED_PROXIES. */
export function readSettings(project: string, lookup: core.Lookup): core.Settings {
  const settings = core.readSettings(lookup);
  const pinFile = settings.pinFile && resolve(project, settings.pinFile);
  return { ...settings, pinFile, dataFolder: resolve(project, settings.dataFolder) };
}

/**
 * The text of an env file; undefined if the file does not exist.
 *
 * @throws OperatorError if there is something that cannot be read: not a file, a link to nothing, or not for this user.
 */
export function readEnvFile(path: string): string | undefined {
  try {
    return readText(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
    throw core.unreadable(`The env file ${path}`);
  }
}

/** Reads files that settings name. Relative paths begin in the project's folder, as those of the env file and the data do. */
export function readerIn(project: string): (path: string) => string {
  return (path) => readText(resolve(project, path));
}

/** Only of regular files: a pipe would be empty when it is read again, or never end. /dev/null stands for no settings. */
function readText(path: string): string {
  if (path !== '/dev/null' && !statSync(path).isFile()) throw new Error(`${path} is not a file`);
  return readFileSync(path, 'utf8');
}
