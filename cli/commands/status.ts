/** `keystore status`: the vault's health, and who the caller is. Succeeds only if the vault serves. */

import { exitCodes, Failure } from '../terminal/failure.ts';
import { coloured, printable, say, sayJson } from '../terminal/output.ts';
import { Vault } from '../vault/client.ts';
import { readConnection } from '../vault/config.ts';
import { type Identity, identify } from '../vault/identity.ts';
import type { Given } from './arguments.ts';
import { describe } from './whoami.ts';

interface Health {
  status: string;
  version?: string;
  error?: string;
  warning?: string;
}

export async function run(given: Given): Promise<number> {
  const connection = readConnection();
  const vault = new Vault(connection);
  const { status, body: health } = await vault.askAnonymously<Health>('GET', '/health', { accept: [503] });
  const identity = connection.token === undefined || status !== 200 ? undefined : await tryIdentify(vault);
  const isRefused = identity instanceof Failure;
  if (given.json) sayJson({ url: vault.url, health, ...(isRefused ? { error: identity.message } : { identity }) });
  else {
    const colour = health.status === 'healthy' ? 'green' : 'yellow';
    say(`${vault.url}: ${coloured(colour, health.status)}${health.version ? `, version ${health.version}` : ''}`);
    for (const text of [health.error, health.warning]) if (text !== undefined) say(printable(text));
    if (identity === undefined) say(connection.token === undefined ? 'Not signed in.' : '');
    else say(isRefused ? identity.message : `Signed in as ${describe(identity)}`);
  }
  if (status !== 200) return exitCodes.unreachable;
  return isRefused ? identity.exitCode : 0;
}

async function tryIdentify(vault: Vault): Promise<Identity | Failure> {
  try {
    return await identify(vault);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}
