/**
 * From a service token to its principal. In a statement for tokens, `principal` is this query in place of the table of users: a person, or a
 * project that is treated as a user whose id is negative, so that no row of a person is ever its own. It has a row if the vault
 * knows the token at all; `refused` says why it is good for nothing.
 */
import { getTableColumns, type SQL, sql } from 'drizzle-orm';
import { childIdCharacters } from '../../core/limits.ts';
import { accesses, projectRoleOf, type TokenAction, tokenAccesses, tokenPolicy } from '../../core/policy/policy.ts';
import { sealedRowSql } from '../../core/sealed-rows.ts';
import { request } from './request.ts';
import { instance, users } from './schema.ts';
import { integer, query } from './statement.ts';

const own: Record<string, SQL> = {
  id: sql`coalesce(person.id, -team.id)`,
  name: sql`coalesce(person.name, team.name)`,
  role: sql`coalesce(person.role, 'user')`,
  has_default_password: sql`coalesce(person.has_default_password, 0)`,
};

const isAllowedAddress = sql`exists (select 1 from json_each(iif(json_valid(token.allowed_addresses), token.allowed_addresses, '[]'))
  where ${request.sorted_address} between json_each.value ->> 1 and json_each.value ->> 2)`;

const sealedRows = sql.raw(
  `json_array(${[
    sealedRowSql('token_secrets', 'held'),
    sealedRowSql('service_tokens', 'token'),
    sealedRowSql('users', 'person'),
    sealedRowSql('projects', 'team'),
  ].join(',')})`,
);

/** The columns that it has beside those of a user. */
const ofToken = {
  token_id: sql`token.id`,
  token_name: sql`token.name`,
  // A child of such a token is one as well: its row says `read`.
  access: sql`iif(token.access = 'audit', 'audit', coalesce(held.access, token.access))`,
  child: sql`iif(held.generation = 0, null, substr(held.hash, 1, ${childIdCharacters}))`,
  project_id: sql`team.id`,
  project_name: sql`team.name`,
  sealed: sealedRows,
  refused: sql`case
    when held.ends_at <= ${request.now} then iif(held.generation = 0, 'token_rotated', 'child_ended')
    when token.revoked_at is not null then 'token_revoked'
    when token.expires_at <= ${request.now} then 'token_expired'
    when not coalesce(person.is_active, 1) then 'token_of_inactive_account'
    when token.allowed_addresses is not null and not ${isAllowedAddress} then 'token_address' end`,
};

const columns = (): Record<string, SQL> => ({
  ...Object.fromEntries(Object.keys(getTableColumns(users)).map((name) => [name, sql.raw(`person.${name}`)])),
  ...own,
  ...ofToken,
});

const found = sql`token_secrets held
  join service_tokens token on token.id = held.token_id
  left join users person on person.id = token.user_id
  left join projects team on team.id = token.project_id
  where held.hash = ${request.token_hash}`;

export const principalOfToken = (): SQL => {
  const selected = Object.entries(columns()).map(([name, value]) => sql`${value} as ${sql.raw(name)}`);
  return sql`(select ${sql.join(selected, sql`, `)} from ${found}) principal`;
};

/** The rows that a token hangs on, as JSON, for after the verdict. */
export const sealedRowsOfToken = (): SQL => sql`(select ${sealedRows} from ${found})`;

/** A column of the principal whose token is good. */
export const ofTokenPrincipal = (column: 'id' | 'role' | 'token_id' | 'access'): SQL =>
  sql`(select ${columns()[column]} from ${found} and ${ofToken.refused} is null)`;

/** One row if the token is good, else none. */
export const goodToken = () =>
  query
    .select({ id: integer('id', ofTokenPrincipal('token_id')) })
    .from(instance)
    .where(sql`${ofTokenPrincipal('token_id')} is not null`);

/** Of the principal, for rules and joins of statements for tokens. */
export const token = {
  id: sql.raw('principal.token_id'),
  name: sql.raw('principal.token_name'),
  access: sql.raw('principal.access'),
  /** The beginning of the id of the child that was sent; null for the token itself. */
  child: sql.raw('principal.child'),
  /** The project that the token belongs to; null for a person's. */
  projectId: sql.raw('principal.project_id'),
  projectName: sql.raw('principal.project_name'),
  refused: sql.raw('principal.refused'),
  /** A list of the rows that it hangs on, as JSON. */
  sealed: sql.raw('json(principal.sealed)'),
} as const;

/** Whether an access allows an action: 1 or 0. */
export const accessMay = (action: TokenAction, access: SQL = token.access): SQL => {
  const allowed = tokenAccesses.filter((name) => tokenPolicy[action][name]).map((name) => sql`${name}`);
  return sql`(${access} in (${sql.join(allowed, sql`, `)}))`;
};

/** What an access is in the project that a token belongs to. */
export const roleOfAccess = (access: SQL): SQL =>
  sql`case ${access} ${sql.join(
    accesses.map((name) => sql`when ${name} then ${projectRoleOf[name]}`),
    sql` `,
  )} end`;

/** Whether a name is in the scopes of a token: 1 or 0. One look into an index, since the ranges do not overlap. */
export const isInScopes = (name: SQL, tokenId: SQL = token.id): SQL =>
  sql`coalesce((select scope.high from token_scopes scope where scope.token_id = ${tokenId} and scope.low <= ${name}
    order by scope.low desc limit 1) > ${name}, 0)`;

/** Whether a token reaches anything in the project of a name. `0` follows `/`. */
export const reachesIntoProject = (name: SQL, tokenId: SQL = token.id): SQL =>
  sql`exists (select 1 from token_scopes scope where scope.token_id = ${tokenId} and scope.low < ${name} || '0' and scope.high > ${name} || '/')`;

/**
 * The projects in which the principal of a token has a role, as a table `seat` with `project_id` and `role`: as a member, or because the
 * token belongs to the project.
 */
export const seats = (principalId: SQL, tokenId: SQL): SQL =>
  sql`(select project_id, role from members where user_id = ${principalId}
    union select project_id, ${roleOfAccess(sql.raw('access'))} from service_tokens where id = ${tokenId} and project_id is not null) seat`;

export const seat = { projectId: sql.raw('seat.project_id'), role: sql.raw('seat.role') } as const;
