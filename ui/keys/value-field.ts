import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { Button, IconButton } from '../parts/button.ts';
import { typed } from '../parts/events.ts';
import { Field } from '../parts/field.ts';
import { Generator } from '../parts/generator.ts';
import type { KeysModel } from './model.ts';
import { assignmentInValue } from './paste.ts';

interface Props {
  model: KeysModel;
  /** The name of the key that is edited; empty for a new key. */
  name: string;
  error: string | null;
}

/** The field to type, paste or generate a value. It takes several lines, and masks them unless the user asks to see them. */
export const ValueField = ({ model, name, error }: Props) => {
  const isMasked = useSignal(true);
  const isNew = name === '';
  const { value } = model.draft.value;

  const onPaste = (event: ClipboardEvent) => {
    const area = event.currentTarget as HTMLTextAreaElement;
    if (area.value !== '') return;
    const found = assignmentInValue(event.clipboardData?.getData('text') ?? '', name || model.draft.value.name);
    if (!found) return;
    event.preventDefault();
    model.edit(isNew ? found : { value: found.value });
  };
  const generate = (text: string) => {
    model.edit({ value: text });
    isMasked.value = false;
  };

  return html`
    <${Field} label=${isNew ? 'Value' : 'New value'} hint=${isNew ? '' : 'Leave empty to keep the current value.'} error=${error}>
      ${(field: object) => html`
        <div class="value-field">
          <textarea
            ...${field} name="api_key" class="input secret ${isMasked.value ? 'masked' : ''}" rows=${rowsFor(value)} value=${value}
            required=${isNew} autocomplete="off" autocapitalize="none" autocorrect="off" spellcheck=${false}
            onInput=${(event: Event) => model.edit({ value: typed(event) })} onPaste=${onPaste} onKeyDown=${submitOnEnter}
          />
          <${IconButton}
            icon=${isMasked.value ? 'eye' : 'eye-off'} label=${isMasked.value ? 'Show value' : 'Hide value'}
            onClick=${() => (isMasked.value = !isMasked.value)}
          />
        </div>
      `}
    <//>
    <${SpaceWarning} value=${value} onTrim=${() => model.edit({ value: value.trim() })} />
    <${Generator} onGenerate=${generate} />
  `;
};

const minRows = 2;
const maxRows = 10;

const rowsFor = (value: string) => Math.min(maxRows, Math.max(minRows, value.split('\n').length));

/** Enter starts a new line here, so Ctrl+Enter or Cmd+Enter submits the form. */
const submitOnEnter = (event: KeyboardEvent) => {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  (event.currentTarget as HTMLTextAreaElement).form?.requestSubmit();
};

const SpaceWarning = ({ value, onTrim }: { value: string; onTrim: () => void }) =>
  value === value.trim()
    ? null
    : html`
        <div class="warning row ends" role="status">
          <span>The value begins or ends with whitespace. This is rarely intended.</span>
          <${Button} kind="quiet" onClick=${onTrim}>Trim<//>
        </div>
      `;
