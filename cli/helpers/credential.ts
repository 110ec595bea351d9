/** A credential for another program: a key whose value is the password, and whose label `username` says for whom. */

import { exitCodes, Failure } from '../terminal/failure.ts';
import type { Vault } from '../vault/client.ts';
import { type ReadKey, readKey } from '../vault/keys.ts';

export interface Credential {
  username: string | undefined;
  password: string;
}

const label = 'username';

export function folderOf(place: string): string {
  return place === '' || place.endsWith('/') ? place : `${place}/`;
}

/** Undefined if there is none, or the caller may not read it. */
export async function readCredential(vault: Vault, name: string): Promise<Credential | undefined> {
  const key = await tryRead(vault, name);
  return key && { username: usernameOf(key.labels), password: key.api_key };
}

async function tryRead(vault: Vault, name: string): Promise<ReadKey | undefined> {
  try {
    return (await readKey(vault, name)).body;
  } catch (error) {
    if (error instanceof Failure && error.exitCode === exitCodes.notFound) return undefined;
    throw error;
  }
}

/** Stores a credential, unless it is there already. */
export async function writeCredential(vault: Vault, name: string, { username, password }: Credential): Promise<void> {
  const key = await tryRead(vault, name);
  if (key?.api_key === password && usernameOf(key.labels) === username) return;
  const labels = { ...key?.labels, ...(username === undefined ? {} : { [label]: username }) };
  const body = { api_key: password, labels };
  if (key) await vault.ask('PUT', '/key', { query: { key_name: name }, body });
  else await vault.change('/keys', { body: { key_name: name, ...body } });
}

/** Moves a credential to the trash, if there is one. */
export async function removeCredential(vault: Vault, name: string): Promise<void> {
  await vault.ask('DELETE', '/key', { query: { key_name: name }, accept: [404] });
}

export function usernameOf(labels: Record<string, string>): string | undefined {
  return Object.hasOwn(labels, label) ? labels[label] : undefined;
}
