/** Settings on a machine with Node.js: core/settings with this machine's files. */

import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnvFile } from '../core/settings/env-file.ts';
import * as core from '../core/settings/settings.ts';

export { readWorkerVariables } from '../core/settings/settings.ts';
export type Lookup = core.Lookup;

/** Where a vault is and how it is reached. `dataFolder` is an absolute path. */
export interface Settings extends core.Settings {
  /** The env file that has, or will have, the keys. */
  envFile: string;
}

/** A lookup in the environment and, behind it, the env file (KEYSTORE_ENV, by default `.env`), if it exists. */
export function openSettings(project: string, env: core.Variables): { envFile: string; lookup: Lookup } {
  const envFile = resolve(project, env.KEYSTORE_ENV || '.env');
  const inFile = existsSync(envFile) ? parseEnvFile(readEnvFile(envFile), envFile) : {};
  return { envFile, lookup: core.createLookup([env, inFile], readText) };
}

/** Where and how to listen: KEYSTORE_DATA, HOST, PORT, TRUSTED_PROXIES. */
export function readSettings(project: string, envFile: string, lookup: Lookup): Settings {
  const settings = core.readSettings(lookup);
  return { ...settings, envFile, dataFolder: resolve(project, settings.dataFolder) };
}

function readEnvFile(path: string): string {
  try {
    return readText(path);
  } catch {
    throw core.unreadable(`The env file ${path}`);
  }
}

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}
