/** Erasing for good: versions of the secret at a path, or everything that is at it. */
import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import { granted } from '../store/granted.ts';
import { pathEntries, secrets, secretVersions } from '../store/schema.ts';
import { query } from '../store/statement.ts';
import { targetSecret } from '../store/targets.ts';
import { operation } from './operation.ts';
import { entryIdToChange } from './path-entries.ts';
import { grantedAll, pathRules, pathTarget } from './path-target.ts';
import { orNothing } from './path-trash.ts';
import { foundToDestroy } from './path-trash-source.ts';
import { asker, foundAt, isState, secretAt, trashedAt } from './paths.ts';
import { erased, overwritten } from './secret-values.ts';
import { overwriteVersions, trashFrom } from './trash.ts';

export interface VersionsChange {
  path: string;
  versions: readonly number[];
}

/** Erases the values of versions, in use or in the trash, but not of the newest one. Those that are not there are passed over. */
export const destroyVersions = operation({
  action: 'version.destroy',
  params: ['path', 'versions', 'trash_from'],
  sql: ({ path, versions, trash_from }) => {
    const id = sql`(with ${asker('version.destroy', path)} select coalesce(${secretAt(path)}, ${trashedAt(path, trash_from)}))`;
    const isAsked = sql`${secretVersions.number} in (select json_each.value from json_each(${versions}))`;
    return {
      target: pathTarget(
        foundAt('version.destroy', {
          path,
          trashFrom: trash_from,
          isNoFolder: sql`1`,
          trashed: trashedAt(path, trash_from),
        }),
      ),
      rules: [
        { when: isState('folder'), outcome: 'invalid', reason: 'destroy_of_folder' },
        ...pathRules('version.destroy'),
        {
          when: sql`exists (select 1 from json_each(${versions}) where json_each.value = ${targetSecret.current_version})`,
          outcome: 'conflict',
          reason: 'current_version',
        },
      ],
      detail: sql`'versions ' || (select group_concat(json_each.value, ', ') from json_each(${versions}))`,
      effects: [
        ...[overwritten, erased].map((fields) =>
          query
            .update(secretVersions)
            .set(fields)
            .where(and(eq(secretVersions.secret_id, id), isAsked, isNull(secretVersions.destroyed_at), granted)),
        ),
        query
          .update(secrets)
          .set({ revision: sql`${secrets.revision} + 1` })
          .where(and(eq(secrets.id, id), granted)),
      ],
    };
  },
  values: ({ path, versions }: VersionsChange, context) => ({
    path,
    versions: JSON.stringify(versions),
    trash_from: trashFrom(context),
  }),
});

/** Destroys what is at a path, in use and in the trash, with all versions and what is said of it. */
export const erasePath = orNothing(
  operation({
    action: 'secret.destroy',
    params: ['path', 'trash_from'],
    sql: ({ path, trash_from }) => {
      const source = () => foundToDestroy('secret.destroy', path, trash_from, entryIdToChange(path));
      const isFound = and(inArray(secrets.id, sql`(select found.id from ${source()})`), grantedAll);
      return {
        target: pathTarget(source()),
        rules: pathRules('secret.destroy'),
        effects: [
          query
            .delete(pathEntries)
            .where(
              and(
                sql`${pathEntries.id} = (with ${asker('secret.destroy', path)} select ${entryIdToChange(path)})`,
                grantedAll,
              ),
            ),
          overwriteVersions(isFound),
          query.delete(secrets).where(and(isFound, granted)),
        ],
      };
    },
    values: ({ path }: { path: string }, context) => ({ path, trash_from: trashFrom(context) }),
  }),
);
