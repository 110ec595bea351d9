import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { workerVariables } from '../core/worker-variables.ts';
import { OperatorError } from './operator-error.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** Where a vault is and how it is reached. */
export interface Settings {
  /** The env file that has, or is to have, the keys. */
  envFile: string;
  dataFolder: string;
  /** The addresses to listen on. */
  hosts: string[];
  port: number;
  trustedProxies: string;
}

/** Reads one variable: from the process, else from the env file; from the file that `<NAME>_FILE` names if that is set. */
export type Lookup = (name: string) => string | undefined;

/** A lookup in the process's environment and, behind it, the env file (KEYSTORE_ENV, by default `.env`), if there is one. */
export function openSettings(project: string, env: Variables): { envFile: string; lookup: Lookup } {
  const envFile = resolve(project, env.KEYSTORE_ENV || '.env');
  const inFile: Variables = existsSync(envFile) ? parseEnv(readText(envFile, 'The env file')) : {};
  return { envFile, lookup: (name) => find(name, env) ?? find(name, inFile) };
}

/** Where and how to listen: KEYSTORE_DATA, HOST, PORT, TRUSTED_PROXIES. */
export function readSettings(project: string, envFile: string, lookup: Lookup): Settings {
  const port = lookup('PORT') ?? '5000';
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new OperatorError(
      `PORT is ${JSON.stringify(port)}. Set it to a number up to 65535, or leave it out for 5000.`,
    );
  }
  // Some shells and toolchains export a HOST that is a name: only an address is meant for us.
  const host = lookup('HOST') ?? '';
  return {
    envFile,
    dataFolder: resolve(project, lookup('KEYSTORE_DATA') ?? 'data'),
    // "localhost" is either address, depending on who resolves it.
    hosts: isIP(host) === 0 ? ['127.0.0.1', '::1'] : [host],
    port: Number(port),
    trustedProxies: lookup('TRUSTED_PROXIES') ?? '',
  };
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

/** A set but empty variable counts as not set: that is how compose files pass on what is absent. */
function find(name: string, source: Variables): string | undefined {
  const value = source[name] || undefined;
  const path = source[`${name}_FILE`] || undefined;
  if (path === undefined) return value;
  if (value !== undefined) throw new OperatorError(`Both ${name} and ${name}_FILE are set. Set one of them.`);
  const text = readText(path, `${name}_FILE`).replace(/\r?\n$/, '');
  if (text === '') throw new OperatorError(`${name}_FILE names ${path}, which is empty. Put the value there.`);
  return text;
}

function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new OperatorError(
      `${what}: ${path} could not be read (${code}). Check that it is a file that this user may read.`,
    );
  }
}
