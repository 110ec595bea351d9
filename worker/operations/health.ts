/** Whether the vault can serve. Probes ask this often and without a credential, so an answer is kept for a second. */
import { maxBusyProbeMs, maxBusyWaitMs, maxHealthAgeMs } from '../../core/limits.ts';
import { openInstance, VaultUnavailable } from './instance.ts';
import type { Context, Vault } from './vault.ts';

export interface Health {
  /** When it was examined, in ms since 1970. */
  at: number;
  /** Why the vault cannot serve; null if it can. */
  problem: Pick<VaultUnavailable, 'reason' | 'message'> | null;
}

const kept = new WeakMap<Vault, Health>();

/** Healthy means: the database answers, its schema is current, and ENCRYPTION_KEY opens what it sealed. */
export const examineHealth = async ({ vault, caller: { now } }: Context): Promise<Health> => {
  const last = kept.get(vault);
  if (last && Math.abs(now - last.at) < maxHealthAgeMs) return last;
  const health: Health = { at: now, problem: await problemOf(vault, now) };
  // Requests wait as well, so a vault that was healthy a moment ago still serves.
  if (health.problem?.reason === 'busy' && last && !last.problem && now - last.at < maxBusyWaitMs) return last;
  kept.set(vault, health);
  return health;
};

const problemOf = async (vault: Vault, now: number): Promise<Health['problem']> => {
  try {
    await openInstance(vault, now, maxBusyProbeMs);
    return null;
  } catch (error) {
    if (error instanceof VaultUnavailable) return error;
    throw error;
  }
};
