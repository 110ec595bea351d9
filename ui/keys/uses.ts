/** When each key was last read, and by whom: as far as the vault tells, and as far back as it looked. */
import { api } from '../api/client.ts';
import type { LastUse } from '../api/wire.ts';
import type { KeyRow } from './order.ts';

export interface Uses {
  byName: ReadonlyMap<string, LastUse>;
  /** What was not read since then may have been read before; null if the whole log was looked at. */
  since: string | null;
}

export const fetchUses = async (): Promise<Uses> => {
  const { uses, complete_from = null } = await api.lastUses();
  return { byName: new Map(uses.map((use) => [use.key_name, use])), since: complete_from };
};

/** The last use of a key; null if none is known. A use from before it was made was of an earlier key of this name. */
export const lastUseOf = (
  { name, createdAt }: Pick<KeyRow, 'name' | 'createdAt'>,
  { byName }: Uses,
): LastUse | null => {
  const use = byName.get(name);
  return use && use.timestamp >= createdAt ? use : null;
};

/** The same, with one that has just happened. */
export const withUse = ({ byName, since }: Uses, use: LastUse): Uses => ({
  byName: new Map(byName).set(use.key_name, use),
  since,
});
