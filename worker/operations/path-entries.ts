/** What is said of paths that are no secrets. An entry is in a place as a secret is: the project that its name begins with, or personal. */
import { type SQL, sql } from 'drizzle-orm';
import { pathEntries } from '../store/schema.ts';
import { askerId, inScopes, isInPlace, projectOfPath } from './paths.ts';

/**
 * The id of the entry at a path; null also for those who are not in its project. The scopes of a token must hold the whole folder, or the
 * path itself: what is said of a folder is about all that is in it.
 */
export const entryIdAt = (
  path: SQL,
): SQL => sql`iif(${isInPlace} and (${inScopes(path)} or ${inScopes(sql`(${path} || '/')`)}),
    iif(${projectOfPath} is null,
      (select ${pathEntries.id} from ${pathEntries} where ${pathEntries.owner_id} = ${askerId} and ${pathEntries.name} = ${path}),
      (select ${pathEntries.id} from ${pathEntries} where ${pathEntries.project_id} = ${projectOfPath} and ${pathEntries.name} = ${path})), null)`;

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
