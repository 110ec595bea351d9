/** The replies to probes, in the shapes of v0.6. */
import { version } from '../../core/version.ts';
import type { Health } from '../operations/health.ts';
import type { Reply } from './reply.ts';

const service = 'keystore';

/** The worker runs: no more is asked, not even of the database. */
export const alive: Reply = { status: 200, body: { status: 'alive', service } };

export const healthReply = ({ at, problem }: Health): Reply => {
  const timestamp = new Date(at).toISOString();
  if (!problem) return { status: 200, body: { status: 'healthy', timestamp, service, version } };
  const { reason, message: error } = problem;
  return { status: 503, body: { status: 'unhealthy', timestamp, service, reason, error } };
};

/** The reply to every request while a setting is wrong; `error` says which and how to fix it. */
export const misconfigured = (error: string): Reply => ({
  status: 503,
  body: { status: 'unhealthy', service, reason: 'settings', error },
});
