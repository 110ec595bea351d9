import { parseTrustedProxies } from '../core/network/address.ts';
import { isLocalOnly, localOnlyVariable } from '../core/settings/reach.ts';
import { readWorkerVariables } from '../core/settings/settings.ts';
import { type Bindings, isKnown } from './database/object.ts';

/** The bindings as the worker knows them, and the proxies whose Forwarded and X-Forwarded-* headers count. */
export const readBindings = (bindings: Bindings) => {
  const worker = readWorkerVariables((name) => (bindings as unknown as Record<string, string>)[name]);
  if (!isKnown(bindings) && !('ADMIN_PASSWORD' in worker)) worker.FIRST_ACCOUNTS = 'default';
  const where = { hosts: bindings.HOSTS.split(' '), trustedProxies: bindings.TRUSTED_PROXIES };
  if (isLocalOnly(where, () => bindings.KEYSTORE_PUBLISHED)) Object.assign(worker, localOnlyVariable);
  return { worker, trustedProxies: parseTrustedProxies(bindings.TRUSTED_PROXIES) };
};
