/** The dialogs that give a key another name, and with it another place, or another owner. */
import { html } from 'htm/preact';
import { shown } from '../../core/text.ts';
import { typed } from '../parts/events.ts';
import { Field, unmanaged } from '../parts/field.ts';
import { useForm } from '../parts/form.ts';
import { FormDialog } from '../parts/form-dialog.ts';
import { notify } from '../parts/toast.ts';
import { ConflictNote, goneText, problemOfKey, sendUnlessChanged } from './conflict.ts';
import type { KeysModel } from './model.ts';
import { SecretWarning } from './name-field.ts';
import type { KeyRow } from './order.ts';

interface Props {
  model: KeysModel;
  row: KeyRow;
}

const nameField = { key_name: { label: 'The name' } };

export const RenameKey = ({ model, row, mayTake }: Props & { mayTake: boolean }) => {
  const { task, problem, errorAt, edited } = useForm(nameField, { 409: 'key_name', 404: 'key_name' });
  const { name } = model.draft.value;
  const conflict = model.conflict.value;
  const close = () => model.show(null);
  // A 404 may be about either name.
  const isGone = task.problem.value?.status === 404 && !model.rowNamed(row.name);

  const submit = async () => {
    const to = name.trim();
    if (to === row.name) {
      close();
      return;
    }
    await sendUnlessChanged(model, row, async () => {
      const moved = await model.move(row.name, { key_name: to }, row.revision);
      close();
      model.arrive(to);
      const undo = async () => {
        await model.move(to, { key_name: row.name }, moved);
      };
      notify({ text: `${row.name} is now ${to}.`, undo, about: ['key', row.name] });
    });
  };
  const edit = (text: string) => {
    model.edit({ name: text });
    edited('key_name');
  };
  const hint =
    row.project !== null && !mayTake
      ? html`It stays in the project <strong class="verbatim">${shown(row.project)}</strong>: only its managers may take keys out.`
      : 'What stands before the first slash is the project, if there is one of that name.';

  return html`
    <${FormDialog}
      title="Rename or move" action=${conflict ? 'Rename anyway' : 'Rename'} task=${task} problem=${isGone ? goneText : problem} isTyped=${model.isTyped.value} onSubmit=${submit} onClose=${close}
    >
      ${conflict && html`<${ConflictNote} row=${row} conflict=${conflict} onLoad=${() => model.show({ kind: 'rename', row })} />`}
      <p class="soft">All versions of <strong class="verbatim">${shown(row.name)}</strong> go along. Programs must ask for the new name from now on.</p>
      <${Field} label="New name" hint=${hint} error=${isGone ? null : errorAt('key_name')}>
        ${(field: object) => html`<input
          ...${field} ...${unmanaged} name="new_name" required autofocus autocapitalize="none" spellcheck=${false}
          value=${name} onInput=${(event: Event) => edit(typed(event))}
        />`}
      <//>
      <${SecretWarning} text=${name} what="Names" />
    <//>
  `;
};

const ownerField = { owner: { label: 'This' } };

export const GiveKey = ({ model, row }: Props) => {
  const { task, problem, errorAt, edited } = useForm(ownerField, { 409: 'owner' });
  const { name } = model.draft.value;
  const conflict = model.conflict.value;
  const close = () => model.show(null);

  const submit = async () => {
    const owner = name.trim();
    await sendUnlessChanged(model, row, async () => {
      await model.move(row.name, { owner }, row.revision);
      close();
      notify({ text: `${row.name} belongs to ${owner} now.`, about: ['key', row.name] });
    });
  };
  const edit = (text: string) => {
    model.edit({ name: text });
    edited('owner');
  };
  return html`
    <${FormDialog}
      title="Hand over" action=${conflict ? 'Hand over anyway' : 'Hand over'} task=${task} problem=${problemOfKey(problem, task.problem.value)} isTyped=${model.isTyped.value} onSubmit=${submit} onClose=${close}
    >
      ${conflict && html`<${ConflictNote} row=${row} conflict=${conflict} onLoad=${() => model.show({ kind: 'give', row })} />`}
      <p class="soft"><strong class="verbatim">${shown(row.name)}</strong> then belongs to another user. Who owned it no longer reaches it.</p>
      <${Field} label="User name of the new owner" error=${errorAt('owner')}>
        ${(field: object) => html`<input
          ...${field} ...${unmanaged} name="new_owner" required autofocus autocapitalize="none" spellcheck=${false}
          value=${name} onInput=${(event: Event) => edit(typed(event))}
        />`}
      <//>
    <//>
  `;
};
