/** The state of the keys page: the list, the search and sort order from the address, and the open dialog. Holds no stored values. */
import { computed, signal } from '@preact/signals';
import { api } from '../api/client.ts';
import { loaded } from '../api/loaded.ts';
import type { ListedKey } from '../api/wire.ts';
import { route, setQuery } from '../shell/router.ts';
import { filtered, type KeyRow, parseSort, type Sorting, sorted, sortText, toRow } from './order.ts';

/** The contents of the open form. They survive the page, so that nothing typed is lost when the session ends. */
export interface Draft {
  name: string;
  value: string;
  description: string;
}

export type Open = { kind: 'new' } | { kind: 'edit'; row: KeyRow } | { kind: 'delete'; row: KeyRow };

const emptyDraft: Draft = { name: '', value: '', description: '' };

export const keysModel = (user: string) => {
  const rowsSoFar = signal(0);
  const list = loaded(() => fetchAll(rowsSoFar));
  const open = signal<Open | null>(null);
  const draft = signal<Draft>(emptyDraft);
  const arrived = signal<string | null>(null);

  const text = computed(() => route.value.query.q ?? '');
  const sortGiven = computed(() => route.value.query.sort ?? '');
  const sort = computed(() => parseSort(sortGiven.value));
  const inOrder = computed(() => sorted(list.answer.value ?? [], sort.value));
  const shown = computed(() => filtered(inOrder.value, text.value));

  /** Whether the open form holds something that is not saved. */
  const isTyped = computed(() => {
    const description = open.value?.kind === 'edit' ? open.value.row.description : '';
    const { name, value, description: given } = draft.value;
    return open.value !== null && (name !== '' || value !== '' || given !== description);
  });

  /** Applies a change of the vault to the list. A fetch that is in progress may miss the change, so it is repeated. */
  const change = (edit: (rows: KeyRow[]) => KeyRow[]) => {
    if (list.answer.value) list.answer.value = edit(list.answer.value);
    if (list.isLoading.value) void list.load();
  };
  const replace = (name: string, edit: (row: KeyRow) => KeyRow) =>
    change((rows) => rows.map((row) => (row.name === name ? edit(row) : row)));

  return {
    list,
    rowsSoFar,
    open,
    draft,
    isTyped,
    /** The name of the key whose row gets the focus as soon as it is shown. */
    arrived,
    text,
    sort,
    shown,

    search: (given: string) => setQuery({ q: given }),

    sortBy: (by: Sorting) => {
      const { by: current, isBackwards } = sort.value;
      const startsBackwards = by === 'updated' || by === 'created';
      setQuery({ sort: sortText({ by, isBackwards: by === current ? !isBackwards : startsBackwards }) });
    },

    setSort: (given: string) => setQuery({ sort: sortText(parseSort(given)) }),

    show: (next: Open | null) => {
      const description = next?.kind === 'edit' ? next.row.description : '';
      draft.value = { ...emptyDraft, description };
      open.value = next;
    },

    edit: (fields: Partial<Draft>) => {
      draft.value = { ...draft.value, ...fields };
    },

    /** Fetches one value, which the log records as a view. The model does not keep it. */
    read: async (name: string) => (await api.key(name)).api_key,

    /** Returns the name as it was stored: the vault does not keep blanks around it. */
    add: async ({ name: given, value, description }: Draft): Promise<string> => {
      const name = given.trim();
      await api.addKey({ key_name: name, api_key: value, description });
      const now = new Date().toISOString();
      change((rows) => [...rows, toRow({ name, description, createdAt: now, updatedAt: now, createdBy: user })]);
      return name;
    },

    /** Moves to the row of a new key. Returns whether the search had to be cleared for that. */
    arrive: (name: string): boolean => {
      const isListed = list.answer.value !== null;
      const isHidden = isListed && shown.value.every((row) => row.name !== name);
      if (isHidden) setQuery({ q: '' });
      if (isListed) arrived.value = name;
      return isHidden;
    },

    update: async (name: string, fields: { value?: string | undefined; description?: string | undefined }) => {
      await api.updateKey(name, { api_key: fields.value, description: fields.description });
      const updatedAt = new Date().toISOString();
      replace(name, (row) => toRow({ ...row, description: fields.description ?? row.description, updatedAt }));
    },

    remove: async (name: string) => {
      await api.deleteKey(name);
      change((rows) => rows.filter((row) => row.name !== name));
    },
  };
};

export type KeysModel = ReturnType<typeof keysModel>;

export interface KeysProps {
  model: KeysModel;
  isAdmin: boolean;
}

/** Fetches all pages of the list, and counts the rows in `soFar` meanwhile. */
const fetchAll = async (soFar: { value: number }): Promise<KeyRow[]> => {
  const rows: KeyRow[] = [];
  let after: string | undefined = '';
  soFar.value = 0;
  while (after !== undefined) {
    const { keys, next } = await api.keys(after);
    for (const key of keys) rows.push(rowOf(key));
    soFar.value = rows.length;
    after = next;
  }
  return rows;
};

const rowOf = ({ key_name, description, created_at, updated_at, created_by }: ListedKey): KeyRow =>
  toRow({ name: key_name, description, createdAt: created_at, updatedAt: updated_at, createdBy: created_by });
