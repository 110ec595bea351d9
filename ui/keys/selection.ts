/** Which keys of a list are selected. */
import { computed, type ReadonlySignal, signal } from '@preact/signals';
import type { KeyRow } from './order.ts';

export const selection = (shown: ReadonlySignal<readonly KeyRow[]>) => {
  /** Null while the list has no boxes to check. */
  const names = signal<ReadonlySet<string> | null>(null);
  let last: string | null = null;

  const set = (changed: Iterable<string>) => {
    names.value = new Set(changed);
  };

  return {
    isOn: computed(() => names.value !== null),
    /** Those that are on the list: a key that a search hides is not touched. In the order of the list. */
    rows: computed(() => {
      const chosen = names.value;
      return chosen ? shown.value.filter(({ name }) => chosen.has(name)) : [];
    }),
    has: (name: string) => names.value?.has(name) === true,

    begin: () => set([]),
    end: () => {
      names.value = null;
      last = null;
    },
    all: () => set(shown.value.map(({ name }) => name)),
    none: () => set([]),
    /** Leaves these selected, if the list has boxes to check. */
    only: (kept: readonly string[]) => {
      if (names.value) set(kept);
    },

    /** With `isRange`, what lies between the last one and this one becomes as this one. */
    toggle: (name: string, isRange = false) => {
      const next = new Set(names.value ?? []);
      const isChosen = !next.has(name);
      const rows = shown.value;
      const [from, to] = [rows.findIndex((row) => row.name === last), rows.findIndex((row) => row.name === name)];
      const changed = isRange && from >= 0 ? rows.slice(Math.min(from, to), Math.max(from, to) + 1) : [{ name }];
      for (const row of changed) {
        if (isChosen) next.add(row.name);
        else next.delete(row.name);
      }
      last = name;
      names.value = next;
    },
  };
};
