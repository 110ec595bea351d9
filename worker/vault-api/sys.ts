/**
 * What clients ask about the vault itself before they do anything: whether it serves, which version it is, and what is mounted where.
 * Nothing here depends on who asks.
 */

import { pathnameOf } from '../../core/pathname.ts';
import { version } from '../../core/version.ts';
import { type AppContext, contextOf, router } from '../http/context.ts';
import { jsonHeaders } from '../http/headers.ts';
import { send } from '../http/send.ts';
import { examineHealth } from '../operations/health.ts';
import type { Reply } from '../wire/reply.ts';
import { vaultContext } from './credential.ts';
import { enveloped, errors } from './envelope.ts';

/** A vault that cannot serve is one that is sealed, to clients; one that has no accounts yet is not initialised. */
const stateOf = async (c: AppContext) => {
  const { at, problem } = await examineHealth(contextOf(c));
  return { at, initialized: problem?.reason !== 'setup', sealed: problem !== null };
};

/** The statuses that Vault has for the states, and the parameters by which a prober wishes for others. */
const statuses = {
  active: ['activecode', 200],
  sealed: ['sealedcode', 503],
  uninitialized: ['uninitcode', 501],
} as const;

/** They have no body (Fetch standard, null body status). */
const statusesWithoutBody = [204, 205, 304];

const health = async (c: AppContext): Promise<Response> => {
  const { at, initialized, sealed } = await stateOf(c);
  const [parameter, usual] = statuses[initialized ? (sealed ? 'sealed' : 'active') : 'uninitialized'];
  const wish = c.req.query(parameter);
  const status = wish === undefined ? usual : /^[2-5]\d\d$/.test(wish) ? Number(wish) : 400;
  const body = {
    initialized,
    sealed,
    standby: false,
    performance_standby: false,
    replication_performance_mode: 'disabled',
    replication_dr_mode: 'disabled',
    server_time_utc: Math.floor(at / 1_000),
    version,
    enterprise: false,
    cluster_name: 'keystore',
    cluster_id: '',
    echo_duration_ms: 0,
    clock_skew_ms: 0,
  };
  if (status === 400 && wish !== '400') return send(c, errors(400, [`${parameter} must be a status from 200 to 599.`]));
  // Otherwise anybody could make errors in the metrics.
  c.set('countedStatus', usual);
  if (statusesWithoutBody.includes(status)) return new Response(null, { status, headers: jsonHeaders });
  return send(c, { status: status as Reply['status'], body });
};

const sealStatus = async (c: AppContext): Promise<Response> => {
  const { initialized, sealed } = await stateOf(c);
  return send(c, {
    status: 200,
    body: {
      type: 'shamir',
      initialized,
      sealed,
      t: 1,
      n: 1,
      progress: 0,
      nonce: '',
      version,
      build_date: '',
      migration: false,
      cluster_name: 'keystore',
      cluster_id: '',
      recovery_seal: false,
      storage_type: 'sqlite',
    },
  });
};

/** `vault status` fails without it. There is one vault, and no cluster. */
const leader: Reply = {
  status: 200,
  body: {
    ha_enabled: false,
    is_self: false,
    active_time: '0001-01-01T00:00:00Z',
    leader_address: '',
    leader_cluster_address: '',
    performance_standby: false,
    performance_standby_last_remote_wal: 0,
  },
};

const kvMount = {
  type: 'kv',
  description: 'the keys of the vault',
  options: { version: '2' },
  accessor: 'kv_secret',
  uuid: '',
  local: false,
  seal_wrap: false,
  plugin_version: '',
  running_plugin_version: '',
  running_sha256: '',
  external_entropy_access: false,
  config: { default_lease_ttl: 0, max_lease_ttl: 0, force_no_cache: false },
};

const authMount = (type: string) => ({ type, description: '', options: null });

const mounts = {
  secret: { 'secret/': kvMount },
  auth: { 'token/': authMount('token'), 'approle/': authMount('approle'), 'userpass/': authMount('userpass') },
};

const mountsPath = '/v1/sys/internal/ui/mounts/';

/** The command `vault kv` asks this first. It takes a 404 for an engine of version 1, so there is none. */
const mount = async (c: AppContext): Promise<Response> => {
  const context = await vaultContext(c);
  if (!('caller' in context)) return send(c, context);
  const path = pathnameOf(c.req.url).slice(mountsPath.length);
  if (path !== 'secret' && !path.startsWith('secret/')) return send(c, notMounted);
  return send(c, enveloped({ path: 'secret/', ...kvMount }, { mountType: 'system' }));
};

const notMounted = errors(403, [
  'preflight capability check returned 403, please ensure client\'s policies grant access to this path. Keys are below "secret/".',
]);

export const sys = router()
  .get('/v1/sys/health', health)
  .get('/v1/sys/seal-status', sealStatus)
  .get('/v1/sys/leader', (c) => send(c, leader))
  .get('/v1/sys/internal/ui/mounts', (c) => send(c, enveloped(mounts, { mountType: 'system' })))
  .get(`${mountsPath}*`, mount);
