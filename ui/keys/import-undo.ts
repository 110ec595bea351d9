/** Takes an import back: what it added goes to the trash, and what it replaced gets its earlier value again. */
import { api, Problem } from '../api/client.ts';
import { asProblem } from '../api/loaded.ts';
import type { KeyChange } from '../api/wire.ts';
import type { KeysModel } from './model.ts';
import type { KeyRow } from './order.ts';

interface Replaced {
  before: KeyRow;
  after: KeyRow;
}

export interface Imported {
  added: readonly KeyRow[];
  replaced: readonly Replaced[];
  /** How many somebody else has changed since, or at the same time. They are not touched. */
  others: number;
}

type Rows = ReadonlyMap<string, KeyRow>;

export const rowsByName = (rows: readonly KeyRow[] | null): Rows => new Map((rows ?? []).map((row) => [row.name, row]));

/** What of an import can be taken back, by the list before and after it: its own change must be the only one in between. */
export const importedOf = (
  names: { added: readonly string[]; replaced: readonly string[] },
  was: Rows,
  is: Rows,
): Imported => {
  const added = names.added.flatMap((name) => is.get(name) ?? []).filter(({ revision }) => revision === 1);
  const replaced = names.replaced.flatMap((name) => {
    const [before, after] = [was.get(name), is.get(name)];
    return before && after && isNextOf(after, before) ? [{ before, after }] : [];
  });
  return { added, replaced, others: names.added.length + names.replaced.length - added.length - replaced.length };
};

const isNextOf = (after: KeyRow, before: KeyRow) =>
  before.revision !== null && after.revision === before.revision + 1 && after.version === before.version + 1;

/**
 * Takes it back, one key after the other, and tells how many it has done.
 *
 * @returns what was done, in words.
 * @throws Problem that says how far it came.
 */
export const takeBack = async (
  model: KeysModel,
  { added, replaced, others }: Imported,
  onProgress: (count: number) => void,
): Promise<string> => {
  const { gone, left, problem } = await model.remove(added, onProgress);
  const done = { trashed: gone.length, reset: 0, left: others + left.length };
  if (problem !== null) throw stopped(done, problem);
  // Unlike a deletion, the vault restores a version whatever has happened to the key since.
  if (replaced.length > 0) await model.list.load();
  const is = rowsByName(model.list.answer.value);
  try {
    for (const { before, after } of replaced) {
      if (is.get(after.name)?.revision === after.revision) {
        await setBack(before, after);
        done.reset += 1;
      } else {
        done.left += 1;
      }
      onProgress(gone.length + done.reset);
    }
  } catch (found) {
    throw stopped(done, found);
  } finally {
    if (replaced.length > 0) await model.list.load();
  }
  return `Took the import back: ${doneText(done)}.`;
};

const setBack = async ({ name, version, description }: KeyRow, after: KeyRow) => {
  await api.restoreVersion(name, version);
  const change: KeyChange = { description };
  if (description !== after.description) await api.updateKey(name, change);
};

interface Done {
  trashed: number;
  reset: number;
  left: number;
}

const stopped = (done: Done, problem: unknown) => {
  const { status, message } = asProblem(problem);
  return new Problem(
    status,
    `Taking the import back stopped: ${doneText(done) || 'nothing was taken back'}; the rest is as imported. ${message}`,
  );
};

const doneText = ({ trashed, reset, left }: Done): string =>
  [
    trashed > 0 && `${counted(trashed, 'is', 'are')} in the trash`,
    reset > 0 && `${counted(reset, 'has its earlier value', 'have their earlier values')} again`,
    left > 0 &&
      `${counted(left, 'was', 'were')} changed by somebody else meanwhile and ${left === 1 ? 'stays' : 'stay'}`,
  ]
    .filter(Boolean)
    .join(', ');

const counted = (count: number, one: string, many: string) =>
  count === 1 ? `1 key ${one}` : `${count.toLocaleString()} keys ${many}`;
