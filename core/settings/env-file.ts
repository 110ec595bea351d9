/** Reads the vault's own .env file. */

import { type EnvFile, readEnvText } from './env-reader.ts';
import { isSettingName, mentionsAdminPassword, mistakenFor } from './names.ts';

export type { EnvFile } from './env-reader.ts';

const settings = { isSettingName, mentionsAdminPassword, mistakenFor };

/** Parses the text of the vault's env file: `readEnvText`, which also refuses what a person may take for a setting. */
export function readEnvFile(text: string, source: string): EnvFile {
  return readEnvText(text, source, settings);
}

/** Only the variables of an env file: see `readEnvFile`. */
export function parseEnvFile(text: string, source: string): Record<string, string> {
  return readEnvFile(text, source).variables;
}
