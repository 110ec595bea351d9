import { parseTrustedProxies, type TrustedProxies } from '../core/network/address.ts';
import { workerVariables } from '../core/worker-variables.ts';
import { type Bindings, isKnown } from './database/bindings.ts';

/** The bindings as the worker knows them, and whose X-Forwarded-For is believed. */
export const readBindings = (
  bindings: Bindings,
): { worker: Record<string, string>; trustedProxies: TrustedProxies } => {
  const worker: Record<string, string> = {};
  for (const name of workerVariables) if (bindings[name] !== '') worker[name] = bindings[name];
  if (!isKnown(bindings) && !('ADMIN_PASSWORD' in worker)) worker.FIRST_ACCOUNTS = 'default';
  return { worker, trustedProxies: parseTrustedProxies(bindings.TRUSTED_PROXIES, Error) };
};
