/** Answers to probes. */
import * as v from 'valibot';
import { time, whole } from './parts.ts';

const service = v.literal('keystore');

export const alive = v.strictObject({ status: v.literal('alive'), service });

export const healthy = v.strictObject({
  status: v.picklist(['healthy', 'degraded']),
  timestamp: time,
  service,
  version: v.string(),
  warning: v.optional(v.pipe(v.string(), v.description('What the operator should do, though the vault serves.'))),
  reason: v.optional(v.pipe(v.picklist(['seal_broken', 'missing_key']), v.description('Why the vault is degraded.'))),
  broken_seals: v.optional(
    v.pipe(whole, v.description('Rows that something other than the vault has changed. The access log names them.')),
  ),
  missing_keys: v.optional(
    v.array(v.strictObject({ fingerprint: v.nullable(v.string()), values: whole, versions: whole })),
  ),
});

export const unhealthy = v.strictObject({
  status: v.literal('unhealthy'),
  timestamp: v.optional(time),
  service,
  reason: v.picklist(['busy', 'database', 'schema', 'setup', 'wrong_key', 'damaged', 'seals_gone', 'settings']),
  error: v.string(),
});
