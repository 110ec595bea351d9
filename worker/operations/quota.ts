/** The limits on what one account stores, as rules of verdicts. */
import { and, eq, gt, type SQL, sql } from 'drizzle-orm';
import { maxForeignConflictsPerHour } from '../../core/limits.ts';
import { principal } from '../store/principal.ts';
import { request } from '../store/request.ts';
import { auditEvents, secrets, usage } from '../store/schema.ts';
import { type Params, query } from '../store/statement.ts';
import { type Rule, reachesOwn } from '../store/verdict.ts';
import type { Vault } from './vault.ts';

const usageOf = (column: 'secrets' | 'bytes', owner: SQL) =>
  query
    .select({ [column]: usage[column] })
    .from(usage)
    .where(eq(usage.owner_id, owner));

export const quotaValues = ({ limits }: Vault) => ({ max_secrets: limits.secrets, max_bytes: limits.storedBytes });

/** Holds if the value does not fit into what the owner may store. */
const tooManyBytes = ({ token, max_bytes }: Params<'token' | 'max_bytes'>, owner: SQL): Rule => ({
  when: sql`coalesce(${usageOf('bytes', owner)}, 0) + coalesce(length(${token}), 0) > ${max_bytes}`,
  outcome: 'denied',
  reason: 'too_many_bytes',
});

export const newSecretQuota = (given: Params<'token' | 'max_secrets' | 'max_bytes'>): Rule[] => [
  {
    when: sql`coalesce(${usageOf('secrets', sql`${principal.id}`)}, 0) >= ${given.max_secrets}`,
    outcome: 'denied',
    reason: 'too_many_keys',
  },
  tooManyBytes(given, sql`${principal.id}`),
];

/** The value counts for the owner, whoever stores it. */
export const newValueQuota = (secretName: SQL, given: Params<'token' | 'max_bytes'>): Rule => {
  const owner = query.select({ owner_id: secrets.owner_id }).from(secrets).where(eq(secrets.name, secretName));
  const { when, ...rule } = tooManyBytes(given, sql`${owner}`);
  return { when: sql`${given.token} is not null and ${when}`, ...rule };
};

const hourMs = 3_600_000;

/** Holds if a user has hit upon the names of too many keys of others: each conflict tells that a name is in use. */
export const tooManyConflicts: Rule = {
  when: sql`${reachesOwn('secret.create')} and exists ${query
    .select({ id: auditEvents.id })
    .from(auditEvents)
    .where(
      and(
        eq(auditEvents.actor_id, principal.id),
        eq(auditEvents.reason, 'name_held'),
        gt(auditEvents.at, sql`${request.now} - ${hourMs}`),
      ),
    )
    .limit(1)
    .offset(maxForeignConflictsPerHour - 1)}`,
  outcome: 'denied',
  reason: 'too_many_conflicts',
};
