/** What is shown when somebody else has changed a key since its dialog was opened: what became of it, and what can be done. */
import { html } from 'htm/preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { shown } from '../../core/text.ts';
import { Button } from '../parts/button.ts';
import { Confirm } from '../parts/confirm.ts';
import { Waiting } from '../parts/state.ts';
import { Ago } from '../parts/time.ts';
import { changesText } from './changes-text.ts';
import { fetchVersions } from './fetch.ts';
import type { Conflict, KeysModel } from './model.ts';
import type { KeyRow } from './order.ts';
import { isConflict, isGone } from './removing.ts';
import { moveToTrash } from './trashing.ts';

export const goneText =
  'Nothing was saved: there is no key of this name any more, or you no longer reach it. Somebody may have renamed or deleted it. Copy what you typed, then close this.';

/** Sends a change of the key of the open dialog. If somebody was quicker, the dialog says so and stays open. */
export const sendUnlessChanged = async (model: KeysModel, row: KeyRow, send: () => Promise<void>): Promise<void> => {
  try {
    await send();
  } catch (problem) {
    if (!isConflict(problem) || !(await lookAgain(model, row))) throw problem;
  }
};

/** Finds out what became of a key: from the list, which was just fetched. Returns whether there is one. */
const lookAgain = async (model: KeysModel, before: KeyRow): Promise<boolean> => {
  const now = model.rowNamed(before.name);
  if (now) model.goOnWith(now, now.version === before.version ? null : await authorOf(now.name));
  return now !== null;
};

/** Who stored the current value; null if that cannot be learnt. */
const authorOf = async (name: string): Promise<string | null> => {
  try {
    return (await fetchVersions(name)).find(({ is_current }) => is_current)?.created_by ?? null;
  } catch {
    return null;
  }
};

interface Props {
  /** As it is now. */
  row: KeyRow;
  conflict: Conflict;
  /** Drops what was typed and shows the key as it is. */
  onLoad: () => void;
}

/** Takes the focus: whoever pressed Enter twice must not overwrite what nobody has read. */
export const ConflictNote = ({ row, conflict, onLoad }: Props) => {
  const note = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => note.current?.focus(), [conflict]);
  return html`
    <div ref=${note} class="warning conflict" role="alert" tabindex=${-1}>
      <p><strong>Nothing was saved: this key has changed since you opened it.</strong></p>
      <${Changes} row=${row} conflict=${conflict} />
      <p>What you typed is still here. Save it anyway, or drop it and load the key as it is now.</p>
      <${Button} kind="quiet" icon="refresh" onClick=${onLoad}>Drop mine, load the current state<//>
    </div>
  `;
};

const Changes = ({ row, conflict }: Omit<Props, 'onLoad'>) => html`
  <p>Changed <${Ago} time=${row.updatedAt} />${shown(changesText(row, conflict))}.</p>
`;

export const problemOfKey = (problem: string | null, error: unknown): string | null =>
  isConflict(error) || isGone(error) ? goneText : problem;

/** The question before a key goes to the trash that has changed since the list was fetched. */
export const TrashChanged = ({ model, row }: { model: KeysModel; row: KeyRow }) => {
  const conflict = model.conflict.value;
  const close = () => model.show(null);
  useLayoutEffect(() => {
    void lookAgain(model, row);
  }, []);
  const trash = async () => {
    close();
    await moveToTrash(model, [row]);
  };
  return html`
    <${Confirm} title="Delete a key that has changed?" action="Move to trash anyway" onConfirm=${trash} onClose=${close}>
      <p><strong class="verbatim">${shown(row.name)}</strong> has changed since this list was loaded, so it was not deleted.</p>
      ${conflict ? html`<${Changes} row=${row} conflict=${conflict} />` : html`<${Waiting}>Looking what has changed…<//>`}
    <//>
  `;
};
