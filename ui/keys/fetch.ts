/** What the lists of keys fetch. */
import { api } from '../api/client.ts';
import { fetchAll } from '../api/paged.ts';
import type { Version } from '../api/wire.ts';
import type { KeyRow } from './order.ts';
import { rowOf } from './rows.ts';

/** Restores the newest keys of these names that this user has moved to the trash. */
export const bringBack = async (names: readonly string[], user: string) => {
  const wanted = new Set(names);
  const trashed = await fetchAll(async (after) => {
    const { keys, next } = await api.trash(after);
    return { items: keys, next: next === undefined ? undefined : String(next) };
  });
  const newestFirst = trashed.sort((a, b) => Date.parse(b.deleted_at) - Date.parse(a.deleted_at));
  for (const { id, key_name, deleted_by } of newestFirst) {
    if (deleted_by === user && wanted.delete(key_name)) await api.restoreKey(id);
  }
};

/** Fetches all pages of the list, and counts the rows in `soFar` meanwhile. */
export const fetchKeys = (soFar: { value: number }): Promise<KeyRow[]> => {
  soFar.value = 0;
  return fetchAll(
    async (after) => {
      const { keys, next } = await api.keys(after);
      return { items: keys.map(rowOf), next };
    },
    (count) => {
      soFar.value = count;
    },
  );
};

/** Newest first. */
export const fetchVersions = async (name: string): Promise<Version[]> => {
  const found = await fetchAll(async (after) => {
    const { versions, next } = await api.versions(name, after);
    return { items: versions, next: next === undefined ? undefined : String(next) };
  });
  return found.sort((a, b) => b.version - a.version);
};
