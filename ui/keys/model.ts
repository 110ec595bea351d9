/** The state of the lists of keys: all of them, what the address shows of them, and the open dialog. Holds no stored values. */
import { computed, signal } from '@preact/signals';
import { api, Problem } from '../api/client.ts';
import { asProblem, loaded } from '../api/loaded.ts';
import type { KeyChange, KeyDetails } from '../api/wire.ts';
import { route, setQuery } from '../shell/router.ts';
import { type Draft, differs, draftOf, emptyDraft, rebased } from './draft.ts';
import { fetchKeys, fetchVersions } from './fetch.ts';
import { importModel } from './import-model.ts';
import { filtered, type KeyRow, parseSort, type Sorting, sorted, sortText } from './order.ts';
import { changedRow, countedBy, type Only, onlys, personalRow, scoped } from './rows.ts';
import { tellSameValue } from './same-value.ts';
import { selection } from './selection.ts';
import { fetchUses, withUse } from './uses.ts';

/** What somebody else has made of the key of the open dialog, which has its new state. */
export interface Conflict {
  before: KeyRow;
  /** Who stored its value, if that is another one; null if it is not, or if that cannot be learnt. */
  by: string | null;
}

interface Removed {
  gone: readonly string[];
  left: readonly string[];
  problem: unknown;
  undo: () => Promise<void>;
}

export type Open =
  | { kind: 'new'; prefix?: string }
  | { kind: 'edit' | 'versions' | 'rename' | 'give'; row: KeyRow }
  | { kind: 'trash-changed'; row: KeyRow }
  | { kind: 'destroy-version'; row: KeyRow; version: number }
  | { kind: 'import'; prefix: string }
  | { kind: 'copy-env'; names: readonly string[] };

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
  const versions = loaded(async () => (open.value?.kind === 'versions' ? fetchVersions(open.value.row.name) : []));

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
  const restored = async (ids: readonly number[]): Promise<void> => {
    let done = 0;
    try {
      for (const id of ids) {
        await api.restoreKey(id);
        done += 1;
      }
    } catch (problem) {
      if (ids.length === 1) throw problem;
      throw new Problem(
        0,
        `${done} of ${ids.length} keys are back, the others are still in the trash. ${asProblem(problem).message}`,
      );
    } finally {
      await list.load();
    }
  };

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
    /** The versions of the key whose dialog is open. */
    versions,
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

    show: (next: Open | null) => {
      open.value = next;
      times.value += 1;
      draft.value = initial.value;
      conflict.value = null;
      versions.answer.value = null;
      imports.begin(next?.kind === 'import' ? next.prefix : '');
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

    /** Fetches one value, which the log records as a view. The model does not keep it. */
    read: async (name: string, version?: number) => {
      const { api_key } = await sent(version === undefined ? api.key(name) : api.keyVersion(name, version));
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
      // From when on days are counted is for the vault to say.
      if (fields.rotate_every_days != null) await list.load();
      return now;
    },

    /** Gives a key another name, or to somebody else. Both may change who reaches it. */
    move: async (name: string, to: Pick<KeyChange, 'key_name' | 'owner'>, revision: number | null = null) => {
      const now = await sent(api.updateKey(name, to, revision));
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
      await list.load();
    },

    /**
     * Moves keys to the trash one by one, and tells how many it has done. Those that somebody has changed meanwhile are `left`.
     * With a `problem` it stopped at that.
     */
    remove: async (rows: readonly KeyRow[], onProgress: (count: number) => void = () => {}): Promise<Removed> => {
      const gone = new Map<string, number | null>();
      const left: string[] = [];
      let problem: unknown = null;
      for (const { name, revision } of rows) {
        try {
          gone.set(name, await api.deleteKey(name, revision));
        } catch (found) {
          if (isConflict(found) || isGone(found)) left.push(name);
          else problem = found;
        }
        if (problem !== null) break;
        onProgress(gone.size);
      }
      change((all) => all.filter((row) => !gone.has(row.name)));
      if (left.length > 0) await list.load();
      const ids = [...gone.values()].filter((id) => id !== null);
      return { gone: [...gone.keys()], left, problem, undo: () => restored(ids) };
    },
  };
};

const isStatus = (status: number) => (problem: unknown) => problem instanceof Problem && problem.status === status;

/** Whether a change was refused because the key has changed since. */
export const isConflict = isStatus(412);

/** Whether there is no such key any more. */
export const isGone = isStatus(404);

export type KeysModel = ReturnType<typeof keysModel>;

export interface KeysProps {
  model: KeysModel;
  isAdmin: boolean;
}
