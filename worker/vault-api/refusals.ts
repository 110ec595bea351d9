/**
 * Refusals as clients of Vault read them. The sentences are those of the other routes; the statuses are Vault's: 403 where a
 * credential is not good or does not reach, 404 without a word where nothing is, and 400 for what is in the way.
 */
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
  return asVault(refused(refusal));
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
