/** Values of secrets: sealed before the transaction that stores them, opened after the one that reads them, and kept as versions. */
import { and, asc, eq, inArray, isNotNull, lte, max, type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import type { Principal } from '../../core/caller.ts';
import { openValue, SealedValueError, sealValue } from '../../core/crypto/keyring.ts';
import { maxDroppedVersions, maxVersionsPerSecret } from '../../core/limits.ts';
import type { SealedRow } from '../../core/sealed-rows.ts';
import { failure, failures } from '../store/failures.ts';
import { actorName, granted } from '../store/granted.ts';
import type { IsIdle } from '../store/plan.ts';
import { request } from '../store/request.ts';
import { type SecretVersionRow, secrets, secretVersions } from '../store/schema.ts';
import { fill, insertFrom, type Params, query } from '../store/statement.ts';
import { isNamed } from '../store/targets.ts';
import { transact } from '../store/transact.ts';
import { createPause } from './pauses.ts';
import type { Context } from './vault.ts';

/** The name of a secret as a caller gives it. */
export interface SecretName {
  /** Without white space around it. */
  name: string;
  /** As it came, if there is white space around it; else null. Names that version 1.0.0 stored are like that. */
  padded: string | null;
}

/**
 * Opens a value. If it does not open, the log records the reason; the caller only learns that it failed, and an admin which key
 * is missing.
 */
export const opened = async <
  Sealed extends Pick<SecretVersionRow, 'token' | 'binding' | 'key_id'> & { sealed: string },
>(
  { vault, caller }: Context,
  name: string,
  sealed: Sealed | undefined,
  { id: actor_id, role }: Principal,
) => {
  try {
    if (!sealed) throw new SealedValueError('token_invalid');
    const { token, binding, key_id: keyId, sealed: _, ...secret } = sealed;
    if (token === null || binding === null || keyId === null) throw new SealedValueError('token_invalid');
    return { ...secret, value: openValue(vault.keyring, name, { token, binding, keyId }) };
  } catch (error) {
    if (!(error instanceof SealedValueError)) throw error;
    const values = { reason: error.reason, actor_id, 'request.id': caller.requestId };
    await transact(vault.db, [fill(failure(), values)]);
    throw role === 'admin' ? error : new SealedValueError(error.reason);
  }
};

/** Under it, no value opens: it is not the name of any key. */
export const noName = '';

/** A value and the event that let it out. */
type Read = Pick<SecretVersionRow, 'token' | 'binding' | 'key_id'> & { name: string; event_id: number };

/**
 * Opens many values, each under its name, with pauses for other requests. Of those that do not open the log records each; the caller learns of the first one, as
 * from `opened`.
 */
export const openedAll = async ({ vault }: Context, rows: readonly Read[], { role }: Principal): Promise<string[]> => {
  const values: string[] = [];
  const faults: [event: number, reason: string][] = [];
  const pause = createPause();
  let first: SealedValueError | undefined;
  for (const { name, event_id, token, binding, key_id: keyId } of rows) {
    try {
      if (token === null || binding === null || keyId === null) throw new SealedValueError('token_invalid');
      values.push(openValue(vault.keyring, name, { token, binding, keyId }));
    } catch (error) {
      if (!(error instanceof SealedValueError)) throw error;
      first ??= error;
      faults.push([event_id, error.reason]);
    }
    const waits = pause(token?.length ?? 0);
    if (waits !== undefined) await waits;
  }
  if (!first) return values;
  await transact(vault.db, [fill(failures(), { faults: JSON.stringify(faults) })]);
  throw role === 'admin' ? first : new SealedValueError(first.reason);
};

export const seal = ({ vault }: Context, name: string, value: string) => {
  const { token, binding, keyId } = sealValue(vault.keyring, name, value);
  return { token, binding, key_id: keyId };
};

const versions = alias(secretVersions, 'other');
const newestOf = alias(secretVersions, 'newest_of');

export const newestVersion = query
  .select({ number: max(secretVersions.number) })
  .from(secretVersions)
  .where(eq(secretVersions.secret_id, secrets.id));

/** Appends a version to the secret of this name, unless the token is null. */
export const appendVersion = (
  secretName: SQL,
  { token, key_id }: Params<'token' | 'key_id'>,
  binding: SQL,
  number: SQL | number,
) =>
  insertFrom(
    secretVersions,
    {
      ...{ token, binding, key_id, secret_id: secrets.id, number, created_at: request.now, created_by: actorName },
      seal: request.version_seal,
    },
    secrets,
    and(isNamed(secretName), isNotNull(token), granted),
  );

/** What an erased version no longer has. */
export const erased = { token: null, binding: null, key_id: null, destroyed_at: request.now, seal: null };

/**
 * What stands in the place of a sealed value before it is erased. SQLite writes a row of the same length over the old one, and only then
 * is the old text gone from the file: what is erased or deleted at once stays in free pages.
 */
export const overwritten = {
  token: sql`substr(hex(zeroblob(length(${secretVersions.token}))), 1, length(${secretVersions.token}))`,
};

/** The id of the secret in use of this name. */
export const idNamed = (secretName: SQL) =>
  sql`${query.select({ id: secrets.id }).from(secrets).where(isNamed(secretName))}`;

/** The numbers of those beyond the newest `count`, the oldest first. */
const beyond = (secretId: SQL, count: SQL | number, condition: SQL | undefined, most: number) => {
  const newest = query
    .select({ number: max(newestOf.number) })
    .from(newestOf)
    .where(eq(newestOf.secret_id, secretId));
  return query
    .select({ number: versions.number })
    .from(versions)
    .where(and(eq(versions.secret_id, secretId), lte(versions.number, sql`${newest} - ${count}`), condition))
    .orderBy(asc(versions.number))
    .limit(most);
};

/**
 * Erases the values beyond the newest `keep_versions`, so that a secret which is changed all the time never fills the vault. Some
 * of the oldest go with each change; -1 for all of them.
 */
export const eraseOldVersions = (
  secretId: SQL,
  { keep_versions }: Params<'keep_versions'>,
  most = maxDroppedVersions,
) =>
  query
    .update(secretVersions)
    .set(erased)
    .where(
      and(
        eq(secretVersions.secret_id, secretId),
        inArray(secretVersions.number, beyond(secretId, keep_versions, isNotNull(versions.token), most)),
        granted,
      ),
    );

/** Deletes the rows of versions that are too old to be listed. */
export const dropOldVersions = (secretId: SQL) =>
  query
    .delete(secretVersions)
    .where(
      and(
        eq(secretVersions.secret_id, secretId),
        inArray(secretVersions.number, beyond(secretId, maxVersionsPerSecret, undefined, maxDroppedVersions)),
        granted,
      ),
    );

/** The number of the new version of a secret: what its seal covers ends with that and its binding. 0 if there is no new version. */
const newVersionIn = (made: readonly SealedRow[]): number =>
  Number(made.find(([table]) => table === 'secrets')?.[2].at(-2) ?? 0);

/** Whether the new version is one of the first, so that `eraseOldVersions` finds nothing. */
export const areAllKept: IsIdle = (made, { keep_versions: kept }) =>
  newVersionIn(made) > 0 && newVersionIn(made) <= Number(kept);

/** The same for `dropOldVersions`. */
export const areAllListed: IsIdle = (made) => newVersionIn(made) > 0 && newVersionIn(made) <= maxVersionsPerSecret;
