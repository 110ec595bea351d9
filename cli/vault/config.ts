/**
 * Which vault, and with which token: KEYSTORE_URL, KEYSTORE_TOKEN and KEYSTORE_TOKEN_FILE come first, then the file that
 * `keystore login` writes, which only its owner may read.
 */

import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { codeOf, exitCodes, Failure, usageFailure } from '../terminal/failure.ts';

/** What the file holds. */
export interface SavedSession {
  url: string;
  token: string;
  user?: string;
  /** ISO 8601. */
  expires_at?: string;
}

/** Where to send requests, and with what. */
export interface Connection {
  url: string;
  token: string | undefined;
}

type Environment = Record<string, string | undefined>;

/** The user's folder for configuration or caches, after the XDG Base Directory Specification, and %APPDATA% on Windows. */
export function userFolder(kind: 'config' | 'cache', environment: Environment = process.env): string {
  const variable = kind === 'config' ? 'XDG_CONFIG_HOME' : 'XDG_CACHE_HOME';
  const given = environment[variable] ?? '';
  // The specification says to ignore relative ones.
  if (given.startsWith('/')) return join(given, 'keystore');
  const windows = environment[kind === 'config' ? 'APPDATA' : 'LOCALAPPDATA'] ?? '';
  if (process.platform === 'win32' && windows !== '') return join(windows, 'keystore');
  return join(homedir(), kind === 'config' ? '.config' : '.cache', 'keystore');
}

export function configPath(): string {
  return join(userFolder('config'), 'config.json');
}

/**
 * What `keystore login` stored; undefined if nobody is signed in.
 *
 * @throws Failure if the file is damaged, or others may read it.
 */
export function readSession(): SavedSession | undefined {
  const path = configPath();
  let text: string;
  try {
    if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
      throw usageFailure(`Other users can read ${path}, which holds a token. Run: chmod 600 '${path}'`);
    }
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    if (error instanceof Failure) throw error;
    throw usageFailure(`${path} cannot be read (${codeOf(error)}).`);
  }
  const { url, token, user, expires_at } = parsed(text);
  if (typeof url !== 'string' || typeof token !== 'string') {
    throw usageFailure(`${path} is damaged. Remove it, and sign in again: keystore login`);
  }
  return {
    url,
    token,
    ...(typeof user === 'string' ? { user } : {}),
    ...(typeof expires_at === 'string' ? { expires_at } : {}),
  };
}

function parsed(text: string): Record<string, unknown> {
  try {
    return (JSON.parse(text) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** Replaces the file in one step. Nobody else can read it at any moment. */
export function writeSession(session: SavedSession): void {
  const path = configPath();
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const partial = `${path}.${process.pid}`;
  writeFileSync(partial, `${JSON.stringify(session, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  chmodSync(partial, 0o600);
  renameSync(partial, path);
}

export function removeSession(): void {
  rmSync(configPath(), { force: true });
}

/**
 * The vault to talk to, and the token for it. A token that was stored for one vault is never sent to another one.
 *
 * @throws Failure if no vault is known.
 */
export function readConnection(environment: Environment = process.env): Connection {
  const givenToken = tokenOf(environment);
  const givenUrl = (environment.KEYSTORE_URL ?? '').trim();
  if (givenUrl !== '' && givenToken !== undefined) return { url: vaultUrl(givenUrl), token: givenToken };
  const session = readSession();
  const url = givenUrl || session?.url;
  if (url === undefined) {
    throw usageFailure('No vault is known. Set KEYSTORE_URL, or sign in: keystore login https://vault.example.com');
  }
  const known = vaultUrl(url);
  const stored = session !== undefined && vaultUrl(session.url) === known ? session.token : undefined;
  return { url: known, token: givenToken ?? (stored === undefined ? undefined : checkToken(stored, configPath())) };
}

/** The token, for a command that needs one. */
export function needToken({ url, token }: Connection): string {
  if (token !== undefined) return token;
  throw new Failure(
    `You are not signed in to ${url}. Set KEYSTORE_TOKEN or KEYSTORE_TOKEN_FILE, or sign in: keystore login ${url}`,
    exitCodes.unauthenticated,
  );
}

function tokenOf(environment: Environment): string | undefined {
  const token = environment.KEYSTORE_TOKEN ?? '';
  if (token.trim() !== '') return checkToken(token.trim(), 'KEYSTORE_TOKEN');
  const file = environment.KEYSTORE_TOKEN_FILE ?? '';
  if (file === '') return undefined;
  let text: string;
  try {
    text = readFileSync(file, 'utf8')
      .replace(/^\uFEFF/, '')
      .trim();
  } catch (error) {
    throw usageFailure(`The file that KEYSTORE_TOKEN_FILE names, ${file}, cannot be read (${codeOf(error)}).`);
  }
  if (text === '') throw usageFailure(`The file that KEYSTORE_TOKEN_FILE names, ${file}, is empty.`);
  return checkToken(text, file);
}

/** A token goes into a header: RFC 6750 allows it no blanks and no control characters. */
export function checkToken(token: string, source: string): string {
  if (!/^[\w.~+/=-]+$/.test(token)) throw usageFailure(`What ${source} holds is not a token.`);
  return token;
}

/** The address of a vault without a slash at its end. */
export function vaultUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw usageFailure(`${text} is not the address of a vault. Write it as in https://vault.example.com`);
  }
  if (url.username !== '' || url.password !== '') {
    throw usageFailure(
      'The address of the vault holds a user name or a password. Leave them out: the token says who you are.',
    );
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/** Whether what is sent to this address can be read on the way. */
export function isExposed(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !/^(localhost|127\.[\d.]+|\[::1\])$|\.localhost$/.test(hostname);
}
