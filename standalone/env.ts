import type { BlockList } from 'node:net';
import { parseTrustedProxies } from '../cli/gate/client.ts';
import { workerVariables } from '../cli/worker-variables.ts';
import type { VaultDatabase } from './database/object.ts';

/** What the launcher writes into the config. A variable that is not set is empty. */
export interface Bindings extends Record<(typeof workerVariables)[number], string> {
  DATABASE: DurableObjectNamespace<VaultDatabase>;
  LOCK: DurableObjectNamespace;
  /** The name that wrangler.toml gives the database: with it wrangler finds the same file. */
  DATABASE_ID: string;
  /** `yes` if the folder's marker says that the vault has been up before. */
  KNOWN_VAULT: string;
  TRUSTED_PROXIES: string;
}

/** The bindings as the worker knows them, and whose X-Forwarded-For is believed. */
export const readBindings = (
  bindings: Bindings,
): { worker: Record<string, string>; trustedProxies: BlockList | undefined } => {
  const worker: Record<string, string> = {};
  for (const name of workerVariables) if (bindings[name] !== '') worker[name] = bindings[name];
  if (!isKnown(bindings) && !('ADMIN_PASSWORD' in worker)) worker.FIRST_ACCOUNTS = 'default';
  return { worker, trustedProxies: parseTrustedProxies(bindings.TRUSTED_PROXIES) };
};

/** Whether a database without accounts is a loss rather than a beginning. */
export const isKnown = (bindings: Bindings) => bindings.KNOWN_VAULT === 'yes';
