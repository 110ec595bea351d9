/**
 * The first step of a write to a path: what each value would do. It decides as an import does, and beside that on the version that the
 * caller expects, on a path that must be there, and on what a write brings back from the trash.
 */
import { not, type SQL, sql } from 'drizzle-orm';
import { principal } from '../store/principal.ts';
import type { Rule } from '../store/rules.ts';
import { projects, secrets } from '../store/schema.ts';
import { integer, param, query, textColumn } from '../store/statement.ts';
import { secretNamed, targetSecret } from '../store/targets.ts';
import { verdictOn, verdictsIf } from '../store/verdict.ts';
import { step } from './import-commit.ts';
import {
  comparison,
  entry,
  isPlaceRefused,
  key,
  mayRead,
  nameRefusals,
  read,
  source,
  target,
} from './import-comparison.ts';
import { likenessesAreFilled } from './likenesses.ts';
import { entryAt } from './path-entries.ts';
import { asker, askerId, askerOf, isDirect, isPathInScopes, secretAt, steps } from './paths.ts';
import { place, placeRules } from './place.ts';
import { tooManyConflicts } from './quota.ts';

const path = param('path');
const isFolder = param('is_folder');

/** What the entry's version is at this step: the version that the caller expects; 0 for none, -1 for none in use, null for any. */
const expected = entry.version;
const isRemoved = sql`${entry.kind} = 'removed'`;

/** The secret in the trash that a write of this name brings back: in the place where a new one would be. */
const revivable = (column: 'id' | 'current_version', of: { project: SQL; owner: SQL; name: SQL }) =>
  sql`(select old.${sql.raw(column)} from ${secrets} old where old.name = ${of.name} and old.deleted_at > ${param('trash_from')}
    and iif(${of.project} is null, old.owner_id = ${of.owner} and old.project_id is null, old.project_id = ${of.project})
    order by old.deleted_at desc, old.id desc limit 1)`;

const trashedVersion = revivable('current_version', {
  project: sql`${place.id}`,
  owner: sql`${principal.id}`,
  name: entry.name,
});

/** A folder's entry of 0 asks for no secret in use; what was in use once does not count there. */
const isUnexpected = sql`(${expected} is not null and case ${expected} when -1 then ${mayRead}
  else iif(${mayRead}, ${targetSecret.current_version}, coalesce(${trashedVersion}, 0)) <> ${expected} end)`;

const unexpected: Rule = { when: isUnexpected, outcome: 'conflict', reason: 'cas' };

/** Whether there is what must be there: the secret, or any directly in the folder. */
const isThere = sql`(with recursive ${asker('secret.read', path)}, ${steps({ when: sql`${isFolder}` })}
  select iif(${isFolder}, exists (select 1 from step where step.name is not null and ${isDirect(sql`step.name`)}),
    ${secretAt(path)} is not null) as yes)`;

/** The whole request is refused. */
const refused = step(() =>
  verdictOn(
    {
      action: 'secret.create',
      target: {
        name: path,
        joins: [{ table: sql`${isThere} as there`, on: sql`${param('must_exist')}` }],
        isInScope: () => isPathInScopes(path),
      },
      rules: [tooManyConflicts, { when: sql`${param('must_exist')} and not there.yes`, outcome: 'not_found' }],
      ready: likenessesAreFilled,
    },
    true,
  ),
);

/** What goes is judged by its place alone: whether it is there must not matter to who may not be there. */
const otherRefusals = nameRefusals.map((rule) => ({ ...rule, when: sql`not ${isRemoved} and ${rule.when}` }));

/** An event for each value that is stopped. */
const stopped = step(() =>
  verdictsIf(
    not(isPlaceRefused),
    {
      action: 'secret.create',
      target,
      rules: [...placeRules(entry), ...otherRefusals, unexpected],
      ready: likenessesAreFilled,
    },
    source,
    key,
    true,
  ),
);

/** An event for each value that is compared. */
const compared = step(() =>
  verdictsIf(
    sql`not ${isPlaceRefused} and ${mayRead} and not ${isRemoved} and not ${isUnexpected}`,
    {
      action: 'secret.read',
      target: { ...read, joins: target.joins },
      ready: likenessesAreFilled,
    },
    source,
    key,
  ),
);

/** An event for each secret that is to go and is not there, or is somebody else's: nothing is to be done about it. */
const absent = step(() =>
  verdictsIf(
    sql`not ${isPlaceRefused} and ${isRemoved} and not ${mayRead}`,
    {
      action: 'secret.delete',
      target: { ...secretNamed('secret.delete', { name: entry.name, padded: sql`null` }), joins: target.joins },
      ready: likenessesAreFilled,
    },
    source,
    key,
  ),
);

/** What can be brought back, of the names that nothing in use has. What is somebody else's is not read. */
const trashed = step(() => {
  const project = sql`(select ${projects.id} from ${projects} where ${projects.name} = ${entry.place})`;
  const of = { project, owner: sql`${askerId}`, name: entry.name };
  return query
    .with(askerOf('secret.restore', path))
    .select({
      name: textColumn('name', entry.name),
      id: integer('id', revivable('id', of)),
      current_version: integer('current_version', revivable('current_version', of)),
    })
    .from(source)
    .where(sql`${revivable('id', of)} is not null`);
});

/**
 * What there is at the path after the request: the newest version and its time, how many secrets the folder has beside those that were
 * written, and what is said of the path.
 */
export const summary = step(() => {
  const kids = sql`(with recursive ${asker('secret.read', path)}, ${steps({ when: sql`${isFolder}` })}
    select secrets.id from step cross join ${secrets} where secrets.name = step.name and secrets.deleted_at is null
      and ${isDirect(sql`step.name`)}
    union all select ${secretAt(path)} where not ${isFolder})`;
  const others = sql`count(*) - sum(secrets.name in (select value from json_each(${param('names')})))`;
  return query
    .with(askerOf('secret.read', path))
    .select({
      version: integer('version', sql`max(${secrets.current_version})`),
      changed_at: integer('changed_at', sql`max(${secrets.value_changed_at})`),
      others: integer('others', others),
      description: textColumn('description', sql`max(${secrets.description})`),
      labels: textColumn('labels', sql`max(${secrets.labels})`),
      entry: textColumn('entry', entryAt(path)),
    })
    .from(secrets)
    .where(sql`${secrets.id} in ${kids}`);
});

/** The statements of the step, in their order. */
export const pathComparison = {
  refused,
  stopped,
  compared,
  absent,
  stored: comparison.stored,
  trashed,
  summary,
  facts: comparison.facts,
  survey: comparison.survey,
};
