/** Projects: listed, read, changed and deleted. `new-project.ts` makes them, `members.ts` says who is in them. */
import { and, asc, count, eq, exists, gt, not, type SQL, sql } from 'drizzle-orm';
import { alias, unionAll } from 'drizzle-orm/sqlite-core';
import { type ProjectRole, projectRoles } from '../../core/policy/policy.ts';
import { byForm, isForToken } from '../store/form.ts';
import { actorId, actorTokenId, granted, reachesAny } from '../store/granted.ts';
import { members, projects, secrets, serviceTokens, users } from '../store/schema.ts';
import { integer, type Param, query } from '../store/statement.ts';
import { inUse, projectNamed, targetProject } from '../store/targets.ts';
import { reachesIntoProject, roleOfAccess, seat, seats } from '../store/token-principal.ts';
import { operation } from './operation.ts';
import { nameTokensThatEnd } from './tokens.ts';
import { emptyTrashOf, trashFrom } from './trash.ts';

const { id, name, description, created_at } = projects;

export const memberCount = query.select({ members: count() }).from(members).where(eq(members.project_id, id));

const own = alias(members, 'own');
const isOwn = and(eq(own.project_id, id), eq(own.user_id, actorId));

/** The keys of a project that a token reaches. The count that triggers keep is only right for a token that reaches all of them. */
const reachedKeys = () => {
  const ofToken = sql`scope.token_id = ${actorTokenId}`;
  return sql`iif(exists (select 1 from token_scopes scope where ${ofToken} and scope.low <= ${name} || '/' and scope.high >= ${name} || '0'),
    ${projects.secrets}, (select count(*) from token_scopes scope cross join secrets reached
      where ${ofToken} and scope.low < ${name} || '0' and scope.high > ${name} || '/'
      and reached.project_id = ${id} and reached.deleted_at is null and reached.name >= scope.low and reached.name < scope.high))`;
};
const keys = integer('secrets', byForm(projects.secrets, reachedKeys));

/** The principal's role in a project as a number that may be selected beside other roles: 1 for the least, 0 for none. */
export const rankOf = (role: SQL) =>
  integer(
    'rank',
    sql`case ${role} ${sql.join(
      projectRoles.map((each, index) => sql`when ${each} then ${index + 1}`),
      sql` `,
    )} else 0 end`,
  );

/** What one is in a project. An admin need not be a member. */
export const roleAt = (rank: number): ProjectRole | 'admin' => projectRoles[rank - 1] ?? 'admin';

/** Cuts a list at its limit, and says where the next one begins. */
const page = <Row, Key>(rows: Row[], limit: number, keyOf: (row: Row) => Key) => {
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return { rows: rows.slice(0, limit), next: last === undefined ? null : keyOf(last) };
};

export interface Page {
  after: string;
  limit: number;
}

const listed = { name, description, created_at, secrets: keys, members: integer('members', memberCount) };
/** What one is there. A token of a project has a role that no row says. */
const ownRole = byForm(
  sql`${own.role}`,
  () =>
    sql`coalesce(${own.role}, (select ${roleOfAccess(sql.raw('access'))} from service_tokens where id = ${actorTokenId} and project_id = ${id}))`,
);
const rank = rankOf(ownRole);
const everybodys = reachesAny('project.list');

/** Whether a project has names in the scopes of the token. */
const isReached = () => (isForToken() ? reachesIntoProject(sql`${name}`, actorTokenId) : undefined);

const ofUser = (after: Param) =>
  query
    .select({ ...listed, rank })
    .from(own)
    .innerJoin(projects, eq(id, own.project_id))
    .where(and(granted, not(everybodys), eq(own.user_id, actorId), gt(name, after)));

const ofToken = (after: Param) =>
  query
    .select({ ...listed, rank: rankOf(seat.role) })
    .from(seats(actorId, actorTokenId))
    .innerJoin(projects, eq(id, seat.projectId))
    .where(and(granted, not(everybodys), isReached(), gt(name, after)));

/** Lists projects in the order of their names, from the one after `after`: all for admins, for others those that they are in. */
export const listProjects = operation({
  action: 'project.list',
  params: ['after', 'one_more'],
  sql: ({ after, one_more }) => ({
    answer: unionAll(
      query
        .select({ ...listed, rank })
        .from(projects)
        .leftJoin(own, isOwn)
        .where(and(granted, everybodys, isReached(), gt(name, after))),
      isForToken() ? ofToken(after) : ofUser(after),
    )
      .orderBy(asc(name))
      .limit(one_more.placeholder),
  }),
  values: ({ after, limit }: Page) => ({ after, one_more: limit + 1 }),
  result: (rows, { limit }) => page(rows, limit, (project) => project.name),
});

/** A page of the members of a project, in the order of their names. */
const memberPage = (project: Param, after: Param, most: Param) => {
  const { role, added_at, added_by } = members;
  return query
    .select({ name: users.name, role, added_at, added_by })
    .from(members)
    .innerJoin(users, eq(users.id, members.user_id))
    .where(
      and(
        eq(members.project_id, sql`${query.select({ id }).from(projects).where(eq(name, project))}`),
        gt(users.name, after),
        // Programs learn nothing about people.
        isForToken() ? sql`false` : undefined,
      ),
    )
    .orderBy(asc(users.name))
    .limit(most.placeholder)
    .as('listed');
};

export const readProject = operation({
  action: 'project.read',
  params: ['name', 'after', 'one_more'],
  sql: (given) => {
    const members = memberPage(given.name, given.after, given.one_more);
    return {
      target: projectNamed('project.read', given.name),
      // A project without members on this page has one row, without a member.
      answer: query
        .select({
          description,
          created_at,
          secrets: keys,
          members: integer('members', memberCount),
          rank,
          name: members.name,
          role: members.role,
          added_at: members.added_at,
          added_by: members.added_by,
        })
        .from(projects)
        .leftJoin(own, isOwn)
        .leftJoin(members, sql`true`)
        .where(and(eq(name, given.name), granted))
        .orderBy(asc(members.name)),
    };
  },
  values: ({ name, after, limit }: { name: string } & Page) => ({ name, after, one_more: limit + 1 }),
  result: (rows, { name, limit }) => {
    const found = rows.flatMap(({ name, role, added_at, added_by }) =>
      name === null || role === null || added_at === null || added_by === null
        ? []
        : [{ name, role, added_at, added_by }],
    );
    const { description = '', created_at = 0, secrets = 0, members = 0, rank = 0 } = rows[0] ?? {};
    return {
      project: { name, description, created_at, secrets, members, rank },
      ...page(found, limit, (member) => member.name),
    };
  },
});

export const updateProject = operation({
  action: 'project.update',
  params: ['name', 'description'],
  sql: (given) => ({
    target: projectNamed('project.update', given.name),
    effects: [
      query
        .update(projects)
        .set({ description: given.description })
        .where(and(eq(name, given.name), granted)),
    ],
  }),
  values: ({ name, description }: { name: string; description: string }) => ({ name, description }),
});

/** Deletes a project that holds nothing, with its memberships and its tokens. What has been in its trash for too long is nothing. */
export const deleteProject = operation({
  action: 'project.delete',
  params: ['name', 'trash_from'],
  sql: (given) => {
    const holds = (which: SQL) =>
      exists(
        query
          .select({ id: secrets.id })
          .from(secrets)
          .where(and(eq(secrets.project_id, targetProject.id), which))
          .limit(1),
      );
    const deleted = sql`${query.select({ id }).from(projects).where(eq(name, given.name))}`;
    return {
      target: projectNamed('project.delete', given.name),
      rules: [
        {
          when: sql`(${holds(inUse)} or ${holds(gt(secrets.deleted_at, given.trash_from))})`,
          outcome: 'conflict',
          reason: 'project_in_use',
        },
      ],
      effects: [
        nameTokensThatEnd(eq(serviceTokens.project_id, deleted), 'project_deleted'),
        ...emptyTrashOf(deleted, given),
        query.delete(projects).where(and(eq(name, given.name), granted)),
      ],
    };
  },
  values: ({ name }: { name: string }, context) => ({ name, trash_from: trashFrom(context) }),
});
