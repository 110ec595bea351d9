/** Adding a secret: a personal one, or one in the project whose name its name begins with. */
import { and, type SQL, sql } from 'drizzle-orm';
import { keyLikeness } from '../../core/accounts/likeness.ts';
import { newNumber } from '../../core/new-number.ts';
import { granted, insertIfAllowed, verdict } from '../store/granted.ts';
import { principal } from '../store/principal.ts';
import { request } from '../store/request.ts';
import { secrets } from '../store/schema.ts';
import { query, textColumn } from '../store/statement.ts';
import { isNamed } from '../store/targets.ts';
import { likenessesAreFilled } from './likenesses.ts';
import { namingRules } from './naming.ts';
import { operation } from './operation.ts';
import { placeId, placeJoins, placeParams, placeValues } from './place.ts';
import { newSecretQuota, quotaValues } from './quota.ts';
import { imprintsText, namesIn, sameValueNames, storedImprint } from './same-values.ts';
import { futureSecret } from './sealed-secrets.ts';
import { fieldsText, givenFields, type SecretFields } from './secret-fields.ts';
import { appendVersion, seal } from './secret-values.ts';

export interface NewSecret {
  name: string;
  /** The plaintext. */
  value: string;
  description: string;
  fields: SecretFields;
}

/** D1 gives every number of JavaScript to SQLite as one with a fraction. */
const asNumber = (given: SQL) => sql`cast(${given} as integer)`;

/** The result is the names of other keys that have the same value, of those that the caller may read. */
export const createSecret = operation({
  action: 'secret.create',
  params: [
    'id',
    'name',
    'likeness',
    'description',
    'token',
    'binding',
    'key_id',
    'max_secrets',
    'max_bytes',
    'fields',
    'imprints',
    ...placeParams,
  ],
  takesKey: true,
  needsRoom: () => true,
  sql: ({ id: number, ...given }) => ({
    target: { name: given.name, joins: placeJoins(given) },
    rules: [...namingRules(given), ...newSecretQuota(given)],
    ready: likenessesAreFilled,
    touched: sql`json_array(${futureSecret({
      id: asNumber(number),
      name: given.name,
      owner: sql`iif(${placeId(given)} is null, ${principal.id}, null)`,
      project: placeId(given),
      version: sql`1`,
      binding: given.binding,
    })})`,
    foresee: ({ principalId, rows: { place } }, { id = null, name = null, binding = null }) => {
      const project = place?.[2][0] ?? null;
      const owner = project === null ? principalId : null;
      return [['secrets', [id], [id, name, owner, project, 1, binding], null]];
    },
    seals: ['secrets'],
    effects: [
      insertIfAllowed(secrets, {
        id: asNumber(number),
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
        value_imprint: storedImprint(given.imprints),
        ...givenFields(given.fields),
      }),
      appendVersion(given.name, given, given.binding, 1),
    ],
    answer: query
      .select({ same: textColumn('same', sameValueNames(given.imprints, given.name)) })
      .from(secrets)
      .where(and(isNamed(given.name), granted)),
  }),
  values: ({ name, value, description, fields }: NewSecret, context) => ({
    id: newNumber(context.caller.now),
    name,
    likeness: keyLikeness(name),
    description,
    ...seal(context, name, value),
    ...quotaValues(context.vault),
    ...placeValues(name),
    fields: fieldsText(fields),
    imprints: imprintsText(context.vault, value),
  }),
  result: ([stored]) => namesIn(stored?.same),
});
