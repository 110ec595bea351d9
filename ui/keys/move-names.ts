/** Where keys go that move into a folder together. */

export interface Moving {
  from: string;
  to: string;
}

const lastOf = (name: string) => name.slice(name.lastIndexOf('/') + 1);

/** The folder as it is written in names: without slashes around it; empty for none. */
export const folderOf = (text: string): string => text.trim().replace(/^\/+|\/+$/g, '');

/**
 * The names that change. A key keeps the last part of its name.
 *
 * @returns `twins`: two keys that would get the same name, if there are any.
 */
export const movesInto = (names: readonly string[], folder: string): { moves: Moving[]; twins: string[] } => {
  const prefix = folder === '' ? '' : `${folder}/`;
  const byTarget = Map.groupBy(names, (name) => prefix + lastOf(name));
  return {
    moves: names.map((from) => ({ from, to: prefix + lastOf(from) })).filter(({ from, to }) => from !== to),
    twins: [...byTarget.values()].find(({ length }) => length > 1)?.slice(0, 2) ?? [],
  };
};

/** The folders that there are, for the list of suggestions. */
export const foldersOf = (names: readonly string[]): string[] =>
  [...new Set(names.filter((name) => name.includes('/')).map((name) => name.slice(0, name.lastIndexOf('/'))))].sort();
