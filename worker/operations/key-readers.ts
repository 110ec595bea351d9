/** Who has seen the value of a key, and who could see it now. For admins, the managers of its project, and the owner of a personal key. */
import { type SQL, sql } from 'drizzle-orm';
import { maxReadersPerKey } from '../../core/limits.ts';
import { granted } from '../store/granted.ts';
import { request } from '../store/request.ts';
import { integer, query, textColumn } from '../store/statement.ts';
import { nameMeant, secretNamed } from '../store/targets.ts';
import { accessMay, isInScopes } from '../store/token-principal.ts';
import { isRead, timesBy, usesOfSecret } from './key-uses.ts';
import { operation } from './operation.ts';
import { idNamed, type SecretName } from './secret-values.ts';

/** Why somebody could see it. */
type Ground = 'owner' | 'admin' | 'viewer' | 'editor' | 'manager' | 'token' | 'project_token';

const empty = sql`0 as token_id, '' as token, '' as access`;
const noTimes = sql`0 as first_at, 0 as last_at, 0 as reveal, 0 as copy, 0 as api, 0 as bulk, 0 as unknown, 0 as stored`;

/** The people: those who are switched off could not. */
const able = (secret: SQL): SQL => sql`
  select 'owner' as kind, users.name as who, ${empty}, ${noTimes} from secrets join users on users.id = secrets.owner_id
    where secrets.id = ${secret} and users.is_active = 1
  union all
  select 'admin', users.name, ${empty}, ${noTimes} from users where users.role = 'admin' and users.is_active = 1
  union all
  select members.role, users.name, ${empty}, ${noTimes} from secrets join members on members.project_id = secrets.project_id
    join users on users.id = members.user_id where secrets.id = ${secret} and users.is_active = 1`;

const isLive = sql`token.revoked_at is null and coalesce(token.expires_at > ${request.now}, 1) and ${accessMay('secret.read', sql`token.access`)}`;

/** Their tokens, and those of the project, whose scopes have the name. */
const ableTokens = (secret: SQL): SQL => sql`
  select 'token' as kind, users.name as who, token.id as token_id, token.name as token, token.access as access, ${noTimes}
    from users cross join service_tokens token on token.user_id = users.id
    where users.is_active = 1 and ${isLive}
      and (users.role = 'admin' or users.id = (select owner_id from secrets where secrets.id = ${secret})
        or exists (select 1 from members where members.user_id = users.id
          and members.project_id = (select project_id from secrets where secrets.id = ${secret})))
      and ${isInScopes(sql`(select name from secrets where secrets.id = ${secret})`, sql`token.id`)}
  union all
  select 'project_token', projects.name, token.id, token.name, token.access, ${noTimes}
    from secrets join projects on projects.id = secrets.project_id join service_tokens token on token.project_id = projects.id
    where secrets.id = ${secret} and ${isLive} and ${isInScopes(sql`secrets.name`, sql`token.id`)}`;

const seen = (secret: SQL): SQL => sql`
  select 'seen' as kind, actor_name as who, token_id, coalesce(max(token), '') as token, '' as access, coalesce(min(iif(${isRead}, first_at, null)), min(first_at)) as first_at,
    coalesce(max(iif(${isRead}, last_at, null)), max(last_at)) as last_at,
    ${timesBy('reveal')} as reveal, ${timesBy('copy')} as copy, ${timesBy('api')} as api, ${timesBy('bulk')} as bulk,
    ${timesBy('')} as unknown, max(not (${isRead})) as stored
  from (${usesOfSecret(secret)}) there group by actor_id, actor_name, token_id order by max(last_at) desc limit ${maxReadersPerKey + 1}`;

const of = (column: string) => sql.raw(`found.${column}`);
const columns = {
  kind: textColumn('kind', of('kind')),
  who: textColumn('who', of('who')),
  token: textColumn('token', of('token')),
  access: textColumn('access', of('access')),
  token_id: integer('token_id', of('token_id')),
  first_at: integer('first_at', of('first_at')),
  last_at: integer('last_at', of('last_at')),
  reveal: integer('reveal', of('reveal')),
  copy: integer('copy', of('copy')),
  api: integer('api', of('api')),
  bulk: integer('bulk', of('bulk')),
  unknown: integer('unknown', of('unknown')),
  stored: integer('stored', of('stored')),
  value_changed_at: integer('value_changed_at', of('value_changed_at')),
};

export const listReaders = operation({
  action: 'event.readers',
  params: ['name', 'padded'],
  isSearch: () => true,
  sql: (given) => {
    // A token of access audit has no scopes, and another one is not for this.
    const { isInScope: _, ...target } = secretNamed('event.readers', given);
    const secret = idNamed(nameMeant(given));
    const listed = sql`select * from (${seen(secret)}) here union all select * from (${able(secret)}) here
      union all select * from (${ableTokens(secret)}) here`;
    return {
      target,
      answer: query
        .select(columns)
        .from(
          sql`(select listed.*, (select value_changed_at from secrets where secrets.id = ${secret}) as value_changed_at from (${listed}) listed) found`,
        )
        .where(granted),
    };
  },
  values: ({ name, padded }: SecretName) => ({ name, padded }),
  result: (rows, { name }) => {
    const readers = rows.filter(({ kind }) => kind === 'seen');
    return {
      name,
      changedAt: rows[0]?.value_changed_at ?? 0,
      seen: readers.slice(0, maxReadersPerKey),
      able: rows.filter(({ kind }) => kind !== 'seen').map(({ kind, ...row }) => ({ ...row, why: kind as Ground })),
      hasMore: readers.length > maxReadersPerKey,
    };
  },
});
