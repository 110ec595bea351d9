/** Changing a secret's value and description, and deleting it. */
import { and, sql } from 'drizzle-orm';
import { trimmed } from '../../core/text.ts';
import { granted } from '../store/granted.ts';
import { request } from '../store/request.ts';
import { secrets } from '../store/schema.ts';
import { query } from '../store/statement.ts';
import { isNamed, nameMeant, secretNamed } from '../store/targets.ts';
import { operation } from './operation.ts';
import { newValueQuota } from './quota.ts';
import { appendVersion, dropOldVersions, newestVersion, type SecretName, seal } from './secret-values.ts';
import type { Context } from './vault.ts';

const { description } = secrets;

export interface SecretChange extends SecretName {
  /** The name that the body repeats, if it does. A secret cannot be renamed. */
  repeated: string | null;
  /** The plaintext of a new version; null keeps the current version. */
  value: string | null;
  /** Null keeps the description. */
  description: string | null;
}

export const updateSecret = operation({
  action: 'secret.update',
  params: [
    'name',
    'padded',
    'description',
    'token',
    'binding',
    'padded_binding',
    'key_id',
    'max_bytes',
    'max_versions',
  ],
  needsRoom: ({ value }: SecretChange) => value !== null,
  sql: (given) => ({
    target: secretNamed('secret.update', given),
    rules: newValueQuota(given),
    effects: [
      appendVersion(
        nameMeant(given),
        given,
        sql`case when ${secrets.name} = ${given.padded} then ${given.padded_binding} else ${given.binding} end`,
        sql`${newestVersion} + 1`,
      ),
      dropOldVersions(nameMeant(given), given),
      query
        .update(secrets)
        .set({
          description: sql`coalesce(${given.description}, ${description})`,
          updated_at: request.now,
          revision: sql`${secrets.revision} + 1`,
          value_changed_at: sql`iif(${given.token} is null, ${secrets.value_changed_at}, ${request.now})`,
          current_version: sql`case when ${given.token} is null then ${secrets.current_version} else ${newestVersion} end`,
        })
        .where(and(isNamed(nameMeant(given)), granted)),
    ],
  }),
  objection: ({ name, padded, repeated }: SecretChange) =>
    repeated === null || repeated === padded || trimmed(repeated) === name
      ? null
      : 'A key cannot be renamed. Leave out key_name, or add a key with the new name and delete this one.',
  values: ({ name, padded, value, description }: SecretChange, context) => ({
    name,
    padded,
    description,
    ...(value === null
      ? { token: null, binding: null, padded_binding: null, key_id: null }
      : sealForEither(context, name, padded, value)),
    max_bytes: context.vault.limits.storedBytes,
    max_versions: context.vault.limits.versionsPerSecret,
  }),
});

/** Which of the two names is meant is known in the transaction only, so there is a binding for each. */
const sealForEither = (context: Context, name: string, padded: string | null, value: string) => {
  const sealed = seal(context, name, value);
  const padded_binding = padded === null ? null : context.vault.keyring.primary.bind(padded, sealed.token);
  return { ...sealed, padded_binding };
};

export const deleteSecret = operation({
  action: 'secret.delete',
  params: ['name', 'padded'],
  sql: (given) => ({
    target: secretNamed('secret.delete', given),
    effects: [query.delete(secrets).where(and(isNamed(nameMeant(given)), granted))],
  }),
  values: ({ name, padded }: SecretName) => ({ name, padded }),
});
