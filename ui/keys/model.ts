/** The state of the lists of keys: all of them, what the address shows of them, and the open dialog. Holds no stored values. */
import { computed, signal } from '@preact/signals';
import { api } from '../api/client.ts';
import { loaded } from '../api/loaded.ts';
import type { KeyChange, KeyDetails } from '../api/wire.ts';
import { askFirst } from '../parts/unsaved.ts';
import { route, setQuery } from '../shell/router.ts';
import { chosenKey } from './chosen.ts';
import { type Draft, differs, draftOf, emptyDraft, rebased } from './draft.ts';
import { fetchKeys, fetchVersions } from './fetch.ts';
import { importModel } from './import-model.ts';
import { filtered, type KeyRow, parseSort, type Sorting, sorted, sortText } from './order.ts';
import { isConflict, isGone, removeAll, restoreAll } from './removing.ts';
import { changedRow, countedBy, type Only, onlys, personalRow, renamedRow, scoped } from './rows.ts';
import { tellSameValue } from './same-value.ts';
import { selection } from './selection.ts';
import { fetchUses, withUse } from './uses.ts';

/** What somebody else has made of the key of the open dialog, which has its new state. */
export interface Conflict {
  before: KeyRow;
  /** Who stored its value, if that is another one; null if it is not, or if that cannot be learnt. */
  by: string | null;
}

export type Open =
  | { kind: 'new'; prefix?: string }
  /** A form on the page of the key: for a new value, or for everything else. */
  | { kind: 'edit'; row: KeyRow; part: 'value' | 'details' }
  | { kind: 'rename' | 'give' | 'trash-changed'; row: KeyRow }
  | { kind: 'destroy-version'; row: KeyRow; version: number }
  | { kind: 'import'; prefix: string }
  | { kind: 'copy-env' | 'export' | 'move'; names: readonly string[] };

/** Whether one may change a key, or only read it. */
export const mayEdit = ({ role }: KeyRow, isAdmin: boolean): boolean => isAdmin || role !== 'viewer';

/** Whether one may take a key out of its project, and destroy its versions. */
export const mayManage = ({ role }: KeyRow, isAdmin: boolean): boolean =>
  isAdmin || role === 'manager' || role === 'owner';

export const keysModel = (user: string) => {
  const rowsSoFar = signal(0);
  const list = loaded(() => fetchKeys(rowsSoFar));
  const uses = loaded(fetchUses);
  const open = signal<Open | null>(null);
  const draft = signal<Draft>(emptyDraft);
  const arrived = signal<string | null>(null);
  const revealed = signal<string | null>(null);
  const conflict = signal<Conflict | null>(null);
  const times = signal(0);
  const toReveal = signal<string | null>(null);
  const touched = signal<readonly string[]>([]);

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

  /** What the open form began with. */
  const initial = computed((): Draft => {
    const opened = open.value;
    if (opened?.kind === 'edit') return draftOf(opened.row);
    if (opened?.kind === 'rename') return { ...emptyDraft, name: opened.row.name };
    return opened?.kind === 'new' ? { ...emptyDraft, name: opened.prefix ?? '' } : emptyDraft;
  });
  /** Whether the open form holds something that is not saved. */
  const isTyped = computed(() => imports.isTyped.value || (open.value !== null && differs(draft.value, initial.value)));

  const show = (next: Open | null) => {
    open.value = next;
    times.value += 1;
    draft.value = initial.value;
    conflict.value = null;
    imports.begin(next?.kind === 'import' ? next.prefix : '');
  };

  const chosen = chosenKey({ isTyped, close: () => show(null) });
  const versions = loaded(() => fetchVersions(chosen.name.value));
  const touch = (name: string) => {
    touched.value = [name, ...touched.value.filter((other) => other !== name)].slice(0, maxTouched);
  };

  /** Applies a change of the vault to the list. A fetch that is in progress may miss the change, so it is repeated. */
  const change = (edit: (rows: KeyRow[]) => KeyRow[]) => {
    if (list.answer.value) list.answer.value = edit(list.answer.value);
    if (list.isLoading.value) void list.load();
  };
  const replace = (name: string, edit: (row: KeyRow) => KeyRow) =>
    change((rows) => rows.map((row) => (row.name === name ? edit(row) : row)));
  const rowNamed = (name: string) => list.answer.value?.find((row) => row.name === name) ?? null;

  /** Sends a request about a key. If the list turns out to be behind the vault, it is fetched again. */
  const sent = async <Answer>(sending: Promise<Answer>): Promise<Answer> => {
    try {
      return await sending;
    } catch (problem) {
      if (isConflict(problem) || isGone(problem)) await list.load();
      throw problem;
    }
  };

  /** Takes keys out of the trash. */
  const restored = (ids: readonly number[]) => restoreAll(ids).finally(() => list.load());

  return {
    user,
    list,
    rowsSoFar,
    /** The last uses of the keys. The list is there before them. */
    uses,
    open,
    draft,
    isTyped,
    /** The name of the key whose row gets the focus as soon as it is shown. */
    arrived,
    /** The name of the key whose value is shown under its row. The model does not hold the value. */
    revealed,
    project,
    text,
    sort,
    only,
    inScope,
    counts,
    shown,
    selected,
    /** The name of the key whose page is open; empty if none is. */
    chosen: chosen.name,
    /** Its versions. */
    versions,
    /** The name of a key whose value is to be shown on its page, once. */
    toReveal,
    /** The keys that were opened, shown or copied here, the newest first. */
    touched,
    imports,
    /** Set if somebody else was quicker with the key of the open dialog. */
    conflict,
    /** How many dialogs were shown so far: each begins anew. */
    times,
    rowNamed,

    search: (given: string) => setQuery({ q: given }),
    showOnly: (given: Only) => setQuery({ show: given === 'all' ? '' : given }),

    sortBy: (by: Sorting) => {
      const { by: current, isBackwards } = sort.value;
      const startsBackwards = by === 'updated' || by === 'created';
      setQuery({ sort: sortText({ by, isBackwards: by === current ? !isBackwards : startsBackwards }) });
    },

    setSort: (given: string) => setQuery({ sort: sortText(parseSort(given)) }),

    show,

    /** Opens the page of a key. */
    openKey: (name: string) => {
      touch(name);
      chosen.open(name);
    },
    closeKey: chosen.close,
    /** A key has another name now: its page goes along. */
    follow: chosen.follow,
    /** Opens the page of a key with its value shown. */
    revealOnPage: (name: string) => {
      chosen.open(name);
      // If something was typed, the user is asked first.
      if (chosen.name.value === name) toReveal.value = name;
    },
    /** Does something after which the form on the page of the key is closed, if nothing typed is lost by that. */
    leaveForm: chosen.leavingForm,
    /** Opens a dialog in the place of that form. */
    instead: (next: Open) => chosen.leavingForm(() => show(next)),
    /** Opens a form on the page of a key. */
    beginEdit: (row: KeyRow, part: 'value' | 'details') =>
      askFirst(isTyped.value, () => {
        show(null);
        chosen.open(row.name);
        show({ kind: 'edit', row, part });
      }),
    /** To be called when the address has changed. The list gets the focus back from the page of a key. */
    settle: () => {
      const left = chosen.settle();
      versions.answer.value = null;
      if (left !== '' && shown.value.some(({ name }) => name === left)) arrived.value = left;
      if (open.value?.kind === 'edit' && open.value.row.name !== chosen.name.value) show(null);
    },

    edit: (fields: Partial<Draft>) => {
      draft.value = { ...draft.value, ...fields };
    },

    /** Goes on with a key that somebody else has changed. What was typed stays, and the other fields become what they are now. */
    goOnWith: (row: KeyRow, by: string | null) => {
      const opened = open.value;
      if (!opened || !('row' in opened)) return;
      const was = initial.value;
      conflict.value = { before: opened.row, by };
      open.value = { ...opened, row };
      draft.value = rebased(draft.value, was, initial.value);
    },

    /** Shows the value under the row of this key, or hides it again. */
    reveal: (name: string) => {
      revealed.value = revealed.value === name ? null : name;
    },

    /** Fetches one value, which the log records as a view, and for what. The model does not keep it. */
    read: async (name: string, version?: number, via: 'reveal' | 'copy' = 'reveal') => {
      const { api_key } = await sent(api.key(name, via, version));
      touch(name);
      const known = uses.answer.value;
      if (known)
        uses.answer.value = withUse(known, { key_name: name, timestamp: new Date().toISOString(), user_name: user });
      return api_key;
    },

    /** Returns the name as it was stored: the vault does not keep blanks around it. */
    add: async (
      key: { name: string; value: string; description?: string | undefined } & KeyDetails,
    ): Promise<string> => {
      const { name: given, value, description = '', ...details } = key;
      const name = given.trim();
      const stored = await api.addKey({ key_name: name, api_key: value, description, ...details });
      tellSameValue(name, stored.same_value_as);
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

    /** With a revision, it changes nothing if somebody else was quicker. Returns the new revision. */
    update: async (name: string, fields: KeyChange, revision: number | null = null): Promise<number | null> => {
      const now = await sent(api.updateKey(name, fields, revision, (others) => tellSameValue(name, others)));
      replace(name, (row) => changedRow(row, fields, now, new Date()));
      if (fields.api_key !== undefined && versions.answer.value) void versions.load();
      // From when on days are counted is for the vault to say.
      if (fields.rotate_every_days != null) await list.load();
      return now;
    },

    /** Gives a key another name, or to somebody else. Both may change who reaches it. */
    move: async (name: string, to: Pick<KeyChange, 'key_name' | 'owner'>, revision: number | null = null) => {
      const now = await sent(api.updateKey(name, to, revision));
      const { key_name } = to;
      if (key_name !== undefined) {
        replace(name, (row) => renamedRow(row, key_name));
        chosen.follow(name, key_name);
      }
      await list.load();
      return now;
    },

    restoreVersion: async (name: string, version: number) => {
      await sent(api.restoreVersion(name, version));
      await Promise.all([list.load(), versions.load()]);
    },
    /** It counts as a change of the key. */
    destroyVersion: async (name: string, version: number) => {
      await sent(api.destroyVersion(name, version));
      await Promise.all([list.load(), versions.load()]);
    },

    /** Moves keys to the trash one by one, and tells how many it has done. */
    remove: async (rows: readonly KeyRow[], onProgress: (count: number) => void = () => {}) => {
      const removed = await removeAll(rows, onProgress);
      const gone = new Set(removed.gone);
      if (gone.has(chosen.name.value)) chosen.follow(chosen.name.value, null);
      change((all) => all.filter((row) => !gone.has(row.name)));
      if (removed.left.length > 0) await list.load();
      return { ...removed, undo: () => restored(removed.ids) };
    },
  };
};

/** Enough for those that one works with. */
const maxTouched = 10;

export type KeysModel = ReturnType<typeof keysModel>;

export interface KeysProps {
  model: KeysModel;
  isAdmin: boolean;
}
