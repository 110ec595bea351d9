/** What the lists of keys fetch. */
import { api } from '../api/client.ts';
import { takeEarly } from '../api/early.ts';
import { fetchAll } from '../api/paged.ts';
import type { Version } from '../api/wire.ts';
import type { KeyRow } from './order.ts';
import { rowOf } from './rows.ts';

/** Fetches all pages of the list, and counts the rows in `soFar` meanwhile. */
export const fetchKeys = (soFar: { value: number }): Promise<KeyRow[]> => {
  soFar.value = 0;
  return fetchAll(
    async (after) => {
      const { keys, next } = await ((after === '' && takeEarly()) || api.keys(after));
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
