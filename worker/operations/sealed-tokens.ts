/** Service tokens and their secrets as they will be, for their seals (core/sealed-rows.ts). */
import { eq, type SQL, sql } from 'drizzle-orm';
import type { Cell, SealedRow } from '../../core/sealed-rows.ts';
import { principal } from '../store/principal.ts';
import { projects } from '../store/schema.ts';
import { futureRow } from '../store/sealed.ts';
import { type Param, type Params, query, type Values } from '../store/statement.ts';

/** The number of the project of this name. */
export const projectOf = (name: Param) =>
  sql`${query.select({ id: projects.id }).from(projects).where(eq(projects.name, name))}`;

/** The secret of a token as it will be. Children have an access of their own. */
export const futureSecret = (hash: SQL, tokenId: SQL, generation: SQL = sql`0`, access: SQL = sql`null`): SQL =>
  futureRow('token_secrets', [hash], [hash, tokenId, generation, access]);

/** As `core/sealed-rows.ts` reads the ranges of a token. */
const rangesText = (ranges: Param) =>
  sql`(select json_group_array(json_array(value ->> 0, value ->> 1) order by value ->> 0) from json_each(${ranges})) || ''`;

/** The token as it will be, for its seal. */
export const futureToken = (
  given: Params<'id' | 'name' | 'project' | 'access' | 'scopes' | 'allowed_addresses' | 'expires_at' | 'ranges'>,
): SQL => {
  const number = sql`cast(${given.id} as integer)`;
  return futureRow(
    'service_tokens',
    [number],
    [
      number,
      given.name,
      sql`iif(${given.project} is null, ${principal.id}, null)`,
      projectOf(given.project),
      given.access,
      given.scopes,
      given.allowed_addresses,
      sql`cast(${given.expires_at} as integer)`,
      rangesText(given.ranges),
    ],
  );
};

/** The same with its secret, where the rows that it hangs on are known. */
export const foreseenToken = (
  userId: number,
  projectId: Cell,
  { id = null, hash = null, ranges = null, project = null, ...given }: Values,
): SealedRow[] => {
  const { name = null, access = null, scopes = null, allowed_addresses = null, expires_at = null } = given;
  const owner = project === null ? userId : null;
  const contents = [id, name, owner, projectId, access, scopes, allowed_addresses, expires_at, ranges];
  return [
    ['service_tokens', [id], contents, null],
    ['token_secrets', [hash], [hash, id, 0, null], null],
  ];
};
