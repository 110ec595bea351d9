/** The state of the lists of keys: all of them, what the address shows of them, and the open dialog. Holds no stored values. */
import { computed, signal } from '@preact/signals';
import { api } from '../api/client.ts';
import { loaded } from '../api/loaded.ts';
import { fetchAll } from '../api/paged.ts';
import type { KeyChange, KeyDetails, ListedKey, OwnRole, Version } from '../api/wire.ts';
import { route, setQuery } from '../shell/router.ts';
import { type Draft, differs, draftOf, emptyDraft } from './draft.ts';
import { dueSoon } from './due.ts';
import { importModel } from './import-model.ts';
import { filtered, type KeyRow, parseSort, type Sorting, sorted, sortText, toRow } from './order.ts';
import { selection } from './selection.ts';

export type Open =
  | { kind: 'new'; prefix?: string }
  | { kind: 'edit' | 'versions' | 'rename' | 'give'; row: KeyRow }
  | { kind: 'destroy-version'; row: KeyRow; version: number }
  | { kind: 'import'; prefix: string }
  | { kind: 'copy-env'; names: readonly string[] };

/** Which keys the list of all shows. */
export type Only = 'all' | 'personal' | 'due';
const onlys: readonly Only[] = ['all', 'personal', 'due'];

/** Whether one may change a key, or only read it. */
export const mayEdit = ({ role }: KeyRow, isAdmin: boolean): boolean => isAdmin || role !== 'viewer';

/** Whether one may take a key out of its project, and destroy its versions. */
export const mayManage = ({ role }: KeyRow, isAdmin: boolean): boolean =>
  isAdmin || role === 'manager' || role === 'owner';

export const keysModel = (user: string) => {
  const rowsSoFar = signal(0);
  const list = loaded(() => fetchKeys(rowsSoFar));
  const open = signal<Open | null>(null);
  const draft = signal<Draft>(emptyDraft);
  const arrived = signal<string | null>(null);

  /** The project whose page is open; empty on the page of all keys. */
  const project = computed(() => (route.value.page === 'projects' ? route.value.item : ''));
  const text = computed(() => route.value.query.q ?? '');
  const sortGiven = computed(() => route.value.query.sort ?? '');
  const sort = computed(() => parseSort(sortGiven.value));
  const only = computed(() => onlys.find((known) => known === route.value.query.show) ?? 'all');
  /** How many keys each project has; null while that is not known. */
  const counts = computed(() => list.answer.value && countedBy(list.answer.value));
  const inScope = computed(() => scoped(list.answer.value ?? [], project.value, only.value));
  const inOrder = computed(() => sorted(inScope.value, sort.value));
  const shown = computed(() => filtered(inOrder.value, text.value));
  const selected = selection(shown);

  const imports = importModel();
  const versions = loaded(() => fetchVersions(open.value));

  /** What the open form began with. */
  const initial = computed((): Draft => {
    const opened = open.value;
    if (opened?.kind === 'edit') return draftOf(opened.row);
    if (opened?.kind === 'rename') return { ...emptyDraft, name: opened.row.name };
    return opened?.kind === 'new' ? { ...emptyDraft, name: opened.prefix ?? '' } : emptyDraft;
  });
  /** Whether the open form holds something that is not saved. */
  const isTyped = computed(() => imports.isTyped.value || (open.value !== null && differs(draft.value, initial.value)));

  /** Applies a change of the vault to the list. A fetch that is in progress may miss the change, so it is repeated. */
  const change = (edit: (rows: KeyRow[]) => KeyRow[]) => {
    if (list.answer.value) list.answer.value = edit(list.answer.value);
    if (list.isLoading.value) void list.load();
  };
  const replace = (name: string, edit: (row: KeyRow) => KeyRow) =>
    change((rows) => rows.map((row) => (row.name === name ? edit(row) : row)));

  return {
    user,
    list,
    rowsSoFar,
    open,
    draft,
    isTyped,
    /** The name of the key whose row gets the focus as soon as it is shown. */
    arrived,
    project,
    text,
    sort,
    only,
    inScope,
    counts,
    shown,
    selected,
    /** The versions of the key whose dialog is open. */
    versions,
    imports,

    search: (given: string) => setQuery({ q: given }),
    showOnly: (given: Only) => setQuery({ show: given === 'all' ? '' : given }),

    sortBy: (by: Sorting) => {
      const { by: current, isBackwards } = sort.value;
      const startsBackwards = by === 'updated' || by === 'created';
      setQuery({ sort: sortText({ by, isBackwards: by === current ? !isBackwards : startsBackwards }) });
    },

    setSort: (given: string) => setQuery({ sort: sortText(parseSort(given)) }),

    show: (next: Open | null) => {
      open.value = next;
      draft.value = initial.value;
      versions.answer.value = null;
      imports.begin(next?.kind === 'import' ? next.prefix : '');
    },

    edit: (fields: Partial<Draft>) => {
      draft.value = { ...draft.value, ...fields };
    },

    /** Fetches one value, which the log records as a view. The model does not keep it. */
    read: async (name: string, version?: number) =>
      (await (version === undefined ? api.key(name) : api.keyVersion(name, version))).api_key,

    /** Returns the name as it was stored: the vault does not keep blanks around it. */
    add: async (
      key: { name: string; value: string; description?: string | undefined } & KeyDetails,
    ): Promise<string> => {
      const { name: given, value, description = '', ...details } = key;
      const name = given.trim();
      await api.addKey({ key_name: name, api_key: value, description, ...details });
      // Whether it belongs to a project is for the vault to say.
      if (name.includes('/')) await list.load();
      else change((rows) => [...rows, personalRow(name, user, description, details)]);
      return name;
    },

    /** Moves to the row of a new key. Returns whether the search had to be cleared for that. */
    arrive: (name: string): boolean => {
      const isListed = list.answer.value !== null;
      const isHidden = isListed && shown.value.every((row) => row.name !== name);
      if (isHidden) setQuery({ q: '', show: '' });
      if (isListed) arrived.value = name;
      return isHidden;
    },

    update: async (name: string, fields: KeyChange) => {
      await api.updateKey(name, fields);
      const now = new Date().toISOString();
      replace(name, (row) => changedRow(row, fields, now));
    },

    /** Gives a key another name, or to somebody else. Both may change who reaches it. */
    move: async (name: string, to: Pick<KeyChange, 'key_name' | 'owner'>) => {
      await api.updateKey(name, to);
      await list.load();
    },

    restoreVersion: async (name: string, version: number) => {
      await api.restoreVersion(name, version);
      await Promise.all([list.load(), versions.load()]);
    },
    destroyVersion: (name: string, version: number) => api.destroyVersion(name, version),

    /** Moves keys to the trash, and tells after each how many it was. Returns how to take that back. */
    remove: async (names: readonly string[], onProgress: (count: number) => void = () => {}) => {
      const gone: string[] = [];
      try {
        for (const name of names) {
          await api.deleteKey(name);
          gone.push(name);
          onProgress(gone.length);
        }
      } finally {
        const isGone = new Set(gone);
        change((rows) => rows.filter((row) => !isGone.has(row.name)));
      }
      return async () => {
        await bringBack(gone, user);
        await list.load();
      };
    },
  };
};

export type KeysModel = ReturnType<typeof keysModel>;

export interface KeysProps {
  model: KeysModel;
  isAdmin: boolean;
}

const scoped = (rows: readonly KeyRow[], project: string, only: Only): readonly KeyRow[] => {
  if (project !== '') return rows.filter((row) => row.project === project);
  if (only === 'personal') return rows.filter((row) => row.project === null);
  return only === 'due' ? rows.filter((row) => dueSoon(row, Date.now()) !== null) : rows;
};

const countedBy = (rows: readonly KeyRow[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const { project } of rows) if (project !== null) counts.set(project, (counts.get(project) ?? 0) + 1);
  return counts;
};

/** Restores the newest keys of these names that this user has moved to the trash. */
const bringBack = async (names: readonly string[], user: string) => {
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
const fetchKeys = (soFar: { value: number }): Promise<KeyRow[]> => {
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
const fetchVersions = async (open: Open | null): Promise<Version[]> => {
  if (open?.kind !== 'versions') return [];
  const found = await fetchAll(async (after) => {
    const { versions, next } = await api.versions(open.row.name, after);
    return { items: versions, next: next === undefined ? undefined : String(next) };
  });
  return found.sort((a, b) => b.version - a.version);
};

const rowOf = (key: ListedKey): KeyRow =>
  toRow({
    name: key.key_name,
    description: key.description,
    createdAt: key.created_at,
    updatedAt: key.updated_at,
    createdBy: key.created_by,
    project: key.project ?? null,
    role: (key.role ?? 'owner') as OwnRole,
    version: key.version ?? null,
    expiresAt: key.expires_at ?? null,
    rotateEveryDays: key.rotate_every_days ?? null,
    valueChangedAt: key.value_changed_at ?? null,
    labels: key.labels ?? {},
  });

const personalRow = (name: string, user: string, description: string, details: KeyDetails): KeyRow => {
  const now = new Date().toISOString();
  return rowOf({
    key_name: name,
    description,
    created_at: now,
    updated_at: now,
    created_by: user,
    role: 'owner',
    version: 1,
    value_changed_at: now,
    ...details,
  });
};

const changedRow = (row: KeyRow, fields: KeyChange, now: string): KeyRow => {
  const { api_key, description = row.description, expires_at, rotate_every_days, labels = row.labels } = fields;
  const hasValue = api_key !== undefined;
  return toRow({
    ...row,
    description,
    labels,
    updatedAt: now,
    expiresAt: expires_at === undefined ? row.expiresAt : expires_at,
    rotateEveryDays: rotate_every_days === undefined ? row.rotateEveryDays : rotate_every_days,
    version: hasValue && row.version !== null ? row.version + 1 : row.version,
    valueChangedAt: hasValue ? now : row.valueChangedAt,
  });
};
