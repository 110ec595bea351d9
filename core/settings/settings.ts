/**
 * What a start reads before there is a vault: settings from the environment and the env file, with their refusals. The
 * runtimes bring their own way to read a file.
 */

import { defaultFreeMegabytes, maxSettingFileCharacters } from '../limits.ts';
import { isAddress } from '../network/address.ts';
import { OperatorError } from '../operator-error.ts';

/** Everything that the worker is told, in either runtime, and nothing else of the environment. worker/env.ts reads them. */
export const workerVariables = [
  'SECRET_KEY',
  'ENCRYPTION_KEY',
  'RETIRED_ENCRYPTION_KEYS',
  'ADMIN_PASSWORD',
  'JWT_EXPIRY_HOURS',
  'CORS_ORIGINS',
  'BASE_PATH',
  'MAX_REQUESTS_PER_MINUTE',
  'MAX_KEYS_PER_USER',
  'MAX_MEGABYTES_PER_USER',
  'KEEP_VERSIONS',
  'TRASH_DAYS',
  'METRICS_TOKEN',
  'LOG_STDOUT',
  'LOG_RETENTION_DAYS',
  'REQUIRE_SEALS',
] as const;

/** Settings whose values are never shown. */
export const secretSettings = [
  'SECRET_KEY',
  'ENCRYPTION_KEY',
  'RETIRED_ENCRYPTION_KEYS',
  'ADMIN_PASSWORD',
  'METRICS_TOKEN',
] as const;

const ownSettings = [
  'KEYSTORE_DATA',
  'PORT',
  'HOST',
  'KEYSTORE_PUBLISHED',
  'TRUSTED_PROXIES',
  'TLS_CERT',
  'TLS_KEY',
  'MIN_FREE_MEGABYTES',
  'AUDIT_PIN_FILE',
] as const;

/** All settings that a lookup serves. KEYSTORE_ENV and KEYSTORE_CACHE come from the environment only: they are read earlier. */
export const settingNames = [...workerVariables, ...ownSettings];

export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Returns the value of a setting; undefined if it is not set. ADMIN_PASSWORD alone is '' if it is set but empty: an absent one
 * gives a new vault default passwords, and whoever wrote its name does not want those.
 */
export type Lookup = (name: string) => string | undefined;

/** Where a vault is and how it is reached. */
export interface Settings {
  /** As set: a path that may be relative. */
  dataFolder: string;
  /** The addresses to listen on. */
  hosts: string[];
  /** 0 stands for any free port. */
  port: number;
  /** Comma-separated addresses or CIDR ranges. */
  trustedProxies: string;
  /** Below this much free space on its disk, the vault stores nothing new; 0 for no reserve. */
  minFreeMegabytes: number;
  /** Where the newest checkpoint of the log is written, as set; null if nowhere. */
  pinFile: string | null;
}

/**
 * Makes a lookup. The first source that has a variable counts; a set but empty variable counts as not set, because compose
 * files pass on absent variables like that. `<NAME>_FILE` names a file with the value: see `readSettingFile`.
 *
 * @param readText reads a file that `<NAME>_FILE` names, decoded like the text of an env file; throws if it cannot.
 * @returns a lookup that throws an OperatorError if a source sets both forms, or the file is unreadable or empty.
 */
export function createLookup(sources: readonly Variables[], readText: (path: string) => string): Lookup {
  return (name) => {
    for (const source of sources) {
      const value = source[name] || undefined;
      const path = source[`${name}_FILE`] || undefined;
      if (path === undefined && value === undefined) continue;
      if (path === undefined) return value;
      if (value !== undefined) throw new OperatorError(`Both ${name} and ${name}_FILE are set. Set one of them.`);
      return readSettingFile(name, path, readText);
    }
    const isEmpty = sources.some((source) => source[name] === '' || source[`${name}_FILE`] === '');
    return name === 'ADMIN_PASSWORD' && isEmpty ? '' : undefined;
  };
}

/** Control characters but tabs and line ends, which UTF-16 also has in UTF-8's eyes, and what is not UTF-8. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
const notText = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F\uFFFD]/u;

/** The value in a file: its text without a byte order mark, and without the line ends at its end, however many. */
function readSettingFile(name: string, path: string, readText: (path: string) => string): string {
  const file = `${name}_FILE names ${path}, which`;
  const text = readNamed(`${name}_FILE`, path, readText).replace(/^\uFEFF/u, '');
  let end = text.length;
  while (text[end - 1] === '\n' || text[end - 1] === '\r') end--;
  if (end === 0) throw new OperatorError(`${file} is empty. Put the value there.`);
  if (end > maxSettingFileCharacters) throw new OperatorError(`${file} is larger than 64 KiB. Name another file.`);
  const value = text.slice(0, end);
  if (notText.test(value)) throw new OperatorError(`${file} is not UTF-8 text. Save it as UTF-8.`);
  if (name === 'ADMIN_PASSWORD' && /[\r\n]/.test(value)) {
    throw new OperatorError(`${file} has several lines. Put the password there, and nothing else.`);
  }
  return value;
}

function readNamed(name: string, path: string, readText: (path: string) => string): string {
  try {
    return readText(path);
  } catch {
    throw unreadable(`${name} names ${path}, which`);
  }
}

/** The error for a file that is missing, not a regular file, or not readable for this user. */
export function unreadable(subject: string): OperatorError {
  return new OperatorError(`${subject} cannot be read. Check that it is a file, and that this user may read it.`);
}

/**
 * Reads KEYSTORE_DATA, HOST, PORT, TRUSTED_PROXIES, MIN_FREE_MEGABYTES and AUDIT_PIN_FILE.
 * @throws OperatorError if PORT is not a port, or MIN_FREE_MEGABYTES not a number.
 */
export function readSettings(lookup: Lookup): Settings {
  const port = lookup('PORT') ?? '5000';
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new OperatorError(
      `PORT is ${JSON.stringify(port)}. Set it to a number up to 65535, or leave it out for 5000.`,
    );
  }
  const minFree = lookup('MIN_FREE_MEGABYTES') ?? String(defaultFreeMegabytes);
  if (!/^\d{1,9}$/.test(minFree)) {
    throw new OperatorError('MIN_FREE_MEGABYTES must be a whole number; 0 switches the reserve off.');
  }
  // Some shells and toolchains export a HOST that is a name. Only an address counts.
  const host = lookup('HOST') ?? '';
  return {
    dataFolder: lookup('KEYSTORE_DATA') ?? 'data',
    // "localhost" is either address, depending on who resolves it.
    hosts: isAddress(host) ? [host] : ['127.0.0.1', '::1'],
    port: Number(port),
    trustedProxies: lookup('TRUSTED_PROXIES') ?? '',
    minFreeMegabytes: Number(minFree),
    pinFile: lookup('AUDIT_PIN_FILE') ?? null,
  };
}

/** The PEM texts of the files that TLS_CERT and TLS_KEY name, or undefined. Throws an OperatorError if only one is set. */
export function readTls(lookup: Lookup, readText: (path: string) => string): { cert: string; key: string } | undefined {
  const [cert, key] = [lookup('TLS_CERT'), lookup('TLS_KEY')];
  if (cert === undefined && key === undefined) return undefined;
  if (key === undefined) throw new OperatorError('TLS_CERT is set and TLS_KEY is not. Set both, or neither.');
  if (cert === undefined) throw new OperatorError('TLS_KEY is set and TLS_CERT is not. Set both, or neither.');
  return { cert: readNamed('TLS_CERT', cert, readText), key: readNamed('TLS_KEY', key, readText) };
}

/** The worker's variables; those not set are left out. */
export function readWorkerVariables(lookup: Lookup): Record<string, string> {
  const set: Record<string, string> = {};
  for (const name of workerVariables) {
    const value = lookup(name);
    if (value !== undefined) set[name] = value;
  }
  return set;
}

/**
 * Whether a start must make the keys: true for a new vault without an env file, false if both keys are set.
 *
 * @throws OperatorError if a key is missing and a new one would be useless or unexpected; or if a new vault would get default
 *   passwords although ADMIN_PASSWORD is written down, without a value.
 */
export function needsKeys(
  lookup: Lookup,
  {
    envFile,
    hasEnvFile,
    dataFolder,
    holdsVault,
  }: Record<'envFile' | 'dataFolder', string> & Record<'hasEnvFile' | 'holdsVault', boolean>,
): boolean {
  if (!holdsVault && lookup('ADMIN_PASSWORD') === '') {
    throw new OperatorError(
      `ADMIN_PASSWORD is set but empty, in ${envFile} or in the environment. Set it to the first password of admin, or remove it to start with the default passwords.`,
    );
  }
  const missing = ['SECRET_KEY', 'ENCRYPTION_KEY'].filter((name) => lookup(name) === undefined);
  if (missing.length === 0) return false;
  const names = missing.join(' and ');
  if (holdsVault) {
    throw new OperatorError(
      `${names} not found in ${envFile} or in the environment, but ${dataFolder} holds a vault that needs them. Bring back the .env from your backup (backups/.env_backup_*.txt); new keys cannot read the vault.`,
    );
  }
  if (missing.length === 1 || hasEnvFile) {
    throw new OperatorError(
      `${envFile} has no ${names}. Add what is missing, or move the file away to have new keys made.`,
    );
  }
  return true;
}
