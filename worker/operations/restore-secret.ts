/** Taking a secret out of the trash, under its name or under another one. All its versions come back. */
import { and, eq, sql } from 'drizzle-orm';
import { keyLikeness } from '../../core/accounts/likeness.ts';
import { formsWithKey } from '../store/form.ts';
import { granted } from '../store/granted.ts';
import { preview } from '../store/preview.ts';
import { secrets } from '../store/schema.ts';
import { type Param, type Params, query } from '../store/statement.ts';
import { secretInTrash, targetSecret } from '../store/targets.ts';
import { verdictOn } from '../store/verdict.ts';
import { likenessesAreFilled } from './likenesses.ts';
import {
  arrivedTarget,
  arriving,
  bindingParams,
  bindingRules,
  boundVersions,
  noBindings,
  ownerOnArrival,
  rebound,
  reboundTarget,
  reboundVersions,
  storeBindings,
  takingRules,
  versionsToRebind,
} from './moving.ts';
import { namingRules } from './naming.ts';
import { askOpen, type Operation, operation, rowsOf } from './operation.ts';
import { placeId, placeJoins, placeOfName, placeParams, placeValues } from './place.ts';
import { arrivalQuota, quotaValues } from './quota.ts';
import { changedTarget, versionOfTarget } from './sealed-secrets.ts';
import { eraseOldVersions } from './secret-values.ts';
import { emptyTrash, isInTrash, type TrashedSecret, trashFrom } from './trash.ts';
import type { Context } from './vault.ts';

export interface SecretRestore extends TrashedSecret {
  /** Another name for it; null for the one that it had. */
  newName: string | null;
}

type TrashParam = 'id' | 'trash_from' | 'max_secrets' | 'max_bytes';

/** What both kinds have in common. `naming` is the name that it gets, with its place. */
const restoring = (given: Params<TrashParam>, naming: Parameters<typeof namingRules>[0]) => {
  const target = secretInTrash('secret.restore', given);
  return {
    target: { ...target, joins: [...(target.joins ?? []), ...placeJoins(naming)] },
    rules: [
      ...takingRules,
      ...namingRules(naming),
      ...arrivalQuota({ ...given, owner: ownerOnArrival, token: sql`null` }),
    ],
    ready: likenessesAreFilled,
    housekeeping: emptyTrash(given),
  };
};

interface Restored {
  name: string;
  revision: number;
}

const restored = (id: Param) =>
  query
    .select({ name: secrets.name, revision: secrets.revision })
    .from(secrets)
    .where(and(eq(secrets.id, id), granted));

const firstRow = ([row]: readonly Restored[]): Restored | null => row ?? null;

export const inUseAgain = { deleted_at: null, deleted_by: null, revision: sql`${secrets.revision} + 1` };

const trashValues = ({ id }: TrashedSecret, context: Context) => ({
  id,
  trash_from: trashFrom(context),
  ...quotaValues(context.vault),
});

const restoreAsItWas = operation({
  action: 'secret.restore',
  takesKey: true,
  params: ['id', 'trash_from', 'max_secrets', 'max_bytes'],
  sql: (given) => ({
    ...restoring(given, {
      name: sql`${targetSecret.name}`,
      likeness: sql`${targetSecret.likeness}`,
      ...placeOfName(targetSecret),
    }),
    // That of a key which is nobody's has no seal that covers its current version.
    reliesOn: [versionOfTarget(targetSecret.current_version)],
    touched: sql`json_array(${changedTarget(arrivedTarget(placeId(placeOfName(targetSecret))))})`,
    seals: ['secrets'],
    answer: query
      .update(secrets)
      .set({ ...inUseAgain, ...arriving(placeId(placeOfName(secrets))) })
      .where(and(isInTrash(given), granted))
      .returning({ name: secrets.name, revision: secrets.revision }),
    answerAgain: restored(given.id),
  }),
  values: ({ id }: SecretRestore, context) => trashValues({ id }, context),
  result: firstRow,
});

const renamedParams = [
  ...['id', 'trash_from', 'max_secrets', 'max_bytes', 'keep_versions', 'name', 'likeness'],
  ...placeParams,
  ...bindingParams,
] as const;

type RenamedParams = Params<(typeof renamedParams)[number]>;

const renamedRules = (given: RenamedParams) => {
  const common = restoring(given, given);
  return { ...common, rules: [...common.rules, ...bindingRules(given)] };
};

const renamedValues = (given: SecretRestore & Partial<ReturnType<typeof rebound>>, context: Context) => {
  const { secret_id, current, bindings, fault } = { ...noBindings, ...given };
  const name = given.newName ?? '';
  return {
    ...trashValues(given, context),
    keep_versions: context.vault.limits.keptVersions,
    name,
    likeness: keyLikeness(name),
    ...placeValues(name),
    ...{ secret_id, current, bindings, fault },
  };
};

const restoreRenamed = operation({
  action: 'secret.restore',
  takesKey: true,
  params: renamedParams,
  sql: (given) => ({
    ...renamedRules(given),
    detail: sql`nullif('as ' || ${given.name}, 'as ' || ${targetSecret.name})`,
    reliesOn: [versionsToRebind(given)],
    touched: sql`('[' || ${changedTarget({
      ...arrivedTarget(placeId(given)),
      name: given.name,
      binding: reboundTarget(given, targetSecret.current_version),
    })} || ${reboundVersions(given)} || ']')`,
    seals: ['secrets', 'secret_versions'],
    effects: [storeBindings(given), eraseOldVersions(given.id, given, -1)],
    answer: query
      .update(secrets)
      .set({ ...inUseAgain, name: given.name, likeness: given.likeness, ...arriving(placeId(given)) })
      .where(and(isInTrash(given), granted))
      .returning({ name: secrets.name, revision: secrets.revision }),
    answerAgain: restored(given.id),
  }),
  values: renamedValues,
  result: firstRow,
});

const beforeRestore = preview(
  renamedParams,
  (given) => {
    const { target, rules } = renamedRules(given);
    return {
      refusal: verdictOn({ action: 'secret.restore', target, rules }, true),
      facts: boundVersions(target, given),
    };
  },
  formsWithKey,
);

/** Takes a secret out of the trash. The result is the name that it has now. Another name takes two round trips. */
export const restoreSecret: Operation<SecretRestore, Restored | null> = {
  action: 'secret.restore',
  takesKey: true,
  recordInvalid: restoreAsItWas.recordInvalid,
  perform: async (context, given) => {
    const { newName } = given;
    if (newName === null) return restoreAsItWas.perform(context, given);
    const considered = await askOpen(context, beforeRestore, renamedValues(given, context));
    if (considered.outcome !== 'allowed') {
      if (!considered.kept) return { ...considered, action: 'secret.restore' };
      return { outcome: 'allowed', result: firstRow(rowsOf<Restored>(considered.kept).rows), isRepeated: true };
    }
    return restoreRenamed.perform(context, { ...given, ...rebound(context.vault.keyring, considered.rows, newName) });
  },
};
