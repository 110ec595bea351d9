/** Settings on a machine with Node.js: core/settings with this machine's files. */

import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnvFile } from '../core/settings/env-file.ts';
import * as core from '../core/settings/settings.ts';

/** A lookup in the environment and, behind it, the env file (KEYSTORE_ENV, by default `.env`), if it exists. */
export function openSettings(project: string, env: core.Variables): { envFile: string; lookup: core.Lookup } {
  const envFile = resolve(project, env.KEYSTORE_ENV || '.env');
  const inFile = existsSync(envFile) ? parseEnvFile(readEnvFile(envFile), envFile) : {};
  return { envFile, lookup: core.createLookup([env, inFile], readText) };
}

/** Where and how to listen: KEYSTORE_DATA as an absolute path, HOST, PORT, TRUSTED_PROXIES. */
export function readSettings(project: string, lookup: core.Lookup): core.Settings {
  const settings = core.readSettings(lookup);
  return { ...settings, dataFolder: resolve(project, settings.dataFolder) };
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
