/** Changing a secret. All changes of one request happen, or none. */
import { and, sql } from 'drizzle-orm';
import { granted } from '../store/granted.ts';
import { secrets } from '../store/schema.ts';
import { query } from '../store/statement.ts';
import { isNamed, nameMeant, secretNamed } from '../store/targets.ts';
import { moveSecret } from './move-secret.ts';
import { type Operation, operation } from './operation.ts';
import { newValueQuota } from './quota.ts';
import { revisionRule } from './revision.ts';
import {
  bindingOf,
  changedContent,
  contentParams,
  contentValues,
  newNameIn,
  type SecretChange,
} from './secret-change.ts';
import { appendVersion, dropOldVersions, eraseOldVersions, idNamed, newestVersion } from './secret-values.ts';

/** Changes a secret that keeps its name and its owner. */
const updateSecret = operation({
  action: 'secret.update',
  params: contentParams,
  needsRoom: ({ value }: SecretChange) => value !== null,
  sql: (given) => ({
    target: secretNamed('secret.update', given),
    rules: [revisionRule(given.revisions), ...newValueQuota(given)],
    effects: [
      appendVersion(nameMeant(given), given, bindingOf(given), sql`${newestVersion} + 1`),
      eraseOldVersions(idNamed(nameMeant(given)), given),
      dropOldVersions(idNamed(nameMeant(given))),
    ],
    answer: query
      .update(secrets)
      .set(changedContent(given))
      .where(and(isNamed(nameMeant(given)), sql`${given.is_update}`, granted))
      .returning({ revision: secrets.revision }),
  }),
  values: (change: SecretChange, context) => contentValues(change, context, null),
  result: ([changed]) => changed?.revision ?? null,
});

/** The result is the new revision; null if nothing was to be changed. */
export const changeSecret: Operation<SecretChange, number | null> = {
  action: 'secret.update',
  recordInvalid: updateSecret.recordInvalid,
  perform: (context, change) =>
    newNameIn(change) === null && change.owner === null
      ? updateSecret.perform(context, change)
      : moveSecret(context, change),
};
