/** The replies to probes, in the shapes of v0.6. */
import type { InferOutput } from 'valibot';
import { sentences } from '../../core/settings/messages.ts';
import { version } from '../../core/version.ts';
import type * as answers from '../answers/health.ts';
import type { Health } from '../operations/health.ts';
import type { Reply } from './reply.ts';

const service = 'keystore';

const healthy = (body: InferOutput<typeof answers.healthy>): Reply => ({ status: 200, body });
const unhealthy = (body: InferOutput<typeof answers.unhealthy>): Reply => ({ status: 503, body });

/** The worker runs: no more is asked, not even of the database. */
export const alive: Reply = {
  status: 200,
  body: { status: 'alive', service } satisfies InferOutput<typeof answers.alive>,
};

/**
 * A vault that lacks a key serves everything else, and a restart does not help, so `degraded` is a 200. So it is with rows whose seal does
 * not hold: anybody may ask this, so it does not name them.
 */
export const healthReply = ({ at, problem, missingKeys, brokenSeals }: Health): Reply => {
  const timestamp = new Date(at).toISOString();
  if (!problem && (missingKeys.length > 0 || brokenSeals > 0)) {
    const missing_keys = missingKeys.map(({ keyId: fingerprint, values, versions }) => ({
      fingerprint,
      values,
      versions,
    }));
    const broken = brokenSeals > 0 ? [sentences.brokenSeals(brokenSeals)] : [];
    const warning = [...broken, ...missingKeys.map(sentences.missingKey)].join(' ');
    return healthy({
      ...{ status: 'degraded', timestamp, service, version, warning },
      reason: brokenSeals > 0 ? 'seal_broken' : 'missing_key',
      ...(missingKeys.length > 0 && { missing_keys }),
      ...(brokenSeals > 0 && { broken_seals: brokenSeals }),
    });
  }
  if (!problem) return healthy({ status: 'healthy', timestamp, service, version });
  const { reason, message: error } = problem;
  return unhealthy({ status: 'unhealthy', timestamp, service, reason, error });
};

/** The reply to every request while a setting is wrong; `error` says which and how to fix it. */
export const misconfigured = (error: string): Reply =>
  unhealthy({ status: 'unhealthy', service, reason: 'settings', error });
