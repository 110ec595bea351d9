/** The dialogs to add, to edit and to delete a key. */
import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { Button } from '../parts/button.ts';
import { Confirm } from '../parts/confirm.ts';
import { typed } from '../parts/events.ts';
import { Field } from '../parts/field.ts';
import { placed } from '../parts/form.ts';
import { FormDialog } from '../parts/form-dialog.ts';
import { useTask } from '../parts/task.ts';
import { Ago } from '../parts/time.ts';
import { notify } from '../parts/toast.ts';
import type { KeysModel } from './model.ts';
import type { KeyRow } from './order.ts';
import { parseAssignment } from './paste.ts';
import { Value } from './value.ts';
import { ValueField } from './value-field.ts';

const fieldNames = {
  key_name: { label: 'The name' },
  api_key: { label: 'The value' },
  description: { label: 'The description' },
};

export const NewKey = ({ model }: { model: KeysModel }) => {
  const task = useTask();
  const note = useSignal('');
  const { name } = model.draft.value;
  const problem = placed(task.problem.value, fieldNames, { 409: 'key_name' });
  const close = () => model.show(null);

  const submit = async () => {
    const draft = model.draft.value;
    await model.add(draft);
    close();
    notify({ text: `Added ${draft.name}.` });
  };

  const onPaste = (event: ClipboardEvent) => {
    const found = parseAssignment(event.clipboardData?.getData('text') ?? '');
    if (!found) return;
    event.preventDefault();
    model.edit(found);
    note.value = 'The name and the value were filled in from the line that you pasted.';
  };

  return html`
    <${FormDialog}
      title="Add key" action="Add key" task=${task} problem=${problem.field ? null : problem.text}
      onSubmit=${submit} onClose=${close}
    >
      <${Field} label="Name" hint=${note.value || 'Paste NAME=value to fill in both.'} error=${problem.field === 'key_name' ? problem.text : null}>
        ${(field: object) => html`<input
          ...${field} name="key_name" value=${name} required autofocus autocomplete="off" autocapitalize="none" spellcheck=${false}
          onInput=${(event: Event) => model.edit({ name: typed(event) })} onPaste=${onPaste}
        />`}
      <//>
      <${ValueField} model=${model} name="" error=${problem.field === 'api_key' ? problem.text : null} />
      <${DescriptionField} model=${model} error=${problem.field === 'description' ? problem.text : null} />
    <//>
  `;
};

export const EditKey = ({ model, row }: { model: KeysModel; row: KeyRow }) => {
  const task = useTask();
  const problem = placed(task.problem.value, fieldNames);
  const close = () => model.show(null);

  const submit = async () => {
    const { value, description } = model.draft.value;
    await save(model, row, value, description);
    close();
  };

  const remove = html`
    <${Button} kind="quiet" class="apart danger-text" icon="trash" onClick=${() => model.show({ kind: 'delete', row })}>Delete<//>
  `;
  return html`
    <${FormDialog}
      title=${row.name} action="Save" task=${task} problem=${problem.field ? null : problem.text} aside=${remove}
      onSubmit=${submit} onClose=${close}
    >
      <p class="note">Added by ${row.createdBy} <${Ago} time=${row.createdAt} />, changed <${Ago} time=${row.updatedAt} /></p>
      <div class="field"><span class="label">Current value</span><${Value} model=${model} name=${row.name} isTall /></div>
      <${ValueField} model=${model} name=${row.name} error=${problem.field === 'api_key' ? problem.text : null} />
      <${DescriptionField} model=${model} error=${problem.field === 'description' ? problem.text : null} />
    <//>
  `;
};

/** Sends the fields that changed. A new description can be undone; a new value cannot, since the page does not know the old one. */
const save = async (model: KeysModel, row: KeyRow, value: string, description: string): Promise<void> => {
  const fields = {
    value: value === '' ? undefined : value,
    description: description === row.description ? undefined : description,
  };
  if (fields.value === undefined && fields.description === undefined) return;
  await model.update(row.name, fields);
  const undo = () => model.update(row.name, { description: row.description });
  if (fields.value === undefined) notify({ text: `Changed the description of ${row.name}.`, undo });
  else notify({ text: `Saved a new value for ${row.name}.` });
};

const DescriptionField = ({ model, error }: { model: KeysModel; error: string | null }) => html`
  <${Field} label="Description" hint="What the key is for and who uses it. Not encrypted." error=${error}>
    ${(field: object) => html`<input
      ...${field} name="description" value=${model.draft.value.description} autocomplete="off"
      onInput=${(event: Event) => model.edit({ description: typed(event) })}
    />`}
  <//>
`;

export const DeleteKey = ({ model, row }: { model: KeysModel; row: KeyRow }) => {
  const close = () => model.show(null);
  const remove = async () => {
    await model.remove(row.name);
    close();
    notify({ text: `Deleted ${row.name}.` });
  };
  return html`
    <${Confirm} title="Delete this key?" action="Delete key" name=${row.name} onConfirm=${remove} onClose=${close}>
      <p>Programs that use this key will stop working, and its value cannot be restored. Its history stays in the access log.</p>
    <//>
  `;
};
