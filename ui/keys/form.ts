/** The dialogs to add, to edit and to delete a key. */
import { html } from 'htm/preact';
import { Button } from '../parts/button.ts';
import { Confirm } from '../parts/confirm.ts';
import { typed } from '../parts/events.ts';
import { Field, unmanaged } from '../parts/field.ts';
import { useForm } from '../parts/form.ts';
import { FormDialog } from '../parts/form-dialog.ts';
import { Ago } from '../parts/time.ts';
import { notify } from '../parts/toast.ts';
import { askFirst } from '../parts/unsaved.ts';
import type { Draft, KeysModel } from './model.ts';
import { NameField, SecretWarning } from './name-field.ts';
import type { KeyRow } from './order.ts';
import { Value } from './value.ts';
import { ValueField } from './value-field.ts';

const fieldNames = {
  key_name: { label: 'The name' },
  api_key: { label: 'The value' },
  description: { label: 'The description' },
};

/** The form's state. An edit of a field takes its error along. */
const useKeyForm = (model: KeysModel) => {
  const form = useForm(fieldNames, { 409: 'key_name' });
  const edit = (fields: Partial<Draft>) => {
    model.edit(fields);
    if (fields.name !== undefined) form.edited('key_name');
    if (fields.value !== undefined) form.edited('api_key');
    if (fields.description !== undefined) form.edited('description');
  };
  return { ...form, draft: model.draft.value, edit, close: () => model.show(null) };
};

export const NewKey = ({ model }: { model: KeysModel }) => {
  const { task, problem, errorAt, draft, edit, close } = useKeyForm(model);

  const submit = async () => {
    const name = await model.add(model.draft.value);
    close();
    const wasHidden = model.arrive(name);
    notify({
      text: wasHidden ? `Added ${name}. The search was cleared to show it.` : `Added ${name}.`,
      about: ['key', name],
    });
  };

  return html`
    <${FormDialog}
      title="Add key" action="Add key" task=${task} problem=${problem} isTyped=${model.isTyped.value} onSubmit=${submit} onClose=${close}
    >
      <${NameField} draft=${draft} error=${errorAt('key_name')} onEdit=${edit} />
      <${ValueField} draft=${draft} name="" error=${errorAt('api_key')} onEdit=${edit} />
      <${DescriptionField} draft=${draft} error=${errorAt('description')} onEdit=${edit} />
    <//>
  `;
};

export const EditKey = ({ model, row }: { model: KeysModel; row: KeyRow }) => {
  const { task, problem, errorAt, draft, edit, close } = useKeyForm(model);
  const isTyped = model.isTyped.value;

  const submit = async () => {
    const { value, description } = model.draft.value;
    await save(model, row, value, description);
    close();
  };

  const askToDelete = () => askFirst(isTyped, () => model.show({ kind: 'delete', row }));
  const remove = html`<${Button} kind="quiet" class="apart danger-text" icon="trash" onClick=${askToDelete}>Delete<//>`;
  return html`
    <${FormDialog}
      title=${row.name} action="Save" task=${task} problem=${problem} aside=${remove} isTyped=${isTyped} onSubmit=${submit} onClose=${close}
    >
      <p class="note">Added by ${row.createdBy} <${Ago} time=${row.createdAt} />, changed <${Ago} time=${row.updatedAt} /></p>
      <div class="field"><span class="label">Current value</span><${Value} model=${model} name=${row.name} isTall /></div>
      <${ValueField} draft=${draft} name=${row.name} error=${errorAt('api_key')} onEdit=${edit} />
      <${DescriptionField} draft=${draft} error=${errorAt('description')} onEdit=${edit} />
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
  const about = ['key', row.name, ...(fields.description === undefined ? ['value'] : [])];
  if (fields.value !== undefined) notify({ text: `Saved a new value for ${row.name}.`, about });
  else notify({ text: `Changed the description of ${row.name}.`, undo, about: [...about, 'description'] });
};

interface DescriptionProps {
  draft: Draft;
  error: string | null;
  onEdit: (fields: Partial<Draft>) => void;
}

const DescriptionField = ({ draft, error, onEdit }: DescriptionProps) => html`
  <${Field} label="Description" hint="What the key is for and who uses it. Not encrypted." error=${error}>
    ${(field: object) => html`<input
      ...${field} ...${unmanaged} name="description" value=${draft.description}
      onInput=${(event: Event) => onEdit({ description: typed(event) })}
    />`}
  <//>
  <${SecretWarning} text=${draft.description} what="Descriptions" />
`;

export const DeleteKey = ({ model, row }: { model: KeysModel; row: KeyRow }) => {
  const close = () => model.show(null);
  const remove = async () => {
    await model.remove(row.name);
    close();
    notify({ text: `Deleted ${row.name}.`, about: ['key', row.name] });
  };
  return html`
    <${Confirm} title="Delete this key?" action="Delete key" name=${row.name} onConfirm=${remove} onClose=${close}>
      <p>Programs that use this key will stop working, and its value cannot be restored. Its history stays in the access log.</p>
    <//>
  `;
};
