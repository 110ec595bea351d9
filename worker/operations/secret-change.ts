/** What a request changes of a secret: what its different kinds have in common. */
import { type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { trimmed } from '../../core/text.ts';
import { request } from '../store/request.ts';
import { secrets } from '../store/schema.ts';
import type { Params } from '../store/statement.ts';
import { revisionsText } from './revision.ts';
import { imprintsText, storedImprint } from './same-values.ts';
import { changedFields, fieldsText, type SecretFields } from './secret-fields.ts';
import { newestVersion, type SecretName, seal } from './secret-values.ts';
import type { Context } from './vault.ts';

/** What to change; null, or a field that is left out, stays as it is. */
export interface SecretChange extends SecretName {
  /** The name in the body, if there is one: as it came, and as that of a new secret, or why it cannot be that. */
  named: { given: string; name: string; problem: string | null } | null;
  /** The plaintext of a new version. */
  value: string | null;
  description: string | null;
  fields: SecretFields;
  /** The name of the new owner. */
  owner: string | null;
  /** The revisions of which the secret must have one; null for any. */
  revisions: readonly number[] | null;
}

/** The new name, if there is one. A body may repeat the name that the secret has; one of 1.0.0 may lose the white space around it. */
export const newNameIn = ({ name, padded, named }: SecretChange): string | null =>
  named === null || named.given === padded || (padded === null && trimmed(named.given) === name) ? null : named.name;

/** Whether anything changes but the name and the owner. */
const isUpdate = ({ value, description, fields }: SecretChange): boolean =>
  value !== null || description !== null || Object.keys(fields).length > 0;

export const contentParams = [
  ...['name', 'padded', 'description', 'fields', 'revisions', 'is_update'],
  ...['token', 'binding', 'padded_binding', 'key_id', 'imprints', 'max_bytes', 'keep_versions'],
] as const;
export type ContentParams = Params<(typeof contentParams)[number]>;

/** Their values. A new value is sealed for the name that the secret will have. */
export const contentValues = (change: SecretChange, context: Context, newName: string | null) => {
  const { name, padded, value, description, fields, revisions } = change;
  const { limits } = context.vault;
  return {
    name,
    padded,
    description,
    fields: fieldsText(fields),
    revisions: revisionsText(revisions),
    is_update: Number(isUpdate(change)),
    ...(value === null
      ? { token: null, binding: null, padded_binding: null, key_id: null }
      : sealForEither(context, newName ?? name, newName ?? padded, value)),
    imprints: imprintsText(context.vault, value),
    max_bytes: limits.storedBytes,
    keep_versions: limits.keptVersions,
  };
};

/** Which of the two names is meant is known in the transaction only, so there is a binding for each. */
const sealForEither = (context: Context, name: string, padded: string | null, value: string) => {
  const sealed = seal(context, name, value);
  const padded_binding = padded === null ? null : context.vault.keyring.primary.bind(padded, sealed.token);
  return { ...sealed, padded_binding };
};

export const bindingOf = (
  { padded, padded_binding, binding }: ContentParams,
  of: { name: SQLWrapper } = secrets,
): SQL => sql`case when ${of.name} = ${padded} then ${padded_binding} else ${binding} end`;

/** The fields of the row. */
export const changedContent = ({ token, imprints, description, fields }: ContentParams) => ({
  ...changedFields(fields),
  description: sql`coalesce(${description}, ${secrets.description})`,
  updated_at: request.now,
  revision: sql`${secrets.revision} + 1`,
  value_changed_at: sql`iif(${token} is null, ${secrets.value_changed_at}, ${request.now})`,
  current_version: sql`iif(${token} is null, ${secrets.current_version}, ${newestVersion})`,
  value_imprint: sql`iif(${token} is null, ${secrets.value_imprint}, ${storedImprint(imprints)})`,
});
