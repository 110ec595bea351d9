/** Changing a secret. All changes of one request happen, or none. */
import { and, sql } from 'drizzle-orm';
import { granted } from '../store/granted.ts';
import { secrets } from '../store/schema.ts';
import { query, textColumn } from '../store/statement.ts';
import { isNamed, nameMeant, secretNamed, targetSecret } from '../store/targets.ts';
import { moveSecret } from './move-secret.ts';
import { type Operation, operation } from './operation.ts';
import { newValueQuota } from './quota.ts';
import { revisionRule } from './revision.ts';
import { namesIn, sameValueNames } from './same-values.ts';
import { changedTarget, nextOfTarget, sealOfNewest } from './sealed-secrets.ts';
import {
  bindingOf,
  changedContent,
  contentParams,
  contentValues,
  newNameIn,
  type SecretChange,
} from './secret-change.ts';
import {
  appendVersion,
  areAllKept,
  areAllListed,
  dropOldVersions,
  eraseOldVersions,
  idNamed,
  newestVersion,
} from './secret-values.ts';

/** Changes a secret that keeps its name and its owner. */
const updateSecret = operation({
  action: 'secret.update',
  params: contentParams,
  needsRoom: ({ value }: SecretChange) => value !== null,
  sql: (given) => ({
    target: secretNamed('secret.update', given),
    rules: [revisionRule(given.revisions), ...newValueQuota(given)],
    touched: sql`iif(${given.token} is null, '[]', json_array(${changedTarget({
      version: nextOfTarget,
      binding: bindingOf(given, targetSecret),
    })}))`,
    foresee: ({ rows: { target } }, { token = null, binding = null }) => {
      if (token === null) return [];
      const [id = null, name = null, owner = null, project = null, current = null] = target?.[2] ?? [];
      return [['secrets', [id], [id, name, owner, project, Number(current) + 1, binding], null]];
    },
    effects: [
      appendVersion(nameMeant(given), given, bindingOf(given), sql`${newestVersion} + 1`),
      { effect: eraseOldVersions(idNamed(nameMeant(given)), given), isIdle: areAllKept },
      { effect: dropOldVersions(idNamed(nameMeant(given))), isIdle: areAllListed },
    ],
    // One statement for the row, its seal and the answer.
    answer: query
      .update(secrets)
      .set({ ...changedContent(given), seal: sealOfNewest })
      .where(and(isNamed(nameMeant(given)), sql`${given.is_update}`, granted))
      .returning({
        revision: secrets.revision,
        same: textColumn('same', sameValueNames(given.imprints, sql`${nameMeant(given)}`)),
      }),
  }),
  values: (change: SecretChange, context) => contentValues(change, context, null),
  result: ([changed]): Changed => ({ revision: changed?.revision ?? null, sameValueAs: namesIn(changed?.same) }),
});

interface Changed {
  /** The new revision; null if nothing was to be changed. */
  revision: number | null;
  /** The names of other keys that have the new value, of those that the caller may read. A move does not look for them. */
  sameValueAs: string[];
}

export const changeSecret: Operation<SecretChange, Changed> = {
  action: 'secret.update',
  recordInvalid: updateSecret.recordInvalid,
  perform: async (context, change) => {
    if (newNameIn(change) === null && change.owner === null) return updateSecret.perform(context, change);
    const moved = await moveSecret(context, change);
    return moved.outcome === 'allowed' ? { ...moved, result: { revision: moved.result, sameValueAs: [] } } : moved;
  },
};
