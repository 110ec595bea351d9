/** Adding a secret: a personal one, or one in the project whose name its name begins with. */
import { and, eq, exists, isNull, ne, or, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { keyLikeness } from '../../core/accounts/likeness.ts';
import { insertIfAllowed, verdict } from '../store/granted.ts';
import { principal } from '../store/principal.ts';
import { request } from '../store/request.ts';
import { secrets } from '../store/schema.ts';
import { type Params, query } from '../store/statement.ts';
import { inUse, reachesOwn } from '../store/targets.ts';
import { nameTaken, type Rule } from '../store/verdict.ts';
import { likenessesAreFilled } from './likenesses.ts';
import { operation } from './operation.ts';
import { placeId, placeJoins, placeParams, placeRules, placeValues } from './place.ts';
import { newSecretQuota, quotaValues, tooManyConflicts } from './quota.ts';
import { appendVersion, seal } from './secret-values.ts';

const { name, likeness } = secrets;

export const createSecret = operation({
  action: 'secret.create',
  params: ['name', 'likeness', 'description', 'token', 'binding', 'key_id', 'max_secrets', 'max_bytes', ...placeParams],
  needsRoom: () => true,
  sql: (given) => ({
    target: { name: given.name, joins: placeJoins(given) },
    rules: [
      tooManyConflicts,
      ...placeRules(given),
      nameHeld(namedLike(given, and(isNull(secrets.project_id), ne(secrets.owner_id, principal.id)))),
      nameTaken(namedLike(given)),
      ...newSecretQuota(given),
    ],
    ready: likenessesAreFilled,
    effects: [
      insertIfAllowed(secrets, {
        name: given.name,
        description: given.description,
        owner_id: sql`iif(${placeId(given)} is null, ${verdict.actor_id}, null)`,
        project_id: placeId(given),
        created_by: verdict.actor_name,
        created_at: request.now,
        updated_at: request.now,
        current_version: 1,
        likeness: given.likeness,
        revision: 1,
        value_changed_at: request.now,
      }),
      appendVersion(given.name, given, given.binding, 1),
    ],
  }),
  values: ({ name, value, description }: { name: string; value: string; description: string }, context) => ({
    name,
    likeness: keyLikeness(name),
    description,
    ...seal(context, name, value),
    ...quotaValues(context.vault),
    ...placeValues(name),
  }),
});

const namedLike = (given: Params<'name' | 'likeness'>, condition?: SQL) =>
  query
    .select({ name })
    .from(secrets)
    .where(and(or(eq(name, given.name), eq(likeness, given.likeness)), inUse, condition));

/** The key of that name belongs to somebody else. It is counted apart: see `tooManyConflicts`. */
const nameHeld = (others: SQLWrapper): Rule => ({
  when: sql`${reachesOwn('secret.create')} and ${exists(others)}`,
  outcome: 'conflict',
  reason: 'name_held',
});
