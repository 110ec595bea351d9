/** The forms on the page of a key: for a new value, and for everything else. What was typed is not dropped without a question. */
import { html } from 'htm/preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Button } from '../parts/button.ts';
import { unmanaged } from '../parts/field.ts';
import { FormProblem } from '../parts/form.ts';
import { notify } from '../parts/toast.ts';
import { askFirst, useUnsaved } from '../parts/unsaved.ts';
import { ConflictNote, problemOfKey, sendUnlessChanged } from './conflict.ts';
import { Details } from './details.ts';
import { changeOf, draftOf, undoOf } from './draft.ts';
import { DescriptionField, useKeyForm } from './key-form.ts';
import type { KeysModel } from './model.ts';
import type { KeyRow } from './order.ts';
import { ValueField } from './value-field.ts';

interface Props {
  model: KeysModel;
  /** As it was when the form was opened. */
  row: KeyRow;
  part: 'value' | 'details';
}

export const EditForm = ({ model, row, part }: Props) => {
  const { task, problem, errorAt, checked, draft, edit } = useKeyForm(model);
  const form = useRef<HTMLFormElement>(null);
  const isTyped = model.isTyped.value;
  const conflict = model.conflict.value;
  useUnsaved(isTyped);
  useLayoutEffect(() => form.current?.querySelector<HTMLElement>('[autofocus]')?.focus(), []);

  const close = () => askFirst(isTyped, () => model.show(null));
  const send = checked(() =>
    sendUnlessChanged(model, row, async () => {
      await save(model, row);
      model.show(null);
    }),
  );
  const submit = (event: Event) => {
    event.preventDefault();
    void task.run(send);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || event.isComposing) return;
    event.stopPropagation();
    // Otherwise the browser closes the question with the same key press.
    event.preventDefault();
    close();
  };
  return html`
    <form ref=${form} class="key-form stack" ...${unmanaged} onSubmit=${submit} onKeyDown=${onKeyDown}>
      ${conflict && html`<${ConflictNote} row=${row} conflict=${conflict} onLoad=${() => model.show({ kind: 'edit', row, part })} />`}
      ${
        part === 'value'
          ? html`<${ValueField} draft=${draft} name=${row.name} error=${errorAt('api_key')} onEdit=${edit} />`
          : html`
              <${DescriptionField} draft=${draft} error=${errorAt('description')} isFirst onEdit=${edit} />
              <${Details} draft=${draft} isOpen errorAt=${errorAt} onEdit=${edit} />
            `
      }
      <${FormProblem} text=${problemOfKey(problem, task.problem.value)} isRefused=${task.problem.value?.isRefusal} />
      <div class="dialog-actions">
        <${Button} onClick=${close}>Cancel<//>
        <${Button} kind="primary" type="submit" isBusy=${task.isBusy.value}>${conflict ? 'Save anyway' : 'Save'}<//>
      </div>
    </form>
  `;
};

/** Sends the fields that changed. A new value cannot be undone here, since the page does not know the old one: the versions of the key do. */
const save = async (model: KeysModel, row: KeyRow): Promise<void> => {
  const change = changeOf(model.draft.value, draftOf(row));
  const fields = Object.keys(change);
  if (fields.length === 0) return;
  const revision = await model.update(row.name, change, row.revision);
  const undo = async () => {
    await model.update(row.name, undoOf(change, row), revision);
  };
  if (change.api_key !== undefined) {
    const about = ['key', row.name, ...(fields.length === 1 ? ['value'] : [])];
    notify({ text: `Saved a new value for ${row.name}.`, about });
  } else {
    const isDescription = fields.length === 1 && change.description !== undefined;
    const text = isDescription ? `Changed the description of ${row.name}.` : `Changed ${row.name}.`;
    notify({ text, undo, about: ['key', row.name, 'description'] });
  }
};
