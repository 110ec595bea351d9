/** What is known about a secret beside its value and description: when it expires, how often it is to be rotated, its labels. */
import { type SQL, sql } from 'drizzle-orm';
import { secrets } from '../store/schema.ts';

/** Those that are given: null takes away what there is, and one that is left out stays as it is. */
export interface SecretFields {
  /** Milliseconds since 1970. A reminder: the secret is served after that as before. */
  expires_at?: number | null;
  rotate_every_days?: number | null;
  labels?: Readonly<Record<string, string>> | null;
}

/** The value of a parameter `fields`. */
export const fieldsText = (fields: SecretFields): string => JSON.stringify(fields);

const field = (fields: SQL, name: keyof SecretFields) => sql`json_extract(${fields}, ${sql.raw(`'$.${name}'`)})`;

/** The fields of a new row. */
export const givenFields = (fields: SQL) => ({
  expires_at: field(fields, 'expires_at'),
  rotate_every_days: field(fields, 'rotate_every_days'),
  labels: field(fields, 'labels'),
});

/** The fields of a row that changes. */
export const changedFields = (fields: SQL) => {
  const isGiven = (name: keyof SecretFields) => sql`json_type(${fields}, ${sql.raw(`'$.${name}'`)}) is not null`;
  const changed = (name: keyof SecretFields) => sql`iif(${isGiven(name)}, ${field(fields, name)}, ${secrets[name]})`;
  return {
    expires_at: changed('expires_at'),
    rotate_every_days: changed('rotate_every_days'),
    labels: changed('labels'),
  };
};
