/** The state of the trash: the keys in it, and the open dialog. */
import { computed, signal } from '@preact/signals';
import { api, Problem } from '../api/client.ts';
import { loaded } from '../api/loaded.ts';
import { fetchAll } from '../api/paged.ts';
import type { TrashedKey } from '../api/wire.ts';

export type Open = { kind: 'restore-as' | 'destroy'; item: TrashedKey };

export const trashModel = () => {
  const list = loaded(fetchTrash);
  const open = signal<Open | null>(null);
  /** The other name in the open form. It survives the page, so that nothing typed is lost when the session ends. */
  const name = signal('');
  const isTyped = computed(() => open.value?.kind === 'restore-as' && name.value !== open.value.item.key_name);
  const reloadAfter = async (change: Promise<unknown>) => {
    try {
      await change;
    } catch (problem) {
      // Somebody else was quicker.
      if (problem instanceof Problem && problem.status === 404) await list.load();
      throw problem;
    }
    await list.load();
  };
  return {
    list,
    open,
    name,
    isTyped,
    show: (next: Open | null) => {
      open.value = next;
      name.value = next?.kind === 'restore-as' ? next.item.key_name : '';
    },
    restore: (id: number, as?: string) => reloadAfter(api.restoreKey(id, as)),
    destroy: (id: number) => reloadAfter(api.destroyKey(id)),
  };
};

export type TrashModel = ReturnType<typeof trashModel>;

/** The newest first. */
const fetchTrash = async (): Promise<TrashedKey[]> => {
  const found = await fetchAll(async (after) => {
    const { keys, next } = await api.trash(after);
    return { items: keys, next: next === undefined ? undefined : String(next) };
  });
  return found.sort((a, b) => Date.parse(b.deleted_at) - Date.parse(a.deleted_at));
};
