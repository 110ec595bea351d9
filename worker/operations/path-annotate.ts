/** Saying something of a path: it becomes the description and the labels of the secret, in use or in the trash, or else an entry. */
import { and, eq, isNull, type SQL, sql } from 'drizzle-orm';
import { maxLabelsPerSecret, maxPathEntriesPerOwner } from '../../core/limits.ts';
import { actorId, granted } from '../store/granted.ts';
import { principal } from '../store/principal.ts';
import { request } from '../store/request.ts';
import { instance, pathEntries, secrets } from '../store/schema.ts';
import { insertFrom, query } from '../store/statement.ts';
import { targetSecret } from '../store/targets.ts';
import { isInScopes } from '../store/token-principal.ts';
import { likenessesAreFilled } from './likenesses.ts';
import { operation } from './operation.ts';
import { entryIdAt } from './path-entries.ts';
import { pathTarget, secretRules } from './path-target.ts';
import { asker, foundAt, isState, projectOfPath, secretAt, trashedAt } from './paths.ts';
import { place, placeJoins, placeParams, placeValues, projectRules } from './place.ts';
import { trashFrom } from './trash.ts';

export interface PathAnnotation {
  path: string;
  /** Labels by their names; null takes one away. Null for all of them: they stay as they are. */
  labels: Readonly<Record<string, string | null>> | null;
  /** Null: it stays as it is. */
  description: string | null;
  /** Whether they are merged with those that are there, and something must be at the path. */
  isMerge: boolean;
}

const action = 'secret.update';

export const annotatePath = operation({
  action,
  params: ['path', 'labels', 'description', 'is_merge', 'trash_from', ...placeParams],
  needsRoom: () => true,
  sql: (given) => {
    const { path, labels, description, is_merge, trash_from } = given;
    const merged = (before: SQL | typeof targetSecret.labels) =>
      sql`iif(${labels} is null, ${before}, nullif(iif(${is_merge}, json_patch(coalesce(${before}, '{}'), ${labels}), ${labels}), '{}'))`;
    const isNoSecret = isState('folder', 'none', 'many');
    const ask = asker(action, path);
    const inAsker = (expression: SQL) => sql`(with ${ask} select ${expression})`;
    const id = inAsker(sql`coalesce(${secretAt(path)}, ${trashedAt(path, trash_from)})`);
    const noted = sql`(with ${ask} select entry.id, entry.labels from ${pathEntries} entry where entry.id = ${entryIdAt(path)})`;
    const tooMany = (before: SQL | typeof targetSecret.labels) =>
      sql`(select count(*) from json_each(${merged(before)})) > ${maxLabelsPerSecret}`;
    const target = pathTarget(
      foundAt(action, { path, trashFrom: trash_from, isNoFolder: sql`1`, trashed: trashedAt(path, trash_from) }),
    );
    const kept = {
      description: sql`coalesce(${description}, ${pathEntries.description})`,
      labels: merged(sql`${pathEntries.labels}`),
      updated_at: request.now,
    };
    return {
      target: {
        ...target,
        joins: [...(target.joins ?? []), ...placeJoins(given), { table: sql`${noted} as noted`, on: sql`true` }],
      },
      rules: [
        ...secretRules(action),
        {
          when: sql`${isNoSecret} and not (${isInScopes(path)} or ${isInScopes(sql`(${path} || '/')`)})`,
          outcome: 'denied',
          reason: 'token_scope',
          isForTokens: true,
        },
        ...projectRules(given).map((rule) => ({ ...rule, when: sql`${isNoSecret} and ${rule.when}` })),
        {
          when: sql`${is_merge} and ${isState('none')} and noted.id is null`,
          outcome: 'not_found',
        },
        {
          when: sql`${isNoSecret} and noted.id is null and ${maxPathEntriesPerOwner} <= iif(${place.id} is null,
            (select count(*) from path_entries entry where entry.owner_id = ${principal.id}),
            (select count(*) from path_entries entry where entry.project_id = ${place.id}))`,
          outcome: 'denied',
          reason: 'too_many_paths',
        },
        {
          when: sql`iif(${isNoSecret}, ${tooMany(sql`noted.labels`)}, ${tooMany(targetSecret.labels)})`,
          outcome: 'invalid',
          reason: 'too_many_labels',
        },
      ],
      ready: likenessesAreFilled,
      effects: [
        query
          .update(secrets)
          .set({
            description: sql`coalesce(${description}, ${secrets.description})`,
            labels: merged(sql`${secrets.labels}`),
            updated_at: request.now,
            revision: sql`${secrets.revision} + 1`,
          })
          .where(and(eq(secrets.id, id), granted)),
        query
          .update(pathEntries)
          .set(kept)
          .where(and(sql`${pathEntries.id} = ${inAsker(entryIdAt(path))}`, isNull(id), granted)),
        insertFrom(
          pathEntries,
          {
            name: path,
            owner_id: sql`iif(${inAsker(projectOfPath)} is null, ${actorId}, null)`,
            project_id: inAsker(projectOfPath),
            description: sql`coalesce(${description}, '')`,
            labels: merged(sql`null`),
            created_at: request.now,
            updated_at: request.now,
          },
          instance,
          and(eq(instance.key_id, request.key_id), isNull(id), isNull(inAsker(entryIdAt(path))), granted),
        ),
      ],
    };
  },
  values: ({ path, labels, description, isMerge }: PathAnnotation, context) => ({
    path,
    labels: labels && JSON.stringify(labels),
    description,
    is_merge: Number(isMerge),
    trash_from: trashFrom(context),
    ...placeValues(`${path}/`),
    // What is in the folder has no name yet, so that no segment of it can be bad.
    has_bad_segment: placeValues(path).has_bad_segment,
  }),
});
