/**
 * The keys that need care: those that expire or are to be rotated, that have not changed or not been read for long, whose owner is
 * switched off, or that have the same value as another one. Each is found by an index, or among what belongs to the caller.
 */
import { and, isNotNull, isNull, or, type SQL, sql } from 'drizzle-orm';
import {
  careExpiryDays,
  careUnchangedDays,
  careUnusedDays,
  maxComparedValues,
  maxNamesPerWarning,
  maxSecretsPerCareList,
} from '../../core/limits.ts';
import { isForToken } from '../store/form.ts';
import { granted } from '../store/granted.ts';
import { request } from '../store/request.ts';
import { secrets, users } from '../store/schema.ts';
import { integer, query, textColumn } from '../store/statement.ts';
import { inUse } from '../store/targets.ts';
import { operation } from './operation.ts';
import { readableByAdmin, readableByOthers } from './same-values.ts';
import { isDue } from './secret-list.ts';

const { name, expires_at, rotate_every_days, value_changed_at, value_imprint, owner_id } = secrets;

const daysFromNow = (days: number) => sql`(${request.now} + ${sql.raw(String(days * 86_400_000))})`;

/** Word for word what the index `secrets_by_last_use` is made of. */
const lastUse = sql`coalesce(last_used_at, created_at)`;

const conditions = {
  rotation_overdue: sql`coalesce(${value_changed_at} + ${rotate_every_days} * 86400000 <= ${request.now}, 0)`,
  expiring: sql`coalesce(${expires_at} <= ${daysFromNow(careExpiryDays)}, 0)`,
  owner_inactive: sql`coalesce(${owner_id} in (select ${users.id} from ${users} where ${users.is_active} = 0), 0)`,
  unchanged: sql`${value_changed_at} <= ${daysFromNow(-careUnchangedDays)}`,
  unused: sql`${lastUse} <= ${daysFromNow(-careUnusedDays)}`,
} as const;

/** Why a key needs care. */
type CareReason = keyof typeof conditions | 'same_value';

const reasonNames = Object.keys(conditions) as (keyof typeof conditions)[];
/** The first of them are urgent. */
const urgent = 2 ** 3 - 1;

const bits = sql.join(
  reasonNames.map((reason, index) => sql`(${conditions[reason]}) * ${sql.raw(String(2 ** index))}`),
  sql` + `,
);

const all = { columns: sql`value_imprint`, condition: isNotNull(value_imprint), most: maxComparedValues };

/** The imprints of the values that are there twice among what the principal may read. Those of all are in the order of an index. */
const twice = (): SQL => {
  const ofAdmin = isForToken()
    ? readableByAdmin(all)
    : readableByAdmin({ ...all, condition: sql`value_imprint > ''`, order: sql`value_imprint` });
  return sql`select value_imprint from (${ofAdmin} union all ${readableByOthers(all)}) group by value_imprint having count(*) > 1`;
};

/** Whether there is a key that the principal may read whose value has no imprint: an earlier version stored it, or it was restored. */
const isSomeUncompared = (): SQL => {
  const one = { columns: sql`1`, condition: isNull(value_imprint), most: 1 };
  return sql`exists (${readableByAdmin(one)} union all ${readableByOthers(one)})`;
};

const isTwice = sql`${value_imprint} in twice`;

/** For admins: the ids of all that need care, by an index for each reason. In one condition SQLite would go through all keys. */
const amongAll = (): SQL => {
  const most = sql.raw(String(maxSecretsPerCareList));
  const found = (condition: SQL | undefined) =>
    sql`select id from (select ${secrets.id} from ${secrets} where ${and(inUse, condition)} limit ${most})`;
  const ids = [
    found(and(isDue(secrets, daysFromNow(careExpiryDays)), or(conditions.rotation_overdue, conditions.expiring))),
    found(sql`${owner_id} in (select ${users.id} from ${users} where ${users.is_active} = 0)`),
    found(isTwice),
    found(conditions.unchanged),
    found(conditions.unused),
  ];
  return sql`${secrets.id} in (${sql.join(ids, sql` union `)})`;
};

/** The most urgent ones first, then those that have the value of another, then by name. */
const order = sql`bits & ${sql.raw(String(urgent))} = 0, bits <> 0, name`;

export const listCare = operation({
  action: 'secret.list',
  isSearch: () => true,
  sql: () => {
    const asked = {
      columns: sql`${name} as name, ${bits} as bits, ${expires_at} as expires_at, ${rotate_every_days} as rotate_every_days,
        ${value_changed_at} as value_changed_at, ${value_imprint} as value_imprint, ${owner_id} as owner_id, ${secrets.project_id} as project_id`,
      order,
      most: maxSecretsPerCareList + 1,
    };
    const isAny = or(...reasonNames.map((reason) => sql`${conditions[reason]}`), isTwice);
    const found = sql`with twice as materialized (${twice()})
      ${readableByAdmin({ ...asked, condition: amongAll() })} union all ${readableByOthers({ ...asked, condition: isAny })}`;
    const of = (column: string) => sql.raw(`chosen.${column}`);
    return {
      answer: query
        .select({
          name: textColumn('name', of('name')),
          bits: integer('bits', of('bits')),
          is_project: integer('is_project', sql`${of('project_id')} is not null`),
          owner: textColumn('owner', sql`(select ${users.name} from ${users} where ${users.id} = ${of('owner_id')})`),
          expires_at: integer('expires_at', of('expires_at')),
          rotate_every_days: integer('rotate_every_days', of('rotate_every_days')),
          value_changed_at: integer('value_changed_at', of('value_changed_at')),
          value_imprint: textColumn('value_imprint', of('value_imprint')),
          uncompared: integer('uncompared', isSomeUncompared()),
        })
        // One row also if no key needs care.
        .from(sql`(select 1) one left join (${found}) chosen`)
        .where(granted)
        .orderBy(order)
        .limit(maxSecretsPerCareList + 1),
    };
  },
  result: (rows) => {
    const found = rows.filter(({ name }) => name !== '');
    const listed = found.slice(0, maxSecretsPerCareList);
    const alike = Map.groupBy(listed, ({ value_imprint }) => value_imprint);
    const secretsInCare = listed.map(({ bits: why, value_imprint: imprint, uncompared: _, ...secret }) => {
      const some = imprint === '' ? [] : (alike.get(imprint) ?? []).slice(0, maxNamesPerWarning + 1);
      const others = some
        .flatMap((other) => (other.name === secret.name ? [] : [other.name]))
        .slice(0, maxNamesPerWarning);
      const reasons: CareReason[] = reasonNames.filter((_, index) => why & (2 ** index));
      return { ...secret, reasons: others.length > 0 ? [...reasons, 'same_value' as const] : reasons, others };
    });
    return {
      secrets: secretsInCare.filter(({ reasons }) => reasons.length > 0),
      hasMore: found.length > listed.length,
      hasUncompared: rows[0]?.uncompared === 1,
    };
  },
});
