/**
 * Which keys have the same value, by their imprints (`core/crypto/keyring.ts`). Nothing is opened, and only keys that the caller may
 * read are compared: nobody learns whether somebody else has a value.
 */
import { and, not, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { imprintsOf } from '../../core/crypto/keyring.ts';
import { maxNamesPerWarning } from '../../core/limits.ts';
import { isForToken } from '../store/form.ts';
import { actorId, actorTokenId, granted, limitIf, reachesAny } from '../store/granted.ts';
import { secrets } from '../store/schema.ts';
import type { Param } from '../store/statement.ts';
import { inUse } from '../store/targets.ts';
import { isInScopes, seats } from '../store/token-principal.ts';
import type { Vault } from './vault.ts';

/** What is asked of the keys that the principal may read. */
interface Asked {
  /** The keys; by default `secrets`, by whatever index SQLite takes. */
  from?: SQL;
  /** Of rows of `secrets`. */
  columns: SQL;
  condition: SQL | undefined;
  order?: SQL;
  /** What lets the rows out; by default that the verdict allows. */
  guard?: SQL;
  most: SQLWrapper | number;
}

/** Selects from keys in use; of a token, from those in its scopes. */
const chosen = ({ columns, condition, order, most }: Asked, from: SQL, when: SQL | undefined): SQL => {
  const inScopes = isForToken() ? isInScopes(sql`${secrets.name}`, actorTokenId) : undefined;
  const ordered = order ? sql`order by ${order}` : sql``;
  return sql`select * from (select ${columns} from ${from} where ${and(inUse, condition, inScopes)} ${ordered} limit ${limitIf(when, most)})`;
};

const reachesAll = reachesAny('secret.read');

/** Selects from everybody's keys, for admins. */
export const readableByAdmin = (asked: Asked): SQL =>
  chosen(asked, asked.from ?? sql`${secrets}`, and(asked.guard ?? granted, reachesAll));

/** Selects from the principal's own keys and from those of their projects, unless they read all. Each of the two is found by an index. */
export const readableByOthers = (asked: Asked): SQL => {
  const { condition, from = sql`${secrets}`, guard = granted } = asked;
  const seat = isForToken()
    ? seats(actorId, actorTokenId)
    : sql`(select project_id from members where user_id = ${actorId}) seat`;
  const when = and(guard, not(reachesAll));
  const own = and(sql`${secrets.owner_id} = ${actorId}`, condition);
  // The condition on the owner lets the index of imprints find those of the project.
  const ofProject = and(sql`${secrets.project_id} = seat.project_id and ${secrets.owner_id} is null`, condition);
  return sql`${chosen({ ...asked, condition: own }, from, when)}
    union all ${chosen({ ...asked, condition: ofProject }, sql`${seat} cross join ${from}`, when)}`;
};

/** The value of a parameter `imprints`: those that an equal value may have; the first one is stored. Null for no value. */
export const imprintsText = ({ keyring }: Vault, value: string | null): string | null =>
  value === null ? null : JSON.stringify(imprintsOf(keyring, value));

/** Which of them is stored. */
export const storedImprint = (imprints: Param): SQL => sql`${imprints} ->> 0`;

/** The names of other keys that have the value, as JSON: some of those that the principal may read. */
export const sameValueNames = (imprints: SQL, besides: SQL, guard = granted): SQL => {
  const asked = {
    // SQLite would go through all keys of the owner.
    from: sql`${secrets} indexed by secrets_by_imprint`,
    columns: sql`${secrets.name} as name`,
    condition: sql`${secrets.value_imprint} in (select value from json_each(${imprints})) and ${secrets.name} <> ${besides}`,
    guard,
    most: maxNamesPerWarning,
  };
  const found = sql`${readableByAdmin(asked)} union all ${readableByOthers(asked)}`;
  return sql`(select json_group_array(name) from (select name from (${found}) order by name limit ${sql.raw(String(maxNamesPerWarning))}))`;
};

/** What `sameValueNames` has found. */
export const namesIn = (found: string | undefined): string[] => JSON.parse(found || '[]') as string[];
