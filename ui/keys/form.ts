/** The dialogs to add, to edit and to look at a key. */
import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { shown } from '../../core/text.ts';
import { Button } from '../parts/button.ts';
import { Dialog } from '../parts/dialog.ts';
import { typed } from '../parts/events.ts';
import { Field, unmanaged } from '../parts/field.ts';
import { focusInvalid, useForm } from '../parts/form.ts';
import { FormDialog } from '../parts/form-dialog.ts';
import { Ago, now } from '../parts/time.ts';
import { notify } from '../parts/toast.ts';
import { askFirst } from '../parts/unsaved.ts';
import { ConflictNote, problemOfKey, sendUnlessChanged } from './conflict.ts';
import { Details } from './details.ts';
import { changeOf, type Draft, draftOf, emptyDraft, problemOf, undoOf } from './draft.ts';
import { dueKind, dueOf } from './due.ts';
import { labelsText } from './labels.ts';
import type { KeysModel, Open } from './model.ts';
import { NameField, SecretWarning } from './name-field.ts';
import type { KeyRow } from './order.ts';
import { moveToTrash } from './trashing.ts';
import { Value } from './value.ts';
import { ValueField } from './value-field.ts';

const fieldNames = {
  key_name: { label: 'The name' },
  api_key: { label: 'The value' },
  description: { label: 'The description' },
  expires_at: { label: 'The date' },
  rotate_every_days: { label: 'The number of days' },
  labels: { label: 'The labels', also: ['A label', 'Labels'] },
};

/** The form's state. An edit of a field takes its error along. */
const useKeyForm = (model: KeysModel) => {
  const form = useForm(fieldNames, { 409: 'key_name' });
  /** What is wrong with the fields of the draft, as of the last submission. */
  const own = useSignal<ReturnType<typeof problemOf>>({});
  const edit = (fields: Partial<Draft>) => {
    model.edit(fields);
    own.value = {};
    if (fields.name !== undefined) form.edited('key_name');
    if (fields.value !== undefined) form.edited('api_key');
    if (fields.description !== undefined) form.edited('description');
    if (fields.expires !== undefined) form.edited('expires_at');
    if (fields.rotate !== undefined) form.edited('rotate_every_days');
    if (fields.labels !== undefined) form.edited('labels');
  };
  /** Does `send` if the draft can be sent. */
  const checked = (send: () => Promise<void>) => async () => {
    own.value = problemOf(model.draft.value);
    if (Object.keys(own.value).length === 0) await send();
    else queueMicrotask(focusInvalid);
  };
  const errorAt = (name: keyof typeof fieldNames) =>
    form.errorAt(name) ?? (own.value as Partial<Record<string, string>>)[name] ?? null;
  return { ...form, errorAt, checked, draft: model.draft.value, edit };
};

interface Props {
  title: string;
  model: KeysModel;
  row: KeyRow;
  onClose: () => void;
}

export const NewKey = ({ title, model, onClose: close }: Omit<Props, 'row'>) => {
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

export const EditKey = ({ title, model, row, isAdmin, onClose: close }: Props & { isAdmin: boolean }) => {
  const { task, problem, errorAt, checked, draft, edit } = useKeyForm(model);
  const isTyped = model.isTyped.value;
  const conflict = model.conflict.value;

  const submit = checked(() =>
    sendUnlessChanged(model, row, async () => {
      await save(model, row);
      close();
    }),
  );
  const instead = (next: Open) => () => askFirst(isTyped, () => model.show(next));
  const trash = () =>
    askFirst(isTyped, () => {
      close();
      void moveToTrash(model, [row]);
    });
  const remove = html`<${Button} kind="quiet" class="apart danger-text" icon="trash" onClick=${trash}>Delete<//>`;
  return html`
    <${FormDialog}
      title=${title} action=${conflict ? 'Save anyway' : 'Save'} task=${task} problem=${problemOfKey(problem, task.problem.value)}
      aside=${remove} isTyped=${isTyped} onSubmit=${submit} onClose=${close}
    >
      ${conflict && html`<${ConflictNote} row=${row} conflict=${conflict} onLoad=${() => model.show({ kind: 'edit', row })} />`}
      <${Facts} row=${row} />
      <div class="key-tools">
        <${Button} kind="quiet" icon="log" onClick=${instead({ kind: 'versions', row })}>Versions<//>
        <${Button} kind="quiet" icon="edit" onClick=${instead({ kind: 'rename', row })}>Rename or move<//>
        ${isAdmin && row.project === null && html`<${Button} kind="quiet" icon="user" onClick=${instead({ kind: 'give', row })}>Hand over<//>`}
      </div>
      <div class="field"><span class="label">Current value</span><${Value} model=${model} name=${row.name} /></div>
      <${ValueField} draft=${draft} name=${row.name} error=${errorAt('api_key')} onEdit=${edit} />
      <${DescriptionField} draft=${draft} error=${errorAt('description')} onEdit=${edit} />
      <${Details} draft=${draft} isOpen=${hasDetails(row)} errorAt=${errorAt} onEdit=${edit} />
    <//>
  `;
};

const hasDetails = (row: KeyRow) =>
  row.expiresAt !== null || row.rotateEveryDays !== null || Object.keys(row.labels).length > 0;

/** For a member who may only read. */
export const ShowKey = ({ title, model, row, onClose }: Props) => html`
  <${Dialog} title=${title} onClose=${onClose}>
    <div class="stack dialog-body">
      <${Facts} row=${row} />
      ${row.description && html`<p class="verbatim">${shown(row.description)}</p>`}
      ${labelsText(row.labels) && html`<p class="labels note">${shown(labelsText(row.labels))}</p>`}
      <div class="field"><span class="label">Current value</span><${Value} model=${model} name=${row.name} /></div>
      <p class="note">You are a viewer of this project, so you can read this key and not change it.</p>
      <div class="dialog-actions">
        <${Button} onClick=${() => model.show({ kind: 'versions', row })}>Versions<//>
        <${Button} kind="primary" onClick=${onClose}>Close<//>
      </div>
    </div>
  <//>
`;

const Facts = ({ row }: { row: KeyRow }) => {
  const due = dueOf(row, now.value);
  return html`
    <p class="note">
      ${row.project !== null && html`Belongs to the project <strong class="verbatim">${shown(row.project)}</strong>. `}Added by ${row.createdBy}
      ${' '}<${Ago} time=${row.createdAt} />, changed <${Ago} time=${row.updatedAt} />, version ${row.version}.
      ${due && html` <span class="badge ${dueKind(due)}">${due.text}</span>`}
    </p>
  `;
};

/** Sends the fields that changed. A new value cannot be undone here, since the page does not know the old one; see Versions. */
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
