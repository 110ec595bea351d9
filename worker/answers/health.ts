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
  missing_keys: v.optional(
    v.array(v.strictObject({ fingerprint: v.nullable(v.string()), values: whole, versions: whole })),
  ),
});

export const unhealthy = v.strictObject({
  status: v.literal('unhealthy'),
  timestamp: v.optional(time),
  service,
  reason: v.picklist(['busy', 'database', 'schema', 'setup', 'wrong_key', 'damaged', 'settings']),
  error: v.string(),
});
