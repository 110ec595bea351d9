/** Moves keys to the trash and offers to take that back. */
import { complain, notify } from '../parts/toast.ts';
import type { KeysModel } from './model.ts';

/** `onProgress` gets the count of those that are done. If one fails, those before it are in the trash. */
export const moveToTrash = async (
  model: KeysModel,
  names: readonly string[],
  onProgress?: (count: number) => void,
): Promise<void> => {
  const [only] = names;
  const about = names.length === 1 && only !== undefined ? ['key', only] : undefined;
  const done: string[] = [];
  const next = only === undefined || names.length > 1 ? null : neighbourOf(model, only);
  try {
    const undo = await model.remove(names, (count) => {
      done.push(names[count - 1] ?? '');
      onProgress?.(count);
    });
    if (next !== null) model.arrived.value = next;
    notify({ text: `Moved ${keysText(names)} to the trash.`, undo, about });
  } catch (problem) {
    if (done.length > 0) notify({ text: `Moved ${keysText(done)} to the trash, then it failed.`, tone: 'plain' });
    complain(problem, about);
  }
};

/** The name of the row that takes the place of another one, or the one before it. */
const neighbourOf = (model: KeysModel, name: string): string | null => {
  const rows = model.shown.value;
  const at = rows.findIndex((row) => row.name === name);
  return (rows[at + 1] ?? rows[at - 1])?.name ?? null;
};

export const keysText = (names: readonly string[]): string =>
  names.length === 1 ? (names[0] ?? '') : `${names.length.toLocaleString()} keys`;
