/** The dialogs that restore a key under another name, and that destroy it for good. */
import { html } from 'htm/preact';
import { shown } from '../../core/text.ts';
import type { TrashedKey } from '../api/wire.ts';
import { Confirm } from '../parts/confirm.ts';
import { typed } from '../parts/events.ts';
import { Field, unmanaged } from '../parts/field.ts';
import { useForm } from '../parts/form.ts';
import { FormDialog } from '../parts/form-dialog.ts';
import { notify } from '../parts/toast.ts';
import type { TrashModel } from './model.ts';

interface Props {
  model: TrashModel;
  item: TrashedKey;
}

const fieldNames = { key_name: { label: 'The name' } };

export const RestoreAs = ({ model, item, onRestored }: Props & { onRestored: () => void }) => {
  const { task, problem, errorAt, edited } = useForm(fieldNames, { 409: 'key_name', 404: 'key_name' });
  const close = () => model.show(null);
  const submit = async () => {
    const name = model.name.value.trim();
    await model.restore(item.id, name === item.key_name ? undefined : name);
    close();
    onRestored();
    notify({ text: `Restored ${item.key_name}${name === item.key_name ? '' : ` as ${name}`}.`, about: ['key', name] });
  };
  const edit = (text: string) => {
    model.name.value = text;
    edited('key_name');
  };
  return html`
    <${FormDialog}
      title="Restore under another name" action="Restore" task=${task} problem=${problem} isTyped=${model.isTyped.value}
      onSubmit=${submit} onClose=${close}
    >
      <p class="soft"><strong class="verbatim">${shown(item.key_name)}</strong> comes back with all its versions. If its name is taken by now, it needs another one.</p>
      <${Field} label="Name" error=${errorAt('key_name')}>
        ${(field: object) => html`<input
          ...${field} ...${unmanaged} name="restored_name" required autofocus autocapitalize="none" spellcheck=${false}
          value=${model.name.value} onInput=${(event: Event) => edit(typed(event))}
        />`}
      <//>
    <//>
  `;
};

export const DestroyKey = ({ model, item }: Props) => {
  const close = () => model.show(null);
  const destroy = async () => {
    await model.destroy(item.id);
    close();
    notify({ text: `Destroyed ${item.key_name}.`, about: ['key', item.key_name] });
  };
  return html`
    <${Confirm} title="Destroy this key?" action="Destroy key" name=${item.key_name} onConfirm=${destroy} onClose=${close}>
      <p>All its versions are erased, and cannot be restored. Its history stays in the access log.</p>
    <//>
  `;
};
