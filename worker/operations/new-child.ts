/** What children of service tokens and of sign-ins have in common: what is asked for, the rules, and when they end. */
import { type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { childIdCharacters, maxChildGenerations } from '../../core/limits.ts';
import { type Access, accesses } from '../../core/policy/policy.ts';
import { request } from '../store/request.ts';
import type { Rule } from '../store/rules.ts';
import type { Params } from '../store/statement.ts';

export interface NewChild {
  lifetimeMs: number;
  /** No renewal may go beyond this lifetime; null for no bound of its own. */
  maxLifetimeMs: number | null;
  isRenewable: boolean;
  /** Null for that of what makes it. */
  access: Access | null;
  /** The number that the service token must have; null if the caller does not say. */
  tokenId: number | null;
}

export interface Child {
  /** What the program sends from now on. Here and nowhere else. */
  secret: string;
  /** The hash of it, or the id of the session. */
  id: string;
  /** Of the service token, or of the person. */
  name: string;
  access: Access;
  /** Milliseconds since 1970. */
  endsAt: number;
  latestEnd: number;
}

export const childParams = ['id', 'lifetime', 'max_lifetime', 'is_renewable', 'access', 'token_id'] as const;
type Given = Params<(typeof childParams)[number]>;

/** The last time that JavaScript knows. */
const never = 8_640_000_000_000_000;
export const orNever = (at: SQLWrapper): SQL => sql`coalesce(${at}, ${never})`;

const rankOf = (access: SQLWrapper): SQL =>
  sql`case ${access} ${sql.join(
    accesses.map((name, rank) => sql`when ${name} then ${rank}`),
    sql` `,
  )} end`;

/** The beginning of an id, by which the log names a child. */
export const shortId = (id: SQLWrapper): SQL => sql`substr(${id}, 1, ${childIdCharacters})`;

export const childRules = (given: Given, access: SQL, generation: SQLWrapper): Rule[] => [
  {
    when: sql`coalesce(${rankOf(given.access)} > ${rankOf(access)} or (${given.access} = 'audit') <> (${access} = 'audit'), 0)`,
    outcome: 'invalid',
    reason: 'child_access',
  },
  { when: sql`${generation} >= ${maxChildGenerations}`, outcome: 'invalid', reason: 'child_generations' },
];

/** When it ends, and beyond what no renewal goes. @param bounds of what makes it; `end` is its own. */
export const endsOf = (given: Given, bounds: { end: SQL; latest: SQL }) => {
  const latest = sql`min(${orNever(sql`${request.now} + ${given.max_lifetime}`)}, ${bounds.latest})`;
  const end = sql`min(${request.now} + ${given.lifetime}, ${bounds.end}, ${latest})`;
  return { end, latest: sql`iif(${given.is_renewable}, ${latest}, ${end})` };
};

/** With what the operation itself makes: the secret of a child of a token is not stored. */
export type AskedChild = NewChild & { id: string; secret: string };

export const valuesOf = ({ lifetimeMs, maxLifetimeMs, isRenewable, access, tokenId, id }: AskedChild) => ({
  id,
  lifetime: lifetimeMs,
  max_lifetime: maxLifetimeMs,
  is_renewable: Number(isRenewable),
  access,
  token_id: tokenId,
});
