/** Secrets: the managed items. Reading them; a value is opened after the transaction that reads it. */
import { and, asc, eq, gt, not, type SQL } from 'drizzle-orm';
import { unionAll } from 'drizzle-orm/sqlite-core';
import { maxSecretsPerList } from '../../core/limits.ts';
import { actorId, granted, reachesAny } from '../store/granted.ts';
import { secrets, secretVersions } from '../store/schema.ts';
import { query } from '../store/statement.ts';
import { inUse, isNamed, nameMeant, secretNamed } from '../store/targets.ts';
import { operation } from './operation.ts';
import { opened, type SecretName } from './secret-values.ts';

const { name, description, created_at, updated_at, created_by, revision } = secrets;
const { expires_at, rotate_every_days, value_changed_at, labels } = secrets;
const { number, token, binding, key_id } = secretVersions;

/** What is read of a secret. */
export const readColumns = {
  ...{ name, description, created_at, updated_at, revision },
  ...{ expires_at, rotate_every_days, value_changed_at, labels },
  ...{ number, token, binding, key_id },
};

const listed = (scope: SQL | undefined, after: SQL) =>
  query
    .select({ name, description, created_at, updated_at, created_by })
    .from(secrets)
    .where(and(granted, inUse, scope, gt(secrets.name, after)));

/** Lists secrets in the order of their names, from the one after `after`. */
export const listSecrets = operation({
  action: 'secret.list',
  params: ['after'],
  sql: ({ after }) => ({
    answer: unionAll(
      listed(reachesAny('secret.list'), after),
      listed(and(not(reachesAny('secret.list')), eq(secrets.owner_id, actorId)), after),
    )
      .orderBy(asc(secrets.name))
      .limit(maxSecretsPerList + 1),
  }),
  values: ({ after }: { after: string }) => ({ after }),
  result: (rows) => ({
    secrets: rows.slice(0, maxSecretsPerList),
    next: rows.length > maxSecretsPerList ? (rows[maxSecretsPerList - 1]?.name ?? null) : null,
  }),
});

export const readSecret = operation({
  action: 'secret.read',
  params: ['name', 'padded'],
  sql: (given) => ({
    target: secretNamed('secret.read', given),
    answer: query
      .select(readColumns)
      .from(secrets)
      .innerJoin(
        secretVersions,
        and(eq(secretVersions.secret_id, secrets.id), eq(secretVersions.number, secrets.current_version)),
      )
      .where(and(isNamed(nameMeant(given)), granted)),
  }),
  values: ({ name, padded }: SecretName) => ({ name, padded }),
  // A value opens only under a name that was asked for.
  result: ([sealed], { name, padded }, context, principal) =>
    opened(context, sealed?.name === padded ? padded : name, sealed, principal),
});
