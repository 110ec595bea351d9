/** Secrets: the managed items. A value is sealed before the transaction that stores it, and opened after the one that reads it. */
import {
  and,
  asc,
  eq,
  exists,
  gt,
  isNotNull,
  lt,
  lte,
  max,
  ne,
  not,
  or,
  type SQL,
  type SQLWrapper,
  sql,
} from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import { keyLikeness } from '../../core/accounts/likeness.ts';
import type { Principal } from '../../core/caller.ts';
import { openValue, SealedValueError, sealValue } from '../../core/crypto/keyring.ts';
import { maxDroppedVersions, maxSecretsPerList, secretsPerListPart } from '../../core/limits.ts';
import { trimmed } from '../../core/text.ts';
import { transact } from '../store/commit.ts';
import { actorId, actorName, granted, insertIfAllowed, reachesAny, verdict } from '../store/granted.ts';
import { jsonRows } from '../store/json.ts';
import { principal } from '../store/principal.ts';
import { request } from '../store/request.ts';
import { type SecretVersionRow, secrets, secretVersions } from '../store/schema.ts';
import { fill, insertFrom, type Params, query } from '../store/statement.ts';
import { failure, nameMeant, nameTaken, type Rule, reachesOwn, secretNamed } from '../store/verdict.ts';
import { likenessesAreFilled } from './likenesses.ts';
import { listedSecrets, secretJson } from './listed.ts';
import { longList } from './long-lists.ts';
import { operation } from './operation.ts';
import { newSecretQuota, newValueQuota, quotaValues, tooManyConflicts } from './quota.ts';
import type { Context } from './vault.ts';

const { name, description, created_at, updated_at, created_by, likeness } = secrets;
const { token, binding, key_id } = secretVersions;

const reachesAll = reachesAny('secret.list');

const listed = operation({
  action: 'secret.list',
  params: ['after'],
  sql: ({ after }) => {
    const columns = { name, description, created_at, updated_at, created_by };
    const rows = (scope?: SQL) => () =>
      query
        .select(columns)
        .from(secrets)
        .where(and(scope, gt(name, after)))
        .orderBy(asc(name));
    const most = maxSecretsPerList + 1;
    return {
      answer: jsonRows({
        sources: [
          { rows: rows(), when: and(granted, reachesAll), most },
          { rows: rows(eq(secrets.owner_id, actorId)), when: and(granted, not(reachesAll)), most },
        ],
        table: listedSecrets,
        json: secretJson,
        inFirst: secretsPerListPart,
      }),
    };
  },
  values: ({ after }: { after: string }) => ({ after }),
  // More than one list may hold shows in the number of parts: the first has many rows, each of the others has one.
  result: (parts) => ({
    secrets: parts.slice(0, maxSecretsPerList - secretsPerListPart + 1).map(({ json }) => json),
    hasMore: parts.length > maxSecretsPerList - secretsPerListPart + 1,
  }),
});

/** Lists secrets in the order of their names, from the one after `after`, as JSON. */
export const listSecrets = longList(listed, ({ secrets }) => secrets);

/** The name of a secret as a caller gives it. */
export interface SecretName {
  /** Without white space around it. */
  name: string;
  /** As it came, if there is white space around it; else null. Names that version 1.0.0 stored are like that. */
  padded: string | null;
}

export const readSecret = operation({
  action: 'secret.read',
  params: ['name', 'padded'],
  sql: (given) => ({
    target: secretNamed(given),
    answer: query
      .select({ name, description, created_at, updated_at, token, binding, key_id })
      .from(secrets)
      .innerJoin(
        secretVersions,
        and(eq(secretVersions.secret_id, secrets.id), eq(secretVersions.number, secrets.current_version)),
      )
      .where(and(eq(secrets.name, nameMeant(given)), granted)),
  }),
  values: ({ name, padded }: SecretName) => ({ name, padded }),
  // A value opens only under a name that was asked for.
  result: ([sealed], { name, padded }, context, principal) =>
    opened(context, sealed?.name === padded ? padded : name, sealed, principal),
});

/**
 * Opens a value. If it does not open, the log records the reason; the caller only learns that it failed, and an admin which key
 * is missing.
 */
const opened = async <Sealed extends Pick<SecretVersionRow, 'token' | 'binding' | 'key_id'>>(
  { vault, caller }: Context,
  name: string,
  sealed: Sealed | undefined,
  { id: actor_id, role }: Principal,
) => {
  try {
    if (!sealed) throw new SealedValueError('token_invalid');
    const { token, binding, key_id: keyId, ...secret } = sealed;
    return { ...secret, value: openValue(vault.keyring, name, { token, binding, keyId }) };
  } catch (error) {
    if (!(error instanceof SealedValueError)) throw error;
    const values = { reason: error.reason, actor_id, 'request.id': caller.requestId };
    await transact(vault.db, [fill(failure(), values)]);
    throw role === 'admin' ? error : new SealedValueError(error.reason);
  }
};

const seal = ({ vault }: Context, name: string, value: string) => {
  const { token, binding, keyId } = sealValue(vault.keyring, name, value);
  return { token, binding, key_id: keyId };
};

const versions = alias(secretVersions, 'other');

const newestVersion = query
  .select({ number: max(secretVersions.number) })
  .from(secretVersions)
  .where(eq(secretVersions.secret_id, secrets.id));

/** Appends a version to the secret of this name, unless the token is null. */
const appendVersion = (
  secretName: SQL,
  { token, key_id }: Params<'token' | 'key_id'>,
  binding: SQL,
  number: SQL | number,
) =>
  insertFrom(
    secretVersions,
    { token, binding, key_id, secret_id: secrets.id, number, created_at: request.now, created_by: actorName },
    secrets,
    and(eq(secrets.name, secretName), isNotNull(token), granted),
  );

/** Keeps the newest versions, so that a key which is changed all the time never fills the vault. Some of the rest go each time. */
const dropOldVersions = (secretName: SQL, given: Params<'token' | 'max_versions'>) => {
  const named = query.select({ id: secrets.id }).from(secrets).where(eq(secrets.name, secretName));
  const ofNamed = eq(versions.secret_id, sql`${named}`);
  const bound = (of: SQL) =>
    sql`(${query
      .select({ number: of.as('number') })
      .from(versions)
      .where(ofNamed)})`;
  return query
    .delete(secretVersions)
    .where(
      and(
        eq(secretVersions.secret_id, sql`${named}`),
        lte(secretVersions.number, sql`${bound(sql`max(${versions.number})`)} - ${given.max_versions}`),
        lt(secretVersions.number, sql`${bound(sql`min(${versions.number})`)} + ${maxDroppedVersions}`),
        isNotNull(given.token),
        granted,
      ),
    );
};

export const createSecret = operation({
  action: 'secret.create',
  params: ['name', 'likeness', 'description', 'token', 'binding', 'key_id', 'max_secrets', 'max_bytes'],
  needsRoom: () => true,
  sql: (given) => ({
    target: { name: given.name },
    rules: [
      tooManyConflicts,
      nameHeld(namedLike(given, ne(secrets.owner_id, principal.id))),
      nameTaken(namedLike(given)),
      ...newSecretQuota(given),
    ],
    ready: likenessesAreFilled,
    effects: [
      insertIfAllowed(secrets, {
        name: given.name,
        description: given.description,
        owner_id: verdict.actor_id,
        created_by: verdict.actor_name,
        created_at: request.now,
        updated_at: request.now,
        current_version: 1,
        likeness: given.likeness,
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
  }),
});

const namedLike = (given: Params<'name' | 'likeness'>, condition?: SQL) =>
  query
    .select({ name })
    .from(secrets)
    .where(and(or(eq(name, given.name), eq(likeness, given.likeness)), condition));

/** The key of that name belongs to somebody else. It is counted apart: see `tooManyConflicts`. */
const nameHeld = (others: SQLWrapper): Rule => ({
  when: sql`${reachesOwn('secret.create')} and ${exists(others)}`,
  outcome: 'conflict',
  reason: 'name_held',
});

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
    target: secretNamed(given),
    rules: [newValueQuota(nameMeant(given), given)],
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
          current_version: sql`case when ${given.token} is null then ${secrets.current_version} else ${newestVersion} end`,
        })
        .where(and(eq(secrets.name, nameMeant(given)), granted)),
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
    target: secretNamed(given),
    effects: [query.delete(secrets).where(and(eq(secrets.name, nameMeant(given)), granted))],
  }),
  values: ({ name, padded }: SecretName) => ({ name, padded }),
});
