/**
 * The state of an import: the text that was pasted or dropped, what is in it, and what the vault says of each entry. It holds
 * values while the dialog is open; it survives an ended session, as every form does.
 */
import { computed, signal } from '@preact/signals';
import type { ImportFile } from '../../core/import/read.ts';
import { OperatorError } from '../../core/operator-error.ts';
import { api } from '../api/client.ts';
import type { ImportAnswer, ImportedEntry } from '../api/wire.ts';

/** What one request may bring. */
export const maxEntries = 1000;

interface Found {
  file: ImportFile | null;
  /** Why the text cannot be read. */
  problem: string | null;
}

const nothing: Found = { file: null, problem: null };

export const importModel = () => {
  const text = signal('');
  const prefix = signal('');
  /** The prefix as it is meant: empty, or with a slash at its end. */
  const under = computed(() => prefix.value.trim().replace(/[^/]$/, '$&/'));
  const found = signal<Found>(nothing);
  /** The names that are not to be imported. */
  const left = signal<ReadonlySet<string>>(new Set());
  /** What the vault said in a dry run, by name; null if it was not asked about these entries. */
  const states = signal<ReadonlyMap<string, ImportedEntry> | null>(null);
  let newest = 0;

  /** The entries that are imported: those that make a difference, and whose boxes are checked. */
  const chosen = computed(() =>
    (found.value.file?.entries ?? []).filter(({ name }) => {
      const state = states.value?.get(name)?.state;
      return (state === 'new' || state === 'changed') && !left.value.has(name);
    }),
  );

  const send = (entries: ImportFile['entries'], isDry: boolean): Promise<ImportAnswer> =>
    api.importKeys({
      prefix: under.value,
      entries: entries.map(({ name, value, description }) => ({
        key_name: name,
        api_key: value,
        ...(description !== '' && { description }),
      })),
      // What is already there is replaced only if its box is checked.
      on_conflict: 'update',
      dry_run: isDry,
    });

  return {
    text,
    prefix,
    under,
    found,
    left,
    states,
    chosen,

    begin: (under: string) => {
      newest += 1;
      text.value = '';
      prefix.value = under;
      found.value = nothing;
      left.value = new Set();
      states.value = null;
    },

    /** Takes a text that `readImport` has not read yet: the dialog does, which brings the readers along. */
    offer: (given: string) => {
      text.value = given;
    },

    /** Reads a text. What was read before is forgotten. */
    read: async (given: string, readImport: (text: string) => Promise<ImportFile>): Promise<void> => {
      newest += 1;
      const mine = newest;
      text.value = given;
      states.value = null;
      left.value = new Set();
      const next = given.trim() === '' ? nothing : await readBy(readImport, given);
      if (mine === newest) found.value = next;
    },

    setPrefix: (given: string) => {
      prefix.value = given;
      states.value = null;
    },
    toggle: (name: string) => {
      const next = new Set(left.value);
      if (!next.delete(name)) next.add(name);
      left.value = next;
    },

    /** Asks what would happen to each entry. The vault changes nothing, and logs what it compared. */
    preview: async (): Promise<void> => {
      const { entries } = found.value.file ?? { entries: [] };
      const mine = newest;
      const answer = await send(entries, true);
      if (mine === newest) states.value = new Map(answer.entries.map((entry) => [entry.key_name, entry]));
    },

    apply: (): Promise<ImportAnswer> => send(chosen.value, false),

    /** Whether there is something that would be lost. */
    isTyped: computed(() => text.value !== ''),
  };
};

export type ImportModel = ReturnType<typeof importModel>;

const readBy = async (readImport: (text: string) => Promise<ImportFile>, text: string): Promise<Found> => {
  try {
    return { file: await readImport(text), problem: null };
  } catch (problem) {
    if (problem instanceof OperatorError) return { file: null, problem: problem.message };
    throw problem;
  }
};

/** How many entries are in each state. */
export const counted = (entries: readonly ImportedEntry[]): Record<ImportedEntry['state'], number> => {
  const counts = { new: 0, changed: 0, same: 0, conflict: 0, invalid: 0 };
  for (const { state } of entries) counts[state] += 1;
  return counts;
};
