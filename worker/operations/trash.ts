/**
 * The trash: deleted secrets with all their versions, out of use and without a name of their own. They can be taken out again
 * (`restore-secret.ts`), until TRASH_DAYS have passed or somebody destroys them.
 */
import { and, asc, desc, eq, gt, inArray, isNotNull, lt, lte, not, or, type SQL, sql } from 'drizzle-orm';
import { alias, unionAll } from 'drizzle-orm/sqlite-core';
import { maxPurgedPerRequest } from '../../core/limits.ts';
import { byForm, isForToken } from '../store/form.ts';
import { actorId, actorName, actorTokenId, granted, reachesAny } from '../store/granted.ts';
import { memberMay } from '../store/reach.ts';
import { request } from '../store/request.ts';
import { auditEvents, members, secrets, secretVersions } from '../store/schema.ts';
import { insertFrom, type Params, query } from '../store/statement.ts';
import { isNamed, nameMeant, secretInTrash, secretNamed } from '../store/targets.ts';
import { isInScopes, seat, seats } from '../store/token-principal.ts';
import { operation } from './operation.ts';
import { revisionRule, revisionsText } from './revision.ts';
import { overwritten, type SecretName } from './secret-values.ts';
import type { Context } from './vault.ts';

/** Secrets that were deleted before this moment are as good as destroyed. */
export const trashFrom = ({ vault, caller }: Context) => caller.now - vault.trashMs;

/** The secret in the trash of this id. */
export const isInTrash = ({ id, trash_from }: Params<'id' | 'trash_from'>) =>
  and(eq(secrets.id, id), gt(secrets.deleted_at, trash_from));

const expired = alias(secrets, 'expired');

/** Writes over the values of secrets that are to be deleted. */
export const overwriteVersions = (which: SQL | undefined) =>
  query
    .update(secretVersions)
    .set(overwritten)
    .where(
      and(
        inArray(secretVersions.secret_id, query.select({ id: secrets.id }).from(secrets).where(which)),
        isNotNull(secretVersions.token),
        granted,
      ),
    );

/** Destroys secrets in the trash. The log names each, and no actor. */
const destroyUnasked = (which: SQL | undefined) => [
  insertFrom(
    auditEvents,
    {
      at: request.now,
      request_id: request.id,
      action: 'secret.destroy',
      target: secrets.name,
      outcome: 'allowed',
      reason: 'trash_emptied',
      address: '',
      user_agent: '',
    },
    secrets,
    and(which, granted),
  ),
  overwriteVersions(which),
  query.delete(secrets).where(and(which, granted)),
];

/** Destroys what has been in the trash for too long, the oldest first. */
export const emptyTrash = ({ trash_from }: Params<'trash_from'>) => {
  const over = query
    .select({ id: expired.id })
    .from(expired)
    .where(lte(expired.deleted_at, trash_from))
    .orderBy(asc(expired.deleted_at), asc(expired.id))
    .limit(maxPurgedPerRequest);
  return destroyUnasked(inArray(secrets.id, over));
};

/** The same in one project, all of it: a project cannot be deleted before. */
export const emptyTrashOf = (project: SQL, { trash_from }: Params<'trash_from'>) =>
  destroyUnasked(and(eq(secrets.project_id, project), lte(secrets.deleted_at, trash_from)));

/** Moves a secret to the trash. The result is its number there. */
export const deleteSecret = operation({
  action: 'secret.delete',
  params: ['name', 'padded', 'revisions', 'trash_from'],
  sql: (given) => ({
    target: secretNamed('secret.delete', given),
    rules: [revisionRule(given.revisions)],
    answer: query
      .update(secrets)
      .set({ deleted_at: request.now, deleted_by: actorName, revision: sql`${secrets.revision} + 1` })
      .where(and(isNamed(nameMeant(given)), granted))
      .returning({ id: secrets.id }),
    housekeeping: emptyTrash(given),
  }),
  values: ({ name, padded, revisions }: SecretName & { revisions: readonly number[] | null }, context) => ({
    name,
    padded,
    revisions: revisionsText(revisions),
    trash_from: trashFrom(context),
  }),
  result: ([deleted]) => deleted?.id ?? null,
});

/** Where a list of the trash goes on: after the secret of this id, which was deleted at this time. */
export interface TrashPosition {
  at: number;
  id: number;
}

const { id, name, project_id, deleted_at, deleted_by } = secrets;

const listed = (scope: SQL | undefined, { at, before_id, trash_from }: Params<'at' | 'before_id' | 'trash_from'>) =>
  query
    .select({ id, name, project_id, deleted_at, deleted_by })
    .from(secrets)
    .where(
      and(
        granted,
        scope,
        gt(deleted_at, trash_from),
        lte(deleted_at, at),
        or(lt(deleted_at, at), lt(secrets.id, before_id)),
        isForToken() ? isInScopes(sql`${name}`, actorTokenId) : undefined,
      ),
    );

/** Lists what the principal could delete, the newest first: their own, and that of projects in which their role allows it. */
export const listTrash = operation({
  action: 'trash.list',
  params: ['at', 'before_id', 'trash_from', 'most'],
  sql: (given) => {
    const all = reachesAny('trash.list');
    const ofProjects = byForm(
      query
        .select({ project_id: members.project_id })
        .from(members)
        .where(and(eq(members.user_id, actorId), memberMay('trash.list', members.role))),
      () =>
        sql`(select ${seat.projectId} from ${seats(actorId, actorTokenId)} where ${memberMay('trash.list', seat.role)})`,
    );
    return {
      answer: unionAll(
        listed(all, given),
        listed(and(not(all), eq(secrets.owner_id, actorId)), given),
        listed(and(not(all), inArray(secrets.project_id, ofProjects)), given),
      )
        .orderBy(desc(deleted_at), desc(id))
        .limit(given.most.placeholder),
      housekeeping: emptyTrash(given),
    };
  },
  values: ({ after, limit }: { after: TrashPosition | null; limit: number }, context) => ({
    at: after?.at ?? Number.MAX_SAFE_INTEGER,
    before_id: after?.id ?? Number.MAX_SAFE_INTEGER,
    trash_from: trashFrom(context),
    most: limit + 1,
  }),
  result: (rows, { limit }, { vault }) => {
    const keys = rows.slice(0, limit).map(({ id, name, project_id, deleted_at, deleted_by }) => ({
      id,
      name,
      // The name of its project is what the name of a secret begins with.
      project: project_id === null ? null : name.slice(0, name.indexOf('/')),
      deleted_at: deleted_at ?? 0,
      deleted_by,
      purged_at: (deleted_at ?? 0) + vault.trashMs,
    }));
    const last = keys.at(-1);
    return { keys, next: rows.length > limit && last ? { at: last.deleted_at, id: last.id } : null };
  },
});

/** A secret in the trash. */
export interface TrashedSecret {
  id: number;
}

/** Destroys a secret in the trash, with all its versions. Foreign keys delete them. */
export const destroySecret = operation({
  action: 'secret.destroy',
  params: ['id', 'trash_from'],
  sql: (given) => ({
    target: secretInTrash('secret.destroy', given),
    effects: [overwriteVersions(isInTrash(given)), query.delete(secrets).where(and(isInTrash(given), granted))],
    housekeeping: emptyTrash(given),
  }),
  values: ({ id }: TrashedSecret, context) => ({ id, trash_from: trashFrom(context) }),
});
