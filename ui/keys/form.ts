/** The dialog to add a key. */
import { html } from 'htm/preact';
import { FormDialog } from '../parts/form-dialog.ts';
import { notify } from '../parts/toast.ts';
import { askFirst } from '../parts/unsaved.ts';
import { Details } from './details.ts';
import { changeOf, emptyDraft } from './draft.ts';
import { DescriptionField, useKeyForm } from './key-form.ts';
import type { KeysModel } from './model.ts';
import { NameField } from './name-field.ts';
import { ValueField } from './value-field.ts';

interface Props {
  title: string;
  model: KeysModel;
  onClose: () => void;
}

export const NewKey = ({ title, model, onClose: close }: Props) => {
  const { task, problem, errorAt, checked, draft, edit } = useKeyForm(model);

  const submit = checked(async () => {
    const { name: given, value, ...rest } = model.draft.value;
    const { api_key, ...details } = changeOf({ name: given, value, ...rest }, emptyDraft);
    const name = await model.add({ name: given, value: api_key ?? '', ...details });
    close();
    const wasHidden = model.arrive(name);
    notify({
      text: wasHidden ? `Added ${name}. The search was cleared to show it.` : `Added ${name}.`,
      about: ['key', name],
    });
  });

  return html`
    <${FormDialog}
      title=${title} action="Add key" task=${task} problem=${problem} isTyped=${model.isTyped.value} onSubmit=${submit} onClose=${close}
    >
      <${NameField} draft=${draft} error=${errorAt('key_name')} onEdit=${edit} onImport=${(text: string) => beginImport(model, text)} />
      <${ValueField} draft=${draft} name="" error=${errorAt('api_key')} onEdit=${edit} />
      <${DescriptionField} draft=${draft} error=${errorAt('description')} onEdit=${edit} />
      <${Details} draft=${draft} isOpen=${false} errorAt=${errorAt} onEdit=${edit} />
    <//>
  `;
};

const beginImport = (model: KeysModel, text: string) =>
  askFirst(model.isTyped.value, () => {
    const { name } = model.draft.value;
    model.show({ kind: 'import', prefix: name.slice(0, name.lastIndexOf('/') + 1) });
    model.imports.offer(text);
  });
