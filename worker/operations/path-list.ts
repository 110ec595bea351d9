/** Lists what is directly in a folder: names of secrets, and folders with a slash behind them. */
import { type SQL, sql } from 'drizzle-orm';
import { granted } from '../store/granted.ts';
import { projects } from '../store/schema.ts';
import { query, textColumn } from '../store/statement.ts';
import { operation } from './operation.ts';
import { asker, askerId, childOf, hasBelow, hasInScopes, isPathInScopes, steps } from './paths.ts';

const action = 'secret.list';

export interface PathList {
  /** Empty for the root. */
  path: string;
  /** The last name of the list before; null for the first one. */
  after: string | null;
  limit: number;
}

/** The projects that the asker is in and finds something in: they are not found as what is personal is. */
const ownProjects = (path: SQL, after: SQL) =>
  sql`select ${projects.name} || '/' as name from ${projects} where ${path} = '' and ${projects.name} || '/' > coalesce(${after}, '')
    and ${projects.id} in (select mine.project_id from members mine where mine.user_id = ${askerId} union select -${askerId})
    and ${hasInScopes(sql`${projects.id}`)}`;

/** Where a list goes on: behind the name or the folder of `after`. No name contains a control character, and `0` follows `/`. */
const fromName = (path: string, after: string | null): string => {
  const prefix = path === '' ? '' : `${path}/`;
  return prefix + (after?.endsWith('/') ? `${after.slice(0, -1)}0` : `${after ?? ''}\u0001`);
};

export const listPath = operation({
  action,
  params: ['path', 'from', 'after', 'most'],
  sql: (given) => {
    const { path, after } = given;
    const isAnything = sql`(with recursive ${asker(action, path)} select ${hasBelow} or exists (${ownProjects(path, sql`null`)}) as yes)`;
    const names = sql`(with recursive ${asker(action, path)}, ${steps({ from: given.from, most: given.most })}
      select ${childOf(sql`step.name`)} as name from step where step.name is not null union ${ownProjects(path, after)})`;
    return {
      target: {
        name: sql`nullif(${path}, '')`,
        joins: [{ table: sql`${isAnything} as below`, on: sql`true` }],
        // A token reaches something below the root in any case.
        isInScope: () => sql`(${path} = '' or ${isPathInScopes(path)})`,
      },
      rules: [{ when: sql`not below.yes`, outcome: 'not_found' }],
      answer: query
        .select({ name: textColumn('name', sql`listed.name`) })
        .from(sql`${names} as listed`)
        .where(granted)
        // Without a LIMIT, which costs SQLite more than a millisecond here: the recursion and the projects have theirs.
        .orderBy(sql`listed.name`),
    };
  },
  values: ({ path, after, limit }: PathList) => ({ path, from: fromName(path, after), after, most: limit + 1 }),
  result: (rows, { limit }) => ({
    names: rows.slice(0, limit).map(({ name }) => name),
    hasMore: rows.length > limit,
  }),
});
