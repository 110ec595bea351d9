/** Deleting and undeleting what is at a path. On a folder it means the secrets directly in it: all of them, or none. */
import { and, sql } from 'drizzle-orm';
import type { GovernedAction } from '../../core/policy/policy.ts';
import { actorName, granted } from '../store/granted.ts';
import { request } from '../store/request.ts';
import { secrets } from '../store/schema.ts';
import { type Param, query } from '../store/statement.ts';
import { inUse, targetSecret } from '../store/targets.ts';
import { likenessesAreFilled } from './likenesses.ts';
import { arrivedTarget, arriving, ownerOnArrival, takingRules } from './moving.ts';
import { namingRules } from './naming.ts';
import { type Operation, operation } from './operation.ts';
import { grantedAll, isAllowedName, pathRules, pathTarget } from './path-target.ts';
import { foundInTrash } from './path-trash-source.ts';
import { found, foundAt, isState } from './paths.ts';
import { placeId, placeJoins, placeOfName } from './place.ts';
import { arrivalQuota, quotaValues } from './quota.ts';
import { inUseAgain } from './restore-secret.ts';
import { changedTarget, versionOfTarget } from './sealed-secrets.ts';
import { emptyTrash, trashFrom } from './trash.ts';

/** What is to be deleted or undeleted: null for the version that is served. */
export interface PathChange {
  path: string;
  versions: readonly number[] | null;
}

/** Where nothing is, nothing is to be done. The log has it as not found. */
export const orNothing = <Input>({
  action,
  recordInvalid,
  perform,
}: Operation<Input, unknown>): Operation<Input, null> => ({
  action,
  recordInvalid,
  async perform(context, input) {
    const outcome = await perform(context, input);
    const isNothing =
      outcome.outcome === 'allowed' || (outcome.outcome === 'not_found' && outcome.reason !== 'name_held');
    return isNothing ? { outcome: 'allowed', result: null } : outcome;
  },
});

/** Whether any of the versions is another one than this. */
const isOlder = (versions: Param, current: ReturnType<typeof sql> | typeof targetSecret.current_version) =>
  sql`exists (select 1 from json_each(${versions}) where json_each.value <> ${current})`;

export const deletePath = orNothing(
  operation({
    action: 'secret.delete',
    params: ['path', 'versions', 'trash_from'],
    sql: ({ path, versions, trash_from }) => ({
      target: pathTarget(
        foundAt('secret.delete', { path, trashFrom: trash_from, isNoFolder: isOlder(versions, sql`sums.highest`) }),
      ),
      rules: [
        { when: isState('folder'), outcome: 'invalid', reason: 'older_version' },
        ...pathRules('secret.delete'),
        { when: isState('trash'), outcome: 'not_found', reason: 'in_trash' },
        {
          when: sql`${isState('secret')} and ${isOlder(versions, targetSecret.current_version)}`,
          outcome: 'invalid',
          reason: 'older_version',
        },
      ],
      effects: [
        query
          .update(secrets)
          .set({ deleted_at: request.now, deleted_by: actorName, revision: sql`${secrets.revision} + 1` })
          .where(and(inUse, isAllowedName(secrets.name))),
      ],
      housekeeping: emptyTrash({ trash_from }),
    }),
    values: ({ path, versions }: PathChange, context) => ({
      path,
      versions: JSON.stringify(versions ?? []),
      trash_from: trashFrom(context),
    }),
  }),
);

const restoring: GovernedAction = 'secret.restore';

/** Takes out of the trash what was last deleted there, with all its versions. */
export const undeletePath = orNothing(
  operation({
    action: restoring,
    params: ['path', 'versions', 'trash_from', 'max_secrets', 'max_bytes'],
    sql: (given) => {
      const { path, trash_from, versions } = given;
      const source = () => foundInTrash(restoring, path, trash_from);
      const target = pathTarget(source());
      const naming = {
        name: sql`${targetSecret.name}`,
        likeness: sql`${targetSecret.likeness}`,
        ...placeOfName(targetSecret),
      };
      return {
        target: { ...target, joins: [...(target.joins ?? []), ...placeJoins(naming)] },
        rules: [
          ...pathRules('secret.restore'),
          {
            when: sql`${isState('secret')} and not exists (select 1 from json_each(${versions}) where json_each.value = ${targetSecret.current_version})`,
            outcome: 'invalid',
            reason: 'not_current_version',
          },
          ...takingRules,
          ...namingRules(naming),
          ...arrivalQuota({
            ...given,
            max_secrets: sql`(${given.max_secrets} + 1 - ${found.total})` as Param,
            owner: ownerOnArrival,
            token: sql`null`,
          }),
        ],
        ready: likenessesAreFilled,
        // That of a key which is nobody's has no seal that covers its current version.
        reliesOn: [versionOfTarget(targetSecret.current_version)],
        touched: sql`iif(${targetSecret.id} is null, '[]', json_array(${changedTarget(arrivedTarget(placeId(placeOfName(targetSecret))))}))`,
        seals: ['secrets'],
        effects: [
          query
            .update(secrets)
            .set({ ...inUseAgain, ...arriving(placeId(placeOfName(secrets))) })
            .where(and(sql`${secrets.id} in (select ${found.id} from ${source()})`, grantedAll, granted)),
        ],
        housekeeping: emptyTrash({ trash_from }),
      };
    },
    values: ({ path, versions }: PathChange, context) => ({
      path,
      versions: JSON.stringify(versions ?? []),
      trash_from: trashFrom(context),
      ...quotaValues(context.vault),
    }),
  }),
);
