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
  label: string;
  /** The key that the value is for, if it has a name already. */
  name: string;
  isRequired?: boolean;
  error: string | null;
}

/** Where a value is typed, pasted or made. It may have many lines, and is covered unless one asks to see it. */
export const ValueField = ({ model, label, name, isRequired = false, error }: Props) => {
  const isCovered = useSignal(true);
  const { value } = model.draft.value;

  const onPaste = (event: ClipboardEvent) => {
    const area = event.currentTarget as HTMLTextAreaElement;
    if (area.value !== '') return;
    const found = assignmentInValue(event.clipboardData?.getData('text') ?? '', name || model.draft.value.name);
    if (!found) return;
    event.preventDefault();
    model.edit(name ? { value: found.value } : found);
  };
  const generate = (text: string) => {
    model.edit({ value: text });
    isCovered.value = false;
  };

  return html`
    <${Field} label=${label} hint=${isRequired ? '' : 'Leave it empty to keep the current one.'} error=${error}>
      ${(field: object) => html`
        <div class="value-field">
          <textarea
            ...${field} name="api_key" class="input secret ${isCovered.value ? 'covered' : ''}" rows=${rowsFor(value)} value=${value}
            required=${isRequired} autocomplete="off" autocapitalize="none" autocorrect="off" spellcheck=${false}
            onInput=${(event: Event) => model.edit({ value: typed(event) })} onPaste=${onPaste} onKeyDown=${submitOnEnter}
          />
          <${IconButton}
            icon=${isCovered.value ? 'eye' : 'eye-off'} label=${isCovered.value ? 'Show what is typed' : 'Cover what is typed'}
            onClick=${() => (isCovered.value = !isCovered.value)}
          />
        </div>
      `}
    <//>
    <${SpaceWarning} value=${value} onTrim=${() => model.edit({ value: value.trim() })} />
    <${Generator} length=${40} onGenerate=${generate} />
  `;
};

const rowsFor = (value: string) => Math.min(10, Math.max(2, value.split('\n').length));

/** Enter is a new line here, so the form goes with Ctrl or Cmd. */
const submitOnEnter = (event: KeyboardEvent) => {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  (event.currentTarget as HTMLTextAreaElement).form?.requestSubmit();
};

const SpaceWarning = ({ value, onTrim }: { value: string; onTrim: () => void }) =>
  value === value.trim()
    ? null
    : html`
        <div class="warning" role="status">
          <span>The value begins or ends with white space. Few keys do.</span>
          <${Button} kind="quiet" onClick=${onTrim}>Remove it<//>
        </div>
      `;
