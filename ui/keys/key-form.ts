/** What the forms for keys share: their state, and the field for the description. */
import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { typed } from '../parts/events.ts';
import { Field, unmanaged } from '../parts/field.ts';
import { focusInvalid, useForm } from '../parts/form.ts';
import { type Draft, problemOf } from './draft.ts';
import type { KeysModel } from './model.ts';
import { SecretWarning } from './name-field.ts';

const fieldNames = {
  key_name: { label: 'The name' },
  api_key: { label: 'The value' },
  description: { label: 'The description' },
  expires_at: { label: 'The date' },
  rotate_every_days: { label: 'The number of days' },
  labels: { label: 'The labels', also: ['A label', 'Labels'] },
};

/** The form's state. An edit of a field takes its error along. */
export const useKeyForm = (model: KeysModel) => {
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

interface DescriptionProps {
  draft: Draft;
  error: string | null;
  /** Whether it gets the focus. */
  isFirst?: boolean;
  onEdit: (fields: Partial<Draft>) => void;
}

export const DescriptionField = ({ draft, error, isFirst = false, onEdit }: DescriptionProps) => html`
  <${Field} label="Description" hint="What the key is for and who uses it. Not encrypted." error=${error}>
    ${(field: object) => html`<input
      ...${field} ...${unmanaged} name="description" autofocus=${isFirst} value=${draft.description}
      onInput=${(event: Event) => onEdit({ description: typed(event) })}
    />`}
  <//>
  <${SecretWarning} text=${draft.description} what="Descriptions" />
`;
