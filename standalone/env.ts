import type { BlockList } from 'node:net';
import { parseTrustedProxies } from '../box/gate/client.ts';
import { readWorkerVariables } from '../core/settings/settings.ts';
import { type Bindings, isKnown } from './database/bindings.ts';

/** The bindings as the worker knows them, and the proxies whose X-Forwarded-For counts. */
export const readBindings = (
  bindings: Bindings,
): { worker: Record<string, string>; trustedProxies: BlockList | undefined } => {
  const worker = readWorkerVariables((name) => (bindings as unknown as Record<string, string>)[name]);
  if (!isKnown(bindings) && !('ADMIN_PASSWORD' in worker)) worker.FIRST_ACCOUNTS = 'default';
  return { worker, trustedProxies: parseTrustedProxies(bindings.TRUSTED_PROXIES) };
};
