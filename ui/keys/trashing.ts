/** Moves keys to the trash and offers to take that back. */
import { complain, notify } from '../parts/toast.ts';
import type { KeysModel } from './model.ts';
import type { KeyRow } from './order.ts';

/**
 * `onProgress` gets the count of those that are done. If one fails, those before it are in the trash. One that somebody has
 * changed meanwhile is left where it is: the user is asked about one, and several stay selected.
 */
export const moveToTrash = async (
  model: KeysModel,
  rows: readonly KeyRow[],
  onProgress?: (count: number) => void,
): Promise<void> => {
  const single = rows.length === 1 ? rows[0] : undefined;
  const about = single && ['key', single.name];
  const next = single ? neighbourOf(model, single.name) : null;
  const { gone, left, problem, undo } = await model.remove(rows, onProgress);
  const changed = left.filter(model.rowNamed);
  const missing = left.filter((name) => !model.rowNamed(name));
  if (single && changed.length > 0) {
    model.show({ kind: 'trash-changed', row: single });
    return;
  }
  if (single && problem === null) model.arrived.value = next;
  else model.selected.only(rows.map(({ name }) => name).filter((name) => !gone.includes(name)));
  const text = [
    gone.length > 0 && `Moved ${keysText(gone)} to the trash.`,
    changed.length > 0 && `${keysText(changed)} changed meanwhile and stayed: look at them, then delete them again.`,
    missing.length > 0 && `Somebody else has deleted or renamed ${keysText(missing)}.`,
  ].filter(Boolean);
  if (text.length > 0)
    notify({
      text: text.join(' '),
      about,
      ...(left.length > 0 && { tone: 'plain' }),
      ...(gone.length > 0 && { undo }),
    });
  if (problem !== null) complain(problem, about);
};

/** The name of the row that takes the place of another one, or the one before it. */
const neighbourOf = (model: KeysModel, name: string): string | null => {
  const rows = model.shown.value;
  const at = rows.findIndex((row) => row.name === name);
  return (rows[at + 1] ?? rows[at - 1])?.name ?? null;
};

export const keysText = (keys: readonly (string | KeyRow)[]): string => {
  const [first] = keys;
  if (keys.length !== 1 || first === undefined) return `${keys.length.toLocaleString()} keys`;
  return typeof first === 'string' ? first : first.name;
};
