/** What is said of paths that are no secrets. An entry is in a place as a secret is: the project that its name begins with, or personal. */
import { type SQL, sql } from 'drizzle-orm';
import { byForm } from '../store/form.ts';
import { pathEntries } from '../store/schema.ts';
import { askerId, inScopes, isPathReached, projectOfPath } from './paths.ts';

/** The id of the entry at a path, or null: also for those who are not in its project, or whose scopes do not hold the path. */
export const entryIdAt = (path: SQL): SQL =>
  sql`iif(${isPathReached(path)}, iif(${projectOfPath} is null,
    (select ${pathEntries.id} from ${pathEntries} where ${pathEntries.owner_id} = ${askerId} and ${pathEntries.name} = ${path}),
    (select ${pathEntries.id} from ${pathEntries} where ${pathEntries.project_id} = ${projectOfPath} and ${pathEntries.name} = ${path})), null)`;

/** The same for a change: the scopes of a token must hold the whole folder, or the path itself. */
export const entryIdToChange = (path: SQL): SQL =>
  byForm(
    entryIdAt(path),
    () => sql`iif(${inScopes(path)} or ${inScopes(sql`(${path} || '/')`)}, ${entryIdAt(path)}, null)`,
  );

/** It as JSON, or null. */
export const entryAt = (path: SQL): SQL =>
  sql`(select json_object('description', ${pathEntries.description}, 'labels', ${pathEntries.labels}) from ${pathEntries} where ${pathEntries.id} = ${entryIdAt(path)})`;

/** What is said of a path beside values. */
export interface Described {
  description: string;
  /** JSON; null for none. */
  labels: string | null;
}

/** From the text of `entryAt`. */
export const entryOf = (entry: string): Described | null => (entry === '' ? null : (JSON.parse(entry) as Described));
