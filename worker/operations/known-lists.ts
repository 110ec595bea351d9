/**
 * Lists of keys that this isolate has made before. The database tells whether anything in them may have changed (`instance.keys_state`), in
 * the transaction that decides and records the request: then the list is made anew, and otherwise it is only looked up. A list is kept for
 * the credential and the question that it was made for. It holds names and descriptions of keys, and no value.
 */
import type { Caller, Principal } from '../../core/caller.ts';
import { maxKnownSecretLists, maxShortListBytes } from '../../core/limits.ts';
import type { JsonRows } from '../store/json.ts';
import type { Context, Vault } from './vault.ts';

export interface KnownList {
  state: string;
  principal: Principal;
  parts: readonly JsonRows[];
}

const lists = new WeakMap<Vault, Map<string, KnownList>>();

const keyOf = ({ sessionId, tokenHash }: Caller, asked: object): string =>
  JSON.stringify([sessionId, tokenHash ?? null, asked]);

/** What the caller was last answered to this question. */
export const knownList = ({ vault, caller }: Context, asked: object): KnownList | null =>
  lists.get(vault)?.get(keyOf(caller, asked)) ?? null;

/** Keeps a list if it is short. When too many are kept, the oldest is dropped. */
export const keepList = ({ vault, caller }: Context, asked: object, list: KnownList): void => {
  if (list.parts.reduce((sum, { json }) => sum + json.length, 0) > maxShortListBytes) return;
  const known = lists.get(vault) ?? new Map<string, KnownList>();
  lists.set(vault, known);
  const key = keyOf(caller, asked);
  known.delete(key);
  const [first] = known.size >= maxKnownSecretLists ? known.keys() : [];
  if (first !== undefined) known.delete(first);
  known.set(key, list);
};

/** Whether a list was made for this very principal. */
export const isOf = ({ principal: { id, role, token } }: KnownList, other: Principal): boolean =>
  id === other.id && role === other.role && token?.id === other.token?.id;
