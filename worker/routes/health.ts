import { version } from '../../core/version.ts';
import { router, send } from '../http/route.ts';
import { openInstance, VaultUnavailable } from '../operations/instance.ts';
import type { Vault } from '../operations/vault.ts';
import type { Reply } from '../wire/reply.ts';

export const serviceName = 'keystore';
export const alive = { status: 'alive', service: serviceName };

/** An answer is kept this long, so that any number of probes cost the database one question a second. */
const keptMs = 1_000;

export const health = () => {
  let kept: { reply: Reply; until: number } | undefined;

  const current = async (vault: Vault, now: number): Promise<Reply> => {
    if (kept && now < kept.until && now > kept.until - 2 * keptMs) return kept.reply;
    const reply = await examined(vault, now);
    kept = { reply, until: now + keptMs };
    return reply;
  };

  return router()
    .get('/health/live', (c) => c.json(alive))
    .get('/health', async (c) => send(c, await current(c.var.vault, c.var.caller.now)));
};

/** Healthy: the database answers, its schema is current, and ENCRYPTION_KEY opens what it sealed. */
const examined = async (vault: Vault, now: number): Promise<Reply> => {
  const timestamp = new Date(now).toISOString();
  try {
    await openInstance(vault, now);
    return { status: 200, body: { status: 'healthy', timestamp, service: serviceName, version } };
  } catch (error) {
    if (!(error instanceof VaultUnavailable)) throw error;
    const { reason, message } = error;
    return { status: 503, body: { status: 'unhealthy', timestamp, service: serviceName, reason, error: message } };
  }
};
