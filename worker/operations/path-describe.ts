/** What is known of a path beside values: the versions of a secret, in use or in the trash; what is in a folder; what is said of it. */
import { type SQL, sql } from 'drizzle-orm';
import { granted } from '../store/granted.ts';
import { pathEntries, secrets, secretVersions } from '../store/schema.ts';
import { integer, query, textColumn } from '../store/statement.ts';
import { operation } from './operation.ts';
import { type Described, entryAt, entryIdAt, entryOf } from './path-entries.ts';
import { pathTarget, secretRules } from './path-target.ts';
import { asker, foundAt, isDirect, isState, secretAt, steps, trashOf } from './paths.ts';
import { trashFrom } from './trash.ts';

const action = 'version.list';

/** A row for each version of a secret; one for a folder, with the names in it; one for an entry alone. */
const told = (path: SQL, trashFrom: SQL) =>
  sql`(with recursive ${asker(action, path)}, here (id) as materialized (select ${secretAt(path)}),
    ${steps({ when: sql`(select here.id from here) is null` })},
    kids as materialized (select secrets.* from step cross join ${secrets}
      where secrets.name = step.name and secrets.deleted_at is null and ${isDirect(sql`step.name`)}),
    one (id) as materialized (
      select iif(here.id is null and not exists (select 1 from kids), ${trashOf(path, trashFrom)}, here.id) from here),
    noted (id, json) as materialized (select ${entryIdAt(path)}, ${entryAt(path)})
    select secrets.name, version.number, version.created_at, version.destroyed_at, secrets.current_version as current,
        secrets.created_at as first_at, secrets.updated_at, secrets.deleted_at, secrets.description, secrets.labels, '' as names, noted.json as entry
      from one cross join ${secrets} cross join ${secretVersions} version cross join noted where secrets.id = one.id and version.secret_id = one.id
    union all select ${path}, max(kids.current_version), max(kids.value_changed_at), null, max(kids.current_version),
        min(kids.created_at), max(kids.updated_at), null, '', null, json_group_array(kids.name), noted.json
      from kids cross join noted having count(*) > 0
    union all select ${path}, 0, entry.created_at, null, 0, entry.created_at, entry.updated_at, null, '', null, '', noted.json
      from noted cross join ${pathEntries} entry cross join one
      where entry.id = noted.id and one.id is null and not exists (select 1 from kids)) as told`;

interface DescribedVersion {
  number: number;
  created_at: number;
  deleted_at: number | null;
  isErased: boolean;
}

export interface PathDescription {
  /** The full names of the secrets directly in the folder; null for a secret. */
  names: string[] | null;
  /** The newest first; none where nothing but an entry is. */
  versions: DescribedVersion[];
  current: number;
  createdAt: number;
  updatedAt: number;
  described: Described | null;
  keptVersions: number;
}

const orNull = (ms: number) => (ms === 0 ? null : ms);

export const describePath = operation({
  action,
  params: ['path', 'trash_from'],
  sql: ({ path, trash_from }) => {
    const column = (name: string) => sql.raw(`told.${name}`);
    return {
      target: pathTarget(
        foundAt(action, {
          path,
          trashFrom: trash_from,
          isNoFolder: sql`1`,
          isEntry: sql`${entryIdAt(path)} is not null`,
        }),
      ),
      rules: [{ when: isState('none'), outcome: 'not_found' }, ...secretRules(action)],
      answer: query
        .select({
          name: textColumn('name', column('name')),
          number: integer('number', column('number')),
          created_at: integer('created_at', column('created_at')),
          destroyed_at: integer('destroyed_at', column('destroyed_at')),
          current: integer('current', column('current')),
          first_at: integer('first_at', column('first_at')),
          updated_at: integer('updated_at', column('updated_at')),
          deleted_at: integer('deleted_at', column('deleted_at')),
          description: textColumn('description', column('description')),
          labels: textColumn('labels', column('labels')),
          names: textColumn('names', column('names')),
          entry: textColumn('entry', column('entry')),
        })
        .from(told(path, trash_from))
        .where(granted)
        .orderBy(sql`told.number desc`),
    };
  },
  values: ({ path }: { path: string; version: number }, context) => ({ path, trash_from: trashFrom(context) }),
  result: (rows, { path }, { vault }): PathDescription => {
    const [first] = rows;
    if (!first) throw new TypeError('Nothing is known of a path that is there');
    const isSecret = first.name === path && first.names === '' && first.number > 0;
    const { description, labels } = first;
    return {
      names: isSecret || first.names === '' ? null : (JSON.parse(first.names) as string[]),
      versions: rows
        .filter(({ number }) => number > 0)
        .map(({ number, created_at, deleted_at, destroyed_at }) => ({
          ...{ number, created_at },
          deleted_at: orNull(deleted_at),
          isErased: destroyed_at > 0,
        })),
      current: first.current,
      createdAt: first.first_at,
      updatedAt: first.updated_at,
      described: isSecret ? { description, labels: labels || null } : entryOf(first.entry),
      keptVersions: vault.limits.keptVersions,
    };
  },
});
