/** What actions are aimed at: how a verdict finds it, what the log calls it, and whether it is the principal's own. */
import { and, eq, gt, isNull, type SQL, sql } from 'drizzle-orm';
import { alias, type SQLiteColumn } from 'drizzle-orm/sqlite-core';
import type { GovernedAction, ProjectAction } from '../../core/policy/policy.ts';
import { byForm } from './form.ts';
import { type Join, principal } from './principal.ts';
import { memberMay, reach } from './reach.ts';
import { members, projects, secrets, sessions, users } from './schema.ts';
import { type Given, type Param, type Params, query } from './statement.ts';
import { isInScopes, reachesIntoProject, roleOfAccess, token } from './token-principal.ts';

/** What an action is aimed at. */
export interface Target {
  /** What the log calls it. */
  name: SQL;
  /** What the name and the rules need, beside the principal. */
  joins?: Join[];
  /** The secret that it is, for the log, where that is not the one that is joined as `targetSecret`. */
  secretId?: SQL;
  /** Whether what is asked for is in the scopes of a token: judged before anything tells whether there is such a thing. */
  isInScope?: () => SQL;
  /** The same for what is not found by its name. What is not there is. */
  isFoundInScope?: () => SQL;
  /** Whether it is there, and whose it is; absent for a thing that is yet to be made. */
  found?: {
    /** Null if there is no such thing. */
    id: SQLiteColumn;
    /** Of those who only reach their own: whether this is theirs. To others it is as if it were missing. */
    isOwn: SQL;
    /** Whether their role in its project allows the action; absent where no project matters. */
    isAllowed?: SQL;
  };
}

/** For rules of actions that are aimed at a secret. */
export const targetSecret = alias(secrets, 'target');
/** For rules of actions that are aimed at a user. */
export const targetUser = alias(users, 'target');
/** For rules of actions that are aimed at a project. */
export const targetProject = alias(projects, 'target');
const targetSession = alias(sessions, 'target');

/** The principal's membership in the project of the target; its role is null if there is none. */
export const membership = alias(members, 'membership');

export const membershipIn = (project: SQLiteColumn): Join => ({
  table: membership,
  on: and(eq(membership.project_id, project), eq(membership.user_id, principal.id)),
});

/** The principal's role in the project of the target. A token of a project has one that no row says. */
const roleInTarget = (project: SQLiteColumn): SQL =>
  byForm(
    sql`${membership.role}`,
    () => sql`coalesce(${membership.role}, iif(${token.projectId} = ${project}, ${roleOfAccess(token.access)}, null))`,
  );
const roleForSecret = roleInTarget(targetSecret.project_id);
const roleForProject = roleInTarget(targetProject.id);

/** True if the principal reaches only what is their own under this action. */
export const reachesOwn = (action: GovernedAction): SQL => sql`${reach(action, principal.role)} = 'own'`;

/** A name as a caller gives it: without the white space around it, and as it came if that is different, else null. */
export type GivenName = Given<'name' | 'padded'>;

/** Secrets in use. Those in the trash have no name: who looks one up must say this, or else no index serves the query. */
export const inUse = isNull(secrets.deleted_at);

/**
 * Of no project, where a name or its likeness finds the secret. Without the `+` SQLite would rather go through all personal secrets
 * by the index of projects.
 */
export const isPersonal = sql`+${secrets.project_id} is null`;

/** The secret in use of this name. */
export const isNamed = (name: SQL | Param): SQL | undefined => and(eq(secrets.name, name), inUse);

/** The name that is meant. Version 1.0.0 stored names with the white space around them: such a secret comes first. */
export const nameMeant = ({ name, padded }: GivenName): SQL =>
  sql`coalesce(${query.select({ name: secrets.name }).from(secrets).where(isNamed(padded))}, ${name})`;

/** Whether a secret, found as the target, is the principal's: personal, or of a project with the principal as a member. */
export const isOwnSecret = sql`(${targetSecret.owner_id} is ${principal.id} or ${roleForSecret} is not null)`;

/** Whether a member may do this with a secret, found as the target. Its owner may do everything with a personal one. */
export const mayWithSecret = (action: ProjectAction): SQL =>
  sql`(${targetSecret.project_id} is null or ${memberMay(action, roleForSecret)})`;

/** A secret in use. Where two names are possible, neither the log of a user nor their token tells by one that somebody else has such a secret. */
export const secretNamed = (action: GovernedAction & ProjectAction, given: GivenName): Target => {
  const name = sql`coalesce(iif(${reachesOwn(action)} and not ${isOwnSecret}, null, ${targetSecret.name}), ${given.name})`;
  return {
    name,
    joins: [
      { table: targetSecret, on: and(eq(targetSecret.name, nameMeant(given)), isNull(targetSecret.deleted_at)) },
      membershipIn(targetSecret.project_id),
    ],
    found: { id: targetSecret.id, isOwn: isOwnSecret, isAllowed: mayWithSecret(action) },
    isInScope: () => isInScopes(name),
  };
};

/** A project, which is there for its members only. */
export const projectNamed = (action: GovernedAction & ProjectAction, name: Param): Target => ({
  name,
  joins: [{ table: targetProject, on: eq(targetProject.name, name) }, membershipIn(targetProject.id)],
  found: {
    id: targetProject.id,
    isOwn: sql`${roleForProject} is not null`,
    isAllowed: memberMay(action, roleForProject),
  },
  isInScope: () => reachesIntoProject(name),
});

const isForeign = (action: GovernedAction) => sql`(${reachesOwn(action)} and not ${isOwnSecret})`;

/** Its name is not for whoever only knows its number. */
const isHiddenInTrash = (action: GovernedAction) =>
  byForm(isForeign(action), () => sql`(${isForeign(action)} or not ${isInScopes(sql`${targetSecret.name}`)})`);

/** A secret in the trash that was deleted after `trash_from`: what is older is as good as destroyed. */
export const secretInTrash = (
  action: GovernedAction & ProjectAction,
  { id, trash_from }: Params<'id' | 'trash_from'>,
): Target => ({
  name: sql`coalesce(iif(${isHiddenInTrash(action)}, null, ${targetSecret.name}), 'trash ' || cast(${id} as integer))`,
  joins: [
    { table: targetSecret, on: and(eq(targetSecret.id, id), gt(targetSecret.deleted_at, trash_from)) },
    membershipIn(targetSecret.project_id),
  ],
  found: { id: targetSecret.id, isOwn: isOwnSecret, isAllowed: mayWithSecret(action) },
  // Whose scopes do not hold it must not learn so of what is not theirs: the person chooses the scopes, and reads the log.
  isFoundInScope: () =>
    sql`(${targetSecret.id} is null or ${isForeign(action)} or ${isInScopes(sql`${targetSecret.name}`)})`,
});

/** Who may not do this learns no names either, not even from their own log. */
export const userNumbered = (id: Param, action: GovernedAction): Target => ({
  name: sql`coalesce(iif(${reach(action, principal.role)} = 'none', null, ${targetUser.name}), 'user ' || cast(${id} as integer))`,
  joins: [{ table: targetUser, on: eq(targetUser.id, id) }],
  found: { id: targetUser.id, isOwn: eq(targetUser.id, principal.id) },
});

export const sessionNumbered = (id: Param): Target => ({
  name: id,
  joins: [{ table: targetSession, on: eq(targetSession.id, id) }],
  found: { id: targetSession.id as SQLiteColumn, isOwn: eq(targetSession.user_id, principal.id) },
});
