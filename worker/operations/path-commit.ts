/** The second step of a write to a path: as that of an import, and beside that what comes out of the trash and what goes into it. */
import { and, eq, type SQL, sql } from 'drizzle-orm';
import { actorName } from '../store/granted.ts';
import { request } from '../store/request.ts';
import type { Rule } from '../store/rules.ts';
import { pathEntries, secrets } from '../store/schema.ts';
import { sealedRow } from '../store/sealed.ts';
import { param, type Query, query } from '../store/statement.ts';
import { isNamed, targetSecret } from '../store/targets.ts';
import {
  added,
  changed,
  decisionsOn,
  effects,
  futureEntry,
  isDecided,
  named,
  ownerOfNew,
  part,
  ready,
  step,
  surveysOf,
  unchanged,
  value,
} from './import-commit.ts';
import { entry } from './import-comparison.ts';
import { place, placeId } from './place.ts';

/** The secret must still have the version that was compared. */
const isStill: Rule = {
  when: sql`${targetSecret.current_version} <> ${entry.version}`,
  outcome: 'conflict',
  reason: 'changed_meanwhile',
};
const old = entry.number;
const overwritten = { ...changed, rules: [isStill] };

const trashed = sql`exists (select 1 from ${secrets} old where old.id = ${entry.number} and old.deleted_at > ${param('trash_from')}
  and old.current_version = ${entry.version})`;
const revived = {
  ...added,
  action: 'secret.restore' as const,
  rules: [...added.rules, { when: sql`not ${trashed}`, outcome: 'conflict' as const, reason: 'changed_meanwhile' }],
  reliesOn: [sql`json((select ${sealedRow('secrets', 'old')} from ${secrets} old where old.id = ${old}))`],
  touched: futureEntry(
    old,
    ownerOfNew,
    place.id,
    sql`(select max(newest.number) + 1 from secret_versions newest where newest.secret_id = ${old})`,
  ),
  detail: sql`'with a new value'`,
};

const deleted = { action: 'secret.delete' as const, target: named('secret.delete'), ready };
const kinds = [
  ['new', added],
  ['changed', overwritten],
  ['revived', revived],
  ['removed', deleted],
  ['same', unchanged],
] as const;

/** First everything that refuses; if nothing has, an event for each value that is stored and each secret that goes. */
export const pathDecisions = decisionsOn(kinds);
export const pathSurveys = surveysOf(kinds);

const updated = (set: SQL, condition: SQL | undefined) =>
  sql`update ${secrets} set ${set}, revision = ${secrets.revision} + 1 from ${part} where ${and(condition, isDecided)}` as SQL<never> as unknown as Query<never>;

const revive = step(() =>
  updated(
    sql`deleted_at = null, deleted_by = null`,
    and(sql`${secrets.id} = ${value(7)}`, sql`${value(1)} = 'revived'`, sql`${secrets.deleted_at} is not null`),
  ),
);

const remove = step(() =>
  updated(
    sql`deleted_at = ${request.now}, deleted_by = ${actorName}`,
    and(isNamed(value(0)), sql`${value(1)} = 'removed'`),
  ),
);

/** What was said of a path before it had a value becomes that of the secret. */
const entryOfNew = (name: SQL, place: SQL) =>
  and(
    eq(pathEntries.name, name),
    sql`(${pathEntries.project_id} = ${placeId({ place })} or ${pathEntries.owner_id} = ${secrets.owner_id})`,
  );

const adoptEntries = step(
  () =>
    sql`update ${secrets} set description = ${pathEntries.description}, labels = ${pathEntries.labels} from ${part} cross join ${pathEntries}
      where ${and(isNamed(value(0)), sql`${value(1)} = 'new'`, entryOfNew(value(0), value(6)), isDecided)}` as SQL<never> as unknown as Query<never>,
);

const dropEntries = step(() =>
  query.delete(pathEntries).where(
    and(
      sql`${pathEntries.id} in ${query
        .select({ id: pathEntries.id })
        .from(part)
        .crossJoin(secrets)
        .crossJoin(pathEntries)
        .where(and(isNamed(value(0)), sql`${value(1)} = 'new'`, entryOfNew(value(0), value(6))))}`,
      isDecided,
    ),
  ),
);

/** What is done with each part of the entries. */
export const pathEffects = [revive, ...effects, remove, adoptEntries, dropEntries];
