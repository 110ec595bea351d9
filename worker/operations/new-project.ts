/** Making a project. The keys whose names begin with its name move in. */
import { and, count, eq, exists, gte, lt, ne, not, or, type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import { keyLikeness, likeness } from '../../core/accounts/likeness.ts';
import { maxProjectsPerAccount } from '../../core/limits.ts';
import { newNumber } from '../../core/new-number.ts';
import { actorId, actorName, actorRole, granted, insertIfAllowed, verdict } from '../store/granted.ts';
import { principal } from '../store/principal.ts';
import { request } from '../store/request.ts';
import type { Rule } from '../store/rules.ts';
import { auditEvents, members, projects, secrets } from '../store/schema.ts';
import { futureRow } from '../store/sealed.ts';
import { insertFrom, integer, type Params, query } from '../store/statement.ts';
import { inUse, isPersonal, reachesOwn } from '../store/targets.ts';
import { likenessesAreFilled } from './likenesses.ts';
import { operation } from './operation.ts';
import { memberCount, rankOf } from './projects.ts';
import { tooManyConflicts } from './quota.ts';
import { revisionsOf, sealingOf } from './sealed-secrets.ts';
import { counted } from './sessions.ts';

export interface NewProject {
  name: string;
  description: string;
  /** Whether the keys of others whose names begin like this move in. For admins. */
  adopt: boolean;
}

/** The secrets in use whose names begin with the name and `/`; `0` follows `/`. None is in another project. */
const beginningWith = ({ first, end }: Params<'first' | 'end'>): SQL | undefined =>
  and(gte(secrets.name, first), lt(secrets.name, end), inUse);

const othersSecrets = (given: Params<'first' | 'end'>) =>
  query
    .select({ id: secrets.id })
    .from(secrets)
    .where(and(beginningWith(given), ne(secrets.owner_id, principal.id)));

/**
 * The personal secrets in use whose names only look as if they began so: a full-width letter, say. They could not move in, and would
 * look like keys of the project ever after. Of one's own names, too.
 */
const lookingLike = (
  { first, end, first_likeness, end_likeness }: Params<'first' | 'end' | Likeness>,
  ...conditions: SQL[]
) =>
  query
    .select({ id: secrets.id })
    .from(secrets)
    .where(
      and(
        gte(secrets.likeness, first_likeness),
        lt(secrets.likeness, end_likeness),
        or(lt(secrets.name, first), gte(secrets.name, end)),
        isPersonal,
        inUse,
        ...conditions,
      ),
    );
type Likeness = 'first_likeness' | 'end_likeness';

const ownMembership = alias(members, 'membership');

/** Projects that are called like this, or look so. */
const namedLike = (given: Params<'likeness' | 'key_likeness'>, ...conditions: SQL[]) =>
  query
    .select({ id: projects.id })
    .from(projects)
    .where(
      and(or(eq(projects.likeness, given.likeness), eq(projects.key_likeness, given.key_likeness)), ...conditions),
    );

const isMember = exists(
  query
    .select({ role: ownMembership.role })
    .from(ownMembership)
    .where(and(eq(ownMembership.project_id, projects.id), eq(ownMembership.user_id, principal.id))),
);

const tooManyProjects: Rule = {
  when: sql`${query
    .select({ count: count() })
    .from(projects)
    .where(eq(projects.creator_id, principal.id))} >= ${maxProjectsPerAccount}`,
  outcome: 'denied',
  reason: 'too_many_projects',
};

/** One event for each key that moves in. They are the verdict's too, so that what follows stays granted. */
const nameAdopted = (given: Params<'first' | 'end' | 'name'>) =>
  insertFrom(
    auditEvents,
    {
      at: request.now,
      request_id: request.id,
      actor_id: actorId,
      actor_name: actorName,
      actor_role: actorRole,
      action: 'secret.transfer',
      target: secrets.name,
      outcome: 'allowed',
      reason: sql`'into the project ' || ${given.name}`,
      address: request.address,
      user_agent: request.user_agent,
    },
    secrets,
    and(beginningWith(given), granted),
  );

const madeProject = (given: Params<'name'>) =>
  sql`${query.select({ id: projects.id }).from(projects).where(eq(projects.name, given.name))}`;

const adopted = (given: Params<'first' | 'end'>) =>
  counted(query.select({ count: count() }).from(secrets).where(beginningWith(given)), 'key moved in', 'keys moved in');

export const createProject = operation({
  action: 'project.create',
  params: [
    'id',
    'name',
    'likeness',
    'key_likeness',
    'description',
    'adopt',
    'first',
    'end',
    'first_likeness',
    'end_likeness',
  ],
  takesKey: true,
  needsRoom: () => true,
  sql: (given) => {
    const id = sql`cast(${given.id} as integer)`;
    const othersKeys = exists(othersSecrets(given));
    const othersLookAlikes = exists(lookingLike(given, ne(secrets.owner_id, principal.id)));
    return {
      target: { name: given.name },
      ready: likenessesAreFilled,
      detail: sql`nullif(substr(${adopted(given)}, 3), '')`,
      rules: [
        tooManyConflicts,
        {
          // Counted with the names of others that one hits upon: each tells that the name is in use.
          when: sql`${reachesOwn('project.create')} and (${exists(namedLike(given, not(isMember)))} or ${othersKeys} or ${othersLookAlikes})`,
          outcome: 'conflict',
          reason: 'name_held',
        },
        {
          when: sql`${exists(namedLike(given))} or (${othersKeys} and not ${given.adopt})`,
          outcome: 'conflict',
          reason: 'name_taken',
        },
        { when: exists(lookingLike(given)), outcome: 'conflict', reason: 'keys_look_alike' },
        tooManyProjects,
      ],
      touched: sql`json_array(${futureRow('projects', [id], [id, given.name, given.key_likeness])},
        ${futureRow('members', [id, sql`${principal.id}`], [id, sql`${principal.id}`, sql`'manager'`])})`,
      watched: revisionsOf(beginningWith(given)),
      sealing: [sealingOf({ owner: sql`null`, project: id }, beginningWith(given))],
      seals: ['projects', 'members', 'secrets'],
      effects: [
        insertIfAllowed(projects, {
          id,
          name: given.name,
          likeness: given.likeness,
          key_likeness: given.key_likeness,
          description: given.description,
          creator_id: verdict.actor_id,
          created_by: verdict.actor_name,
          created_at: request.now,
          secrets: 0,
          trashed: 0,
          bytes: 0,
        }),
        insertIfAllowed(members, {
          project_id: madeProject(given),
          user_id: verdict.actor_id,
          role: 'manager',
          added_at: request.now,
          added_by: verdict.actor_name,
        }),
        nameAdopted(given),
        query
          .update(secrets)
          .set({ project_id: madeProject(given), owner_id: null, revision: sql`${secrets.revision} + 1` })
          .where(and(beginningWith(given), granted)),
      ],
      answer: query
        .select({
          name: projects.name,
          description: projects.description,
          created_at: projects.created_at,
          secrets: projects.secrets,
          members: integer('members', memberCount),
          rank: rankOf(sql`'manager'`),
        })
        .from(projects)
        .where(and(eq(projects.name, given.name), granted)),
    };
  },
  values: ({ name, description, adopt }: NewProject, { caller }) => ({
    id: newNumber(caller.now),
    name,
    likeness: likeness(name),
    key_likeness: keyLikeness(name),
    description,
    first: `${name}/`,
    end: `${name}0`,
    first_likeness: `${keyLikeness(name)}/`,
    end_likeness: `${keyLikeness(name)}0`,
    adopt: Number(adopt),
  }),
  result: ([project]) => project,
});
