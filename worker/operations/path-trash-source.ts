/** What of a path is in the trash, for taking it out or for destroying it. */
import { type SQL, sql } from 'drizzle-orm';
import { maxSecretsPerRead, maxTrashedPerPath } from '../../core/limits.ts';
import type { GovernedAction } from '../../core/policy/policy.ts';
import { secrets } from '../store/schema.ts';
import {
  asker,
  askerId,
  inScopes,
  isAny,
  isDirect,
  isReached,
  isTrashedChild,
  secretAt,
  steps,
  trashedAt,
} from './paths.ts';

/** The secrets in the trash that were directly in the folder, of each name the one that was deleted last. */
const trashedChildren = (trashFrom: SQL) =>
  sql`select secrets.id as id, secrets.name as name, max(secrets.deleted_at) as deleted_at from ${secrets}
    where ${isTrashedChild(trashFrom)}
    group by secrets.name limit ${maxTrashedPerPath}`;

/** Somebody else's secret is left to the rules on names, which count how often one hits upon such. */
const isLive = sql`exists (select 1 from ${secrets} used where used.name = trashed.name and used.deleted_at is null
  and (${isAny} or used.owner_id = ${askerId} or used.project_id is not null))`;

/** What can be taken out: a table `found` as `foundAt` makes it, with the number of its rows as `total`. */
export const foundInTrash = (action: GovernedAction, path: SQL, trashFrom: SQL): SQL =>
  sql`(with ${asker(action, path)}, live (id) as materialized (select ${secretAt(path)}),
    here (id) as materialized (select ${trashedAt(path, trashFrom)} from live where live.id is null),
    kids (id, name) as materialized (select trashed.id, trashed.name from (${trashedChildren(trashFrom)}) trashed
      where (select live.id from live) is null and (select here.id from here) is null and not ${isLive}),
    sums (number) as materialized (select count(*) from kids)
    select here.id as id, ${path} as name, 'secret' as state, 1 as total from here where here.id is not null
    union all select kids.id, kids.name, 'child', sums.number from kids cross join sums where sums.number <= ${maxSecretsPerRead}
    union all select null, ${path}, iif(sums.number = 0, 'none', 'many'), 0 from sums
      where (select here.id from here) is null and sums.number not between 1 and ${maxSecretsPerRead}) as found`;

/**
 * What is to be destroyed for good: the secret of this name and all in the trash that had it; or, if there is none, all that are or were
 * directly in the folder.
 */
export const foundToDestroy = (action: GovernedAction, path: SQL, trashFrom: SQL, entry: SQL): SQL =>
  sql`(with recursive ${asker(action, path)}, here (id) as materialized (
      select secrets.id from ${secrets} where secrets.name = ${path} and secrets.deleted_at is null and ${isReached} and ${inScopes(path)}
      union all select secrets.id from ${secrets} where secrets.name = ${path} and secrets.deleted_at > ${trashFrom} and ${isReached} and ${inScopes(path)}),
    ${steps({ when: sql`not exists (select 1 from here)` })},
    kids (id, name) as materialized (
      select secrets.id, secrets.name from step cross join ${secrets} where secrets.name = step.name and secrets.deleted_at is null
        and ${isDirect(sql`step.name`)}
      union all select secrets.id, secrets.name from ${secrets} where not exists (select 1 from here) and ${isTrashedChild(trashFrom)}),
    sums (number) as materialized (select (select count(*) from kids) + (select count(*) from here))
    select here.id as id, ${path} as name, 'secret' as state from here cross join sums where sums.number <= ${maxSecretsPerRead}
    union all select kids.id, kids.name, 'child' from kids cross join sums where sums.number <= ${maxSecretsPerRead}
    union all select null, ${path}, case when sums.number > ${maxSecretsPerRead} then 'many' when ${entry} is not null then 'folder' else 'none' end
      from sums where sums.number not between 1 and ${maxSecretsPerRead}) as found`;
