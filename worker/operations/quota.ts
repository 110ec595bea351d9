/** The limits on what one account stores, as rules of verdicts. */
import { and, eq, gt, isNotNull, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { maxForeignConflictsPerHour } from '../../core/limits.ts';
import { principal } from '../store/principal.ts';
import { request } from '../store/request.ts';
import { auditEvents, projects, usage } from '../store/schema.ts';
import { type Params, query } from '../store/statement.ts';
import { reachesOwn, targetSecret } from '../store/targets.ts';
import type { Rule } from '../store/verdict.ts';
import { place } from './place.ts';
import type { Vault } from './vault.ts';

const usageOf = (column: 'secrets' | 'bytes', owner: SQLWrapper) =>
  query
    .select({ [column]: usage[column] })
    .from(usage)
    .where(eq(usage.owner_id, owner));

export const quotaValues = ({ limits }: Vault) => ({ max_secrets: limits.secrets, max_bytes: limits.storedBytes });

/** A project may have as much as an account. Who adds a secret to it uses up nothing of their own. */
const full = (stored: SQL, most: SQL, what: 'keys' | 'bytes', isProject: SQL): Rule[] => [
  { when: sql`${isProject} and ${stored} >= ${most}`, outcome: 'denied', reason: `project_${what}` },
  { when: sql`${stored} >= ${most}`, outcome: 'denied', reason: `too_many_${what}` },
];

const storedInPlace = (column: 'secrets' | 'bytes') =>
  sql`coalesce(${place[column]}, ${usageOf(column, principal.id)}, 0)`;

/** The bytes that are left to store, plus one, must be more than those of the value. */
const room = ({ token, max_bytes }: Params<'token' | 'max_bytes'>) =>
  sql`${max_bytes} + 1 - coalesce(length(${token}), 0)`;

/** What is new must fit into its project, or else into what the principal may store. */
export const newSecretQuota = (given: Params<'token' | 'max_secrets' | 'max_bytes'>): Rule[] => [
  ...full(storedInPlace('secrets'), given.max_secrets, 'keys', isNotNull(place.id)),
  ...full(storedInPlace('bytes'), room(given), 'bytes', isNotNull(place.id)),
];

/** The value counts for the project or the owner of the target, whoever stores it. */
export const newValueQuota = (given: Params<'token' | 'max_bytes'>): Rule[] => {
  const ofProject = query
    .select({ bytes: projects.bytes })
    .from(projects)
    .where(eq(projects.id, targetSecret.project_id));
  const stored = sql`coalesce(${ofProject}, ${usageOf('bytes', targetSecret.owner_id)}, 0)`;
  return full(
    stored,
    sql`iif(${given.token} is null, 9e15, ${room(given)})`,
    'bytes',
    isNotNull(targetSecret.project_id),
  );
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
