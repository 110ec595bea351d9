/** The encryption keys that stored values need, and those that the vault does not have: values under them do not open. */
import { eq, sql } from 'drizzle-orm';
import { unionAll } from 'drizzle-orm/sqlite-core';
import { isKeyId } from '../../core/crypto/keyring.ts';
import { maxCountedVersions, maxSealingKeys } from '../../core/limits.ts';
import type { MissingKey } from '../../core/settings/messages.ts';
import { instance, logTree, secrets, secretVersions } from '../store/schema.ts';
import { fill, integer, type Param, query, statement } from '../store/statement.ts';
import { transact } from '../store/transact.ts';
import type { Vault } from './vault.ts';

/** The keys of values, and that of the key that signs the log. The distinct keys of values are found by two steps in the index for each and not by a scan: a vault has few keys, and maybe many versions. */
export const keysInUse = statement([], () =>
  unionAll(keysOfVersions(), query.select({ key_id: logTree.key_id }).from(logTree)),
);

const keysOfVersions = () =>
  query
    .select({ key_id: secretVersions.key_id })
    .from(secretVersions)
    .where(
      sql`rowid in (
        with recursive sealing_keys (key_id) as (
          select min(key_id) from secret_versions
          union all
          select (select min(key_id) from secret_versions where key_id > sealing_keys.key_id) from sealing_keys
          where sealing_keys.key_id is not null limit ${sql.raw(String(maxSealingKeys))}
        )
        select (select min(rowid) from secret_versions where key_id = sealing_keys.key_id) from sealing_keys where key_id is not null
      )`,
    );

const versionsUnder = (keyId: Param) =>
  query
    .select({
      is_current: sql`(select current_version from ${secrets} where id = secret_id) = number`.as('is_current'),
    })
    .from(secretVersions)
    .where(eq(secretVersions.key_id, keyId))
    .limit(maxCountedVersions);

const countUnder = statement(['key_id'], ({ key_id }) =>
  query
    .select({
      total: integer('total', sql`(select count(*) from ${versionsUnder(key_id)})`),
      served: integer('served', sql`(select sum(is_current) from ${versionsUnder(key_id)})`),
    })
    .from(instance),
);

/** Counts what is sealed with those of the keys in use that the keyring does not have. No round trip if there are none. */
export const countMissing = async ({ db, keyring }: Vault, inUse: readonly string[]): Promise<MissingKey[]> => {
  const missing = [...new Set(inUse)].filter((keyId) => !keyring.byId.has(keyId));
  if (missing.length === 0) return [];
  const counts = await transact(
    db,
    missing.map((key_id) => fill(countUnder(), { key_id })),
  );
  return missing.map((keyId, index) => {
    const { total = 0, served = 0 } = counts[index]?.[0] ?? {};
    return { keyId: isKeyId(keyId) ? keyId : null, values: Number(served), versions: Number(total) - Number(served) };
  });
};
