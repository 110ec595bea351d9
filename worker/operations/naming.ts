/** What holds for a name that a secret gets, whatever gives it: adding, renaming, taking out of the trash. */
import { and, eq, exists, ne, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { principal } from '../store/principal.ts';
import { nameTaken, type Rule } from '../store/rules.ts';
import { secrets } from '../store/schema.ts';
import { query } from '../store/statement.ts';
import { inUse, isPersonal, reachesOwn } from '../store/targets.ts';
import { type placeParams, placeRules } from './place.ts';
import { tooManyConflicts } from './quota.ts';

const { name, likeness } = secrets;

type GivenNaming = Readonly<Record<'name' | 'likeness' | (typeof placeParams)[number], SQL>>;

/** The rules in the order that keeps names of others unknown. `others` are those that count as having the name; by default all. */
export const namingRules = (given: GivenNaming, others?: SQL): Rule[] => [
  tooManyConflicts,
  ...placeRules(given),
  nameHeld(namedLike(given, and(isPersonal, ne(secrets.owner_id, principal.id), others))),
  nameTaken(namedLike(given, others)),
];

/** Those that have this name, or one that looks like it. All have their likeness by then, see `likenessesAreFilled`. */
export const namedLike = (given: Pick<GivenNaming, 'likeness'>, condition?: SQL) =>
  query
    .select({ name })
    .from(secrets)
    .where(and(eq(likeness, given.likeness), inUse, condition));

/** The key of that name belongs to somebody else. It is counted apart: see `tooManyConflicts`. */
const nameHeld = (others: SQLWrapper): Rule => ({
  when: sql`${reachesOwn('secret.create')} and ${exists(others)}`,
  outcome: 'conflict',
  reason: 'name_held',
});
