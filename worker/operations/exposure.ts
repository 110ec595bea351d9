/**
 * When somebody leaves: the keys whose values they know, since they or their tokens read them or they stored them, and what has become of
 * each. Admins tick them off; each tick is an event. It also works for an account that is deleted.
 */
import { type SQL, sql } from 'drizzle-orm';
import { maxExposedSecrets } from '../../core/limits.ts';
import { granted } from '../store/granted.ts';
import { request } from '../store/request.ts';
import type { Rule } from '../store/rules.ts';
import { type Given, integer, query, textColumn } from '../store/statement.ts';
import { type Target, targetSecret } from '../store/targets.ts';
import { isRead, usesByActor } from './key-uses.ts';
import { operation } from './operation.ts';

export const marks = ['rotated', 'not_needed', 'open'] as const;
type Mark = (typeof marks)[number];

/** Somebody by their id, or by the name that the log has. */
interface Subject {
  id: number | null;
  user_name: string | null;
}

type SubjectParam = 'id' | 'user_name';
const subjectParams = ['id', 'user_name'] as const;

/** Of accounts of the same name, one after the other, the one that is there, or the last. */
const idOf = ({ id, user_name }: Given<SubjectParam>): SQL => sql`coalesce(cast(${id} as integer),
  (select users.id from users where users.name = ${user_name}),
  (select max(key_readers.actor_id) from key_readers where key_readers.actor_name = ${user_name}),
  (select max(actor_id) from audit_events where id >= (select max(block) from log_blocks) * 1000 and actor_name = ${user_name}))`;

const nameOf = (
  given: Given<SubjectParam>,
): SQL => sql`coalesce((select users.name from users where users.id = ${idOf(given)}),
  (select actor_name from audit_events where actor_id = ${idOf(given)} order by id desc limit 1),
  (select key_readers.actor_name from key_readers where key_readers.actor_id = ${idOf(given)} limit 1))`;

const isUnknown = (given: Given<SubjectParam>): Rule => ({
  when: sql`(${idOf(given)} is null or ${idOf(given)} < 1 or ${nameOf(given)} is null)`,
  outcome: 'not_found',
});

const subject = (given: Given<SubjectParam>): Target => ({
  name: sql`coalesce(${nameOf(given)}, ${given.user_name}, 'user ' || cast(${given.id} as integer))`,
});

const newestMark = (id: SQL) => sql`(select json_array(reason, at, actor_name) from audit_events
  where action = 'event.mark' and secret_id = there.secret_id and outcome = 'allowed' and substr(reason, -length(' (user ' || ${id} || ')')) = ' (user ' || ${id} || ')'
  order by id desc limit 1)`;

const exposed = (id: SQL, name: SQL) => sql`
  select 'key' as kind, there.secret_id as id, coalesce(max(secrets.name), max(there.name)) as name,
    coalesce(min(iif(${isRead}, first_at, null)), 0) as first_at, coalesce(max(iif(${isRead}, last_at, null)), 0) as last_at,
    sum(iif(${isRead}, times, 0)) as times, coalesce(group_concat(distinct there.token), '') as tokens,
    coalesce(max(not (${isRead}) and (select created_by from secret_versions where secret_versions.secret_id = secrets.id
      and secret_versions.number = secrets.current_version) = ${name}), 0) as stored,
    coalesce(max(secrets.value_changed_at), 0) as value_changed_at, coalesce(max(secrets.expires_at), 0) as expires_at,
    max(iif(secrets.id is null, 2, secrets.deleted_at is not null)) as gone, coalesce(${newestMark(id)}, '') as mark
  from (${usesByActor(id)}) there left join secrets on secrets.id = there.secret_id
  where there.secret_id is not null group by there.secret_id order by max(last_at) desc limit ${maxExposedSecrets + 1}`;

/** Whoever makes a token of a project has seen its secret. */
const projectTokens = (name: SQL) => sql`
  select 'token' as kind, token.id, token.name, 0 as first_at, coalesce((select token_secrets.created_at from token_secrets
      where token_secrets.token_id = token.id and token_secrets.generation = 0 order by token_secrets.created_at desc limit 1), 0) as last_at,
    0 as times, projects.name as tokens, 0 as stored, token.created_at as value_changed_at, coalesce(token.expires_at, 0) as expires_at, 0 as gone, '' as mark
  from service_tokens token join projects on projects.id = token.project_id
  where token.created_by = ${name} and token.revoked_at is null and coalesce(token.expires_at > ${request.now}, 1) limit ${maxExposedSecrets}`;

const of = (column: string) => sql.raw(`found.${column}`);

export const readExposure = operation({
  action: 'event.exposure',
  params: subjectParams,
  isSearch: () => true,
  sql: (given) => {
    const id = sql`(select line.id from line)`;
    const name = sql`(select line.name from line)`;
    return {
      target: subject(given),
      rules: [isUnknown(given)],
      answer: query
        .select({
          kind: textColumn('kind', of('kind')),
          id: integer('id', of('id')),
          name: textColumn('name', of('name')),
          first_at: integer('first_at', of('first_at')),
          last_at: integer('last_at', of('last_at')),
          times: integer('times', of('times')),
          tokens: textColumn('tokens', of('tokens')),
          stored: integer('stored', of('stored')),
          value_changed_at: integer('value_changed_at', of('value_changed_at')),
          expires_at: integer('expires_at', of('expires_at')),
          gone: integer('gone', of('gone')),
          mark: textColumn('mark', of('mark')),
        })
        .from(
          sql`(with line as materialized (select ${idOf(given)} as id, ${nameOf(given)} as name)
            select 'person' as kind, id, name, 0 as first_at, 0 as last_at, 0 as times, '' as tokens, 0 as stored, 0 as value_changed_at,
              0 as expires_at, coalesce((select users.is_active from users where users.id = line.id), 2) as gone, '' as mark from line
            union all select * from (${exposed(id, name)}) there union all select * from (${projectTokens(name)}) there) found`,
        )
        .where(granted),
    };
  },
  values: ({ id, user_name }: Subject) => ({ id, user_name }),
  result: ([person, ...rows], _, { caller }) => {
    const keys = rows.filter(({ kind }) => kind === 'key');
    return {
      id: person?.id ?? 0,
      name: person?.name ?? '',
      /** 1 for an account that works, 0 for one that is switched off, 2 for one that is deleted. */
      account: person?.gone ?? 2,
      now: caller.now,
      keys: keys.slice(0, maxExposedSecrets),
      projectTokens: rows.filter(({ kind }) => kind === 'token'),
      hasMore: keys.length > maxExposedSecrets,
    };
  },
});

/** Ticks a key off, or takes the tick back. */
export const markExposure = operation({
  action: 'event.mark',
  params: ['id', 'key_id', 'mark'],
  sql: ({ id, key_id, mark }) => {
    const given = { id, user_name: sql`null` };
    const secret = sql`cast(${key_id} as integer)`;
    const uses = sql`exists (select 1 from (${usesByActor(sql`cast(${id} as integer)`)}) there where there.secret_id = ${secret})`;
    return {
      target: {
        name: sql`coalesce(${targetSecret.name}, (select key_readers.name from key_readers where key_readers.secret_id = ${secret} limit 1),
          'key ' || ${secret})`,
        joins: [{ table: targetSecret, on: sql`${targetSecret.id} = ${secret}` }],
        secretId: secret,
      },
      rules: [{ when: sql`not ${uses}`, outcome: 'not_found' }],
      isRecord: true,
      detail: sql`${mark} || ': ' || coalesce(${nameOf(given)}, '') || ' (user ' || cast(${id} as integer) || ')'`,
    };
  },
  values: ({ id, key_id, mark }: { id: number; key_id: number; mark: Mark }) => ({ id, key_id, mark }),
});
