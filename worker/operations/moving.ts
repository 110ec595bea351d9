/**
 * A secret that exists gets another name, and maybe another place: by renaming it, or by taking it out of the trash under a new name.
 *
 * A binding covers the name (`core/crypto/keyring.ts`), so the bindings of all versions are checked and made anew. Only JavaScript
 * knows the keys: one round trip reads the sealed values, or records that the caller may not do this, and a second one decides
 * again and stores the bindings. It does so only if the secret has got no other version meanwhile.
 */
import { and, eq, isNotNull, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { type Keyring, rebind, SealedValueError } from '../../core/crypto/keyring.ts';
import { actorId, granted } from '../store/granted.ts';
import { principal, principalByCredential } from '../store/principal.ts';
import { request } from '../store/request.ts';
import type { Rule } from '../store/rules.ts';
import { instance, secrets, secretVersions } from '../store/schema.ts';
import { sealedRow } from '../store/sealed.ts';
import { type Params, query } from '../store/statement.ts';
import { mayWithSecret, reachesOwn, type Target, targetSecret } from '../store/targets.ts';
import { accessMay } from '../store/token-principal.ts';
import { place } from './place.ts';
import { bindingOfTarget, futureVersion } from './sealed-secrets.ts';

/** The parameters of new bindings. */
export const bindingParams = ['secret_id', 'current', 'bindings', 'fault'] as const;
type BindingParam = (typeof bindingParams)[number];

/** Their values where no name changes, and in the first round trip. */
export const noBindings: Record<BindingParam, null> = { secret_id: null, current: null, bindings: null, fault: null };

/** Reads the values of the target that are kept, for `rebound`. One row at least, if the vault is open. */
export const boundVersions = ({ joins = [] }: Target, { keep_versions }: Params<'keep_versions'>) => {
  const { id, name, current_version } = targetSecret;
  const { number, token, binding, key_id } = secretVersions;
  const found = query
    .select({ id, name, current_version, number, token, binding, key_id })
    .from(instance)
    .where(eq(instance.key_id, request.key_id))
    .$dynamic();
  // Drizzle's builder changes in place.
  for (const { table, on } of [...principalByCredential(), ...joins]) void found.leftJoin(table, on);
  return found.leftJoin(
    secretVersions,
    and(eq(secretVersions.secret_id, id), isNotNull(token), sql`${number} > ${current_version} - ${keep_versions}`),
  );
};

interface BoundVersion {
  id: number | null;
  name: string | null;
  current_version: number | null;
  number: number | null;
  token: string | null;
  binding: string | null;
  key_id: string | null;
}

/**
 * The bindings for a new name, each after the one that it replaces. A value that is not bound to the old name, or whose key is missing,
 * makes a fault of all. Whether the versions are those of the secret, their seals say, before the bindings are stored.
 */
export const rebound = (keyring: Keyring, versions: readonly BoundVersion[], newName: string) => {
  const [{ id: secret_id = null, current_version: current = null } = {}] = versions;
  try {
    const bindings = versions.flatMap(({ name, number, token, binding, key_id: keyId }) =>
      name === null || number === null || token === null || binding === null || keyId === null
        ? []
        : [[number, [binding, rebind(keyring, name, newName, { token, binding, keyId })]]],
    );
    return { secret_id, current, bindings: JSON.stringify(Object.fromEntries(bindings)), fault: null };
  } catch (error) {
    if (!(error instanceof SealedValueError)) throw error;
    return { secret_id, current, bindings: '{}', fault: error.reason };
  }
};

const boundAnew = (bindings: SQL, number: SQLWrapper): SQL =>
  sql`json_extract(${bindings}, '$."' || ${number} || '"[1]')`;

/** Stores the bindings. Versions that have none are too old to be kept: they must be erased in the same transaction. */
export const storeBindings = ({ secret_id, bindings }: Params<'secret_id' | 'bindings'>) =>
  query
    .update(secretVersions)
    .set({ binding: boundAnew(bindings, secretVersions.number) })
    .where(
      and(
        eq(secretVersions.secret_id, secret_id),
        sql`${secretVersions.number} in (select cast(key as integer) from json_each(${bindings}))`,
        isNotNull(secretVersions.token),
        granted,
      ),
    );

/** The last rules of a move: the bindings must be those of the target as it is now. */
export const bindingRules = ({ secret_id, current, fault }: Params<BindingParam>): Rule[] => [
  {
    when: sql`(${targetSecret.id} <> ${secret_id} or ${targetSecret.current_version} <> ${current})`,
    outcome: 'conflict',
    reason: 'changed',
  },
  { when: isNotNull(fault), outcome: 'failed', reason: fault },
];

const isTakenOut = sql`${place.id} is not ${targetSecret.project_id}`;

/** Whether one may take the target out of its project: by the role there, and by the access of a token. Within one, nothing leaves. */
export const takingRules: Rule[] = [
  {
    when: sql`${reachesOwn('secret.rename')} and ${isTakenOut} and not ${mayWithSecret('secret.take')}`,
    outcome: 'denied',
    reason: 'project_role',
  },
  {
    when: sql`${targetSecret.project_id} is not null and ${isTakenOut} and not ${accessMay('secret.take')}`,
    outcome: 'denied',
    reason: 'token_access',
    isForTokens: true,
  },
];

/** Who owns the target among the personal secrets: its owner goes on; what comes out of a project belongs to the mover. */
export const ownerOnArrival = sql`iif(${targetSecret.project_id} is null, coalesce(${targetSecret.owner_id}, ${principal.id}), ${principal.id})`;

/** The binding of a version of the target under its new name; without one, as it is. */
export const reboundTarget = ({ bindings }: Params<'bindings'>, version: SQLWrapper): SQL =>
  sql`coalesce(${boundAnew(bindings, version)}, ${bindingOfTarget(version)})`;

/** The versions of the target that get another binding, for what a verdict relies on. */
export const versionsToRebind = ({ bindings }: Params<'bindings'>): SQL =>
  sql`json((select json_group_array(json(${sealedRow('secret_versions', 'bound')}) order by bound.number) from secret_versions bound
    where bound.secret_id = ${targetSecret.id} and bound.number in (select cast(key as integer) from json_each(${bindings}))))`;

/** The same as they will be: JSON with a comma before each. */
export const reboundVersions = ({ bindings }: Params<'bindings'>): SQL =>
  sql`(select coalesce(group_concat(',' || ${futureVersion(targetSecret.id, sql`cast(key as integer)`, sql`json_each.value ->> 1`)}, ''), '') from json_each(${bindings}))`;

/** The target where it arrives, for its seal. */
export const arrivedTarget = (project: SQL) => ({
  project,
  owner: sql`iif(${project} is not null, null, ${ownerOnArrival})`,
});

/** The same as fields of the row. `project` is where it arrives: an id, or null. */
export const arriving = (project: SQL) => ({
  project_id: project,
  owner_id: sql`iif(${project} is not null, null,
    iif(${secrets.project_id} is null, coalesce(${secrets.owner_id}, ${actorId}), ${actorId}))`,
});
