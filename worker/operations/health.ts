/** Whether the vault can serve. Probes ask this often and without a credential, so an answer is kept for a second. */
import { maxBusyProbeMs, maxBusyWaitMs, maxHealthAgeMs } from '../../core/limits.ts';
import type { MissingKey } from '../../core/settings/messages.ts';
import { stillBroken } from './broken-seals.ts';
import { openInstance, VaultUnavailable } from './instance.ts';
import { countMissing } from './sealing-keys.ts';
import type { Context, Vault } from './vault.ts';

export interface Health {
  /** When it was examined, in ms since 1970. */
  at: number;
  /** Why the vault cannot serve; null if it can. */
  problem: Pick<VaultUnavailable, 'reason' | 'message'> | null;
  /** Keys without which some values do not open, though the vault can serve. */
  missingKeys: MissingKey[];
  /** How many rows are known whose seal does not hold. */
  brokenSeals: number;
}

const kept = new WeakMap<Vault, Health>();

/** Healthy means: the database answers, its schema is current, and the keys are there that open everything in it. */
export const examineHealth = async ({ vault, caller: { now } }: Context): Promise<Health> => {
  const last = kept.get(vault);
  if (last && Math.abs(now - last.at) < maxHealthAgeMs) return last;
  const health: Health = { at: now, ...(await examine(vault, now)) };
  // Requests wait as well, so a vault that was healthy a moment ago still serves.
  if (health.problem?.reason === 'busy' && last && !last.problem && now - last.at < maxBusyWaitMs) return last;
  kept.set(vault, health);
  return health;
};

const examine = async (vault: Vault, now: number): Promise<Omit<Health, 'at'>> => {
  try {
    const { inUse, broken } = await openInstance(vault, now, maxBusyProbeMs);
    const still = await stillBroken(vault, broken, now);
    return { problem: null, missingKeys: await countMissing(vault, inUse), brokenSeals: still.length };
  } catch (error) {
    if (error instanceof VaultUnavailable) return { problem: error, missingKeys: [], brokenSeals: 0 };
    throw error;
  }
};
