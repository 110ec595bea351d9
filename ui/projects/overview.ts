/** The keys of a project as a table: a row for each name, a column for each folder. What is missing in a folder stands out. */

/** What the table needs of a key. */
export interface OverviewKey {
  name: string;
  valueChangedAt: string;
  expiresAt: string | null;
}

export interface Folder {
  /** Between the name of the project and that of the key: `prod`, or `prod/eu`. */
  path: string;
  keys: number;
}

export type Cell<Key> =
  | { state: 'missing'; key: null; name: string; note: '' }
  | { state: 'present' | 'older' | 'expired'; key: Key; name: string; note: string };

export interface OverviewRow<Key> {
  name: string;
  /** One for each folder, in their order. */
  cells: Cell<Key>[];
  /** Whether something in the row is missing, older than the others, or expired. */
  hasGap: boolean;
}

export interface Overview<Key> {
  folders: Folder[];
  /** How many folders have no column because there are too many. */
  otherFolders: number;
  rows: OverviewRow<Key>[];
  /** The keys that are in no folder. */
  loose: Key[];
}

/** A wider table helps nobody. */
export const maxFolders = 24;

const dayMs = 86_400_000;
/** A key that was changed so many days before the one of another folder is the older one. */
const olderDays = 30;

/** The usual order of environments: what is tried out first stands first. */
const environments: readonly RegExp[] = [
  /^(dev|devel|develop|development|local)$/i,
  /^(test|tests|testing|qa|ci)$/i,
  /^(stage|staging|preview|pre|preprod|uat)$/i,
  /^(prod|production|live)$/i,
];

const rankOf = (path: string): number => {
  const first = path.split('/')[0] ?? '';
  const rank = environments.findIndex((form) => form.test(first));
  return rank < 0 ? environments.length : rank;
};

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Makes the table of the keys of `project`. `now` is in ms. */
export const overviewOf = <Key extends OverviewKey>(
  keys: readonly Key[],
  project: string,
  now: number,
): Overview<Key> => {
  const start = project.length + 1;
  const counts = new Map<string, number>();
  const byName = new Map<string, Map<string, Key>>();
  const loose: Key[] = [];
  for (const key of keys) {
    const slash = key.name.lastIndexOf('/');
    if (slash < start) {
      loose.push(key);
      continue;
    }
    const path = key.name.slice(start, slash);
    counts.set(path, (counts.get(path) ?? 0) + 1);
    const name = key.name.slice(slash + 1);
    const found = byName.get(name) ?? new Map<string, Key>();
    byName.set(name, found.set(path, key));
  }
  const ordered = [...counts.keys()].sort((a, b) => rankOf(a) - rankOf(b) || compare(a, b));
  const paths = ordered.slice(0, maxFolders);
  const rows = [...byName]
    .sort(([a], [b]) => compare(a.toLowerCase(), b.toLowerCase()) || compare(a, b))
    .map(([name, found]) => rowOf(name, found, project, paths, now))
    .filter(({ cells }) => cells.some(({ key }) => key !== null));
  return {
    folders: paths.map((path) => ({ path, keys: counts.get(path) ?? 0 })),
    otherFolders: ordered.length - paths.length,
    rows,
    loose,
  };
};

const rowOf = <Key extends OverviewKey>(
  name: string,
  found: ReadonlyMap<string, Key>,
  project: string,
  paths: readonly string[],
  now: number,
): OverviewRow<Key> => {
  const [newest] = [...found].sort(([, a], [, b]) => compare(b.valueChangedAt, a.valueChangedAt));
  const cells = paths.map((path): Cell<Key> => {
    const key = found.get(path);
    if (!key) return { state: 'missing', key: null, name: `${project}/${path}/${name}`, note: '' };
    if (key.expiresAt !== null && Date.parse(key.expiresAt) <= now)
      return { state: 'expired', key, name: key.name, note: '' };
    const days = newest ? daysBetween(key, newest[1]) : 0;
    if (days >= olderDays)
      return { state: 'older', key, name: key.name, note: `changed ${days} days before that in ${newest?.[0]}` };
    return { state: 'present', key, name: key.name, note: '' };
  });
  return { name, cells, hasGap: cells.some(({ state }) => state !== 'present') };
};

const daysBetween = (older: OverviewKey, newer: OverviewKey): number =>
  Math.floor((Date.parse(newer.valueChangedAt) - Date.parse(older.valueChangedAt)) / dayMs);
