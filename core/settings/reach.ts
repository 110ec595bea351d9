/** From where a vault can be reached: the default passwords of a new one are worth nothing where everybody can try them. */

import { isLoopback } from '../network/ranges.ts';
import type { Lookup, Settings } from './settings.ts';

/** The variable of the worker that says so. Without it, as on the edge, the vault counts as open to the network. */
export const localOnlyVariable = { LOCAL_ONLY: 'yes' };

/**
 * Whether only this machine can reach the vault: it listens on loopback addresses, or in a container whose port is published
 * on one (KEYSTORE_PUBLISHED, which the helper scripts set), and TRUSTED_PROXIES names no proxy in front of it.
 */
export function isLocalOnly(
  { hosts, trustedProxies }: Pick<Settings, 'hosts' | 'trustedProxies'>,
  lookup: Lookup,
): boolean {
  if (trustedProxies.trim() !== '') return false;
  const published = /^(.*):\d+$/.exec(lookup('KEYSTORE_PUBLISHED') ?? '')?.[1]?.replace(/^\[(.*)\]$/, '$1');
  return hosts.every(isLoopback) || (published !== undefined && isLoopback(published));
}
