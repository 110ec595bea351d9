/**
 * Refusals as clients of Vault read them. The sentences are those of the other routes; the statuses are Vault's: 403 where a
 * credential is not good or does not reach, 404 without a word where nothing is, and 400 for what is in the way.
 */
import { maxLabelsPerSecret, maxPathEntriesPerOwner, maxSecretsPerRead } from '../../core/limits.ts';
import type { Refusal } from '../operations/refusal.ts';
import { type ErrorStatus, type Reply, refused } from '../wire/reply.ts';
import { errors, nothingThere, permissionDenied } from './envelope.ts';

export const refusedAsVault = (refusal: Refusal): Reply => {
  const { outcome, reason } = refusal;
  if (outcome === 'unauthenticated') return permissionDenied;
  // The same for names that exist and for those that do not.
  if (outcome === 'denied' && isOutside.has(reason ?? '')) return permissionDenied;
  if (outcome === 'denied' && reason === 'not_owner') return nothingThere;
  if (outcome === 'not_found') return reason === 'name_held' ? withoutStatus(refused(refusal), 403) : nothingThere;
  const known = sentences[reason ?? ''];
  return known === undefined ? asVault(refused(refusal)) : errors(400, [known]);
};

/** What only this face can be asked for. Clients look for the words of the first one. */
const sentences: Record<string, string> = {
  cas: 'check-and-set parameter did not match the current version',
  older_version:
    'Only the newest version can be deleted, since what is deleted goes to the trash as a whole. Destroy an older version instead.',
  not_current_version:
    'The key is in the trash as a whole, with its newest version: name that one to get it back, and all versions with it.',
  version_of_folder: 'This is a folder, whose keys have versions of their own. Ask for a version of one key.',
  destroy_of_folder: 'This is a folder, whose keys have versions of their own. Destroy versions of one key.',
  too_many_paths: `There are ${maxPathEntriesPerOwner} paths already of which something is said without a key. Delete some of their metadata.`,
  too_many_labels: `A path can have at most ${maxLabelsPerSecret} fields of custom_metadata beside its description.`,
  too_many_in_folder: `More than ${maxSecretsPerRead} keys are directly in this folder, and one request takes no more. Ask for them one by one.`,
};

const isOutside = new Set(['token_scope', 'outside_scopes']);

/** A reply of the other routes with its sentence in a list. */
export const asVault = (reply: Reply): Reply => {
  if (reply.status === 401) return permissionDenied;
  return withoutStatus(reply, reply.status === 409 || reply.status === 412 ? 400 : (reply.status as ErrorStatus));
};

const withoutStatus = ({ body, headers }: Reply, status: ErrorStatus): Reply => {
  const { error } = body as { error: string };
  return errors(status, status === 403 ? ['permission denied', error] : [error], headers);
};
