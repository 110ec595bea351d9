/** The limits on what one account stores, as rules of verdicts. */
import { and, eq, gt, isNotNull, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { maxForeignConflictsPerHour, minTrashedPerAccount } from '../../core/limits.ts';
import { principal } from '../store/principal.ts';
import { request } from '../store/request.ts';
import type { Rule } from '../store/rules.ts';
import { auditEvents, projects, secretVersions, usage } from '../store/schema.ts';
import { type Params, query } from '../store/statement.ts';
import { reachesOwn, targetSecret } from '../store/targets.ts';
import { place } from './place.ts';
import type { Vault } from './vault.ts';

type Counted = 'secrets' | 'bytes' | 'trashed';

const usageOf = (column: Counted, owner: SQLWrapper) =>
  query
    .select({ [column]: usage[column] })
    .from(usage)
    .where(eq(usage.owner_id, owner));

export const quotaValues = ({ limits }: Vault) => ({ max_secrets: limits.secrets, max_bytes: limits.storedBytes });

/** A project may have as much as an account. Who adds a secret to it uses up nothing of their own. */
const full = (stored: SQL, most: SQL, what: 'keys' | 'bytes' | 'trashed', isProject: SQL): Rule[] => [
  { when: sql`${isProject} and ${stored} >= ${most}`, outcome: 'denied', reason: `project_${what}` },
  { when: sql`${stored} >= ${most}`, outcome: 'denied', reason: `too_many_${what}` },
];

const storedInPlace = (column: Counted) => sql`coalesce(${place[column]}, ${usageOf(column, principal.id)}, 0)`;

/** The bytes that are left to store, plus one, must be more than those of the value. */
const room = ({ token, max_bytes }: Params<'token' | 'max_bytes'>) =>
  sql`${max_bytes} + 1 - coalesce(length(${token}), 0)`;

/**
 * What is new must fit into its project, or else into what the principal may store. A full trash stops what is new, too: deleting never
 * stops, and nothing in the trash goes early.
 */
export const newSecretQuota = (given: Params<'token' | 'max_secrets' | 'max_bytes'>): Rule[] => [
  ...full(storedInPlace('secrets'), given.max_secrets, 'keys', isNotNull(place.id)),
  ...full(storedInPlace('bytes'), room(given), 'bytes', isNotNull(place.id)),
  ...full(
    storedInPlace('trashed'),
    sql`max(${given.max_secrets}, ${minTrashedPerAccount})`,
    'trashed',
    isNotNull(place.id),
  ),
];

/** The value counts for the project or the owner of the target, whoever stores it. */
export const newValueQuota = (given: Params<'token' | 'max_bytes'>): Rule[] =>
  fullWithTarget(sql`iif(${given.token} is null, 9e15, ${room(given)})`);

/** The same for a copy of one of its versions. */
export const copiedValueQuota = ({ version, max_bytes }: Params<'version' | 'max_bytes'>): Rule[] => {
  const length = query
    .select({ length: sql`length(${secretVersions.token})`.as('length') })
    .from(secretVersions)
    .where(and(eq(secretVersions.secret_id, targetSecret.id), eq(secretVersions.number, version)));
  return fullWithTarget(sql`${max_bytes} + 1 - coalesce(${length}, 0)`);
};

const fullWithTarget = (most: SQL) => {
  const ofProject = query
    .select({ bytes: projects.bytes })
    .from(projects)
    .where(eq(projects.id, targetSecret.project_id));
  const stored = sql`coalesce(${ofProject}, ${usageOf('bytes', targetSecret.owner_id)}, 0)`;
  return full(stored, most, 'bytes', isNotNull(targetSecret.project_id));
};

/** Where a secret that exists is going: to a project (`place`), or to this owner. */
interface Arrival extends Params<'max_secrets' | 'max_bytes'> {
  owner: SQL;
  /** A value that comes with it; null for none. */
  token: SQL;
}

/**
 * The target, with all its versions, must fit where it arrives. Where it is already, only one that comes out of the trash counts
 * anew. The reasons are not those of one's own account: it may be that of somebody else.
 */
export const arrivalQuota = ({ owner, token, max_secrets, max_bytes }: Arrival): Rule[] => {
  const isElsewhere = sql`(${place.id} is not ${targetSecret.project_id} or ${place.id} is null and ${owner} is not ${targetSecret.owner_id})`;
  const size = query
    .select({ size: sql`coalesce(sum(length(${secretVersions.token})), 0)`.as('size') })
    .from(secretVersions)
    .where(eq(secretVersions.secret_id, targetSecret.id));
  const stored = (column: Counted) => sql`coalesce(${place[column]}, ${usageOf(column, owner)}, 0)`;
  return [
    {
      when: sql`(${isElsewhere} or ${targetSecret.deleted_at} is not null) and ${stored('secrets')} >= ${max_secrets}`,
      outcome: 'denied',
      reason: 'no_room_keys',
    },
    {
      when: sql`${isElsewhere} and ${stored('bytes')} + ${size} + coalesce(length(${token}), 0) > ${max_bytes}`,
      outcome: 'denied',
      reason: 'no_room_bytes',
    },
  ];
};

const hourMs = 3_600_000;

const isConflictOf = (actor: SQLWrapper) =>
  and(
    eq(auditEvents.actor_id, actor),
    eq(auditEvents.reason, 'name_held'),
    gt(auditEvents.at, sql`${request.now} - ${hourMs}`),
  );

/** How many names of others somebody has hit upon in this hour. */
export const conflictsOf = (actor: SQLWrapper): SQL =>
  sql`${query
    .select({ count: sql`count(*)`.as('count') })
    .from(auditEvents)
    .where(isConflictOf(actor))}`;

/** Holds if a user has hit upon the names of too many keys of others: each conflict tells that a name is in use. */
export const tooManyConflicts: Rule = {
  when: sql`${reachesOwn('secret.create')} and exists ${query
    .select({ id: auditEvents.id })
    .from(auditEvents)
    .where(isConflictOf(principal.id))
    .limit(1)
    .offset(maxForeignConflictsPerHour - 1)}`,
  outcome: 'denied',
  reason: 'too_many_conflicts',
};
