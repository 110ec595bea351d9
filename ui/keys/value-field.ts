import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { useRef } from 'preact/hooks';
import { Button, IconButton } from '../parts/button.ts';
import { typed } from '../parts/events.ts';
import { Field, unmanaged } from '../parts/field.ts';
import { Generator } from '../parts/generator.ts';
import type { Draft } from './draft.ts';
import { edgesOf, lacksLineBreak } from './edges.ts';
import { assignmentInValue } from './paste.ts';
import { RecognisedNote } from './recognised.ts';

interface Props {
  draft: Draft;
  /** The name of the key that is edited; empty for a new key. */
  name: string;
  error: string | null;
  onEdit: (fields: Partial<Draft>) => void;
}

/** The field to type, paste or generate a value. It takes several lines, and masks them unless the user asks to see them. */
export const ValueField = ({ draft, name, error, onEdit }: Props) => {
  const isMasked = useSignal(true);
  const area = useRef<HTMLTextAreaElement>(null);
  const isNew = name === '';
  const { value } = draft;

  const onPaste = (event: ClipboardEvent) => {
    if (value !== '') return;
    const found = assignmentInValue(event.clipboardData?.getData('text') ?? '', name || draft.name);
    if (!found) return;
    event.preventDefault();
    onEdit(isNew ? found : { value: found.value });
  };
  const generate = (text: string) => {
    onEdit({ value: text });
    isMasked.value = false;
  };
  const correct = (text: string) => {
    onEdit({ value: text });
    area.current?.focus();
  };

  return html`
    <${Field} label=${isNew ? 'Value' : 'New value'} error=${error}>
      ${(field: object) => html`
        <div class="value-field">
          <textarea
            ...${field} ...${unmanaged} ref=${area} name="api_key" class="input secret ${isMasked.value ? 'masked' : ''}"
            rows=${rowsFor(value)} value=${value} required autofocus=${!isNew} autocapitalize="none" autocorrect="off"
            spellcheck=${false} onInput=${(event: Event) => onEdit({ value: typed(event) })} onPaste=${onPaste}
            onKeyDown=${submitOnEnter}
          />
          <${IconButton}
            icon=${isMasked.value ? 'eye' : 'eye-off'} label=${isMasked.value ? 'Show value' : 'Hide value'}
            onClick=${() => (isMasked.value = !isMasked.value)}
          />
        </div>
      `}
    <//>
    <${EdgeNote} value=${value} onCorrect=${correct} />
    <${RecognisedNote} draft=${draft} name=${name} onEdit=${onEdit} />
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

/** Says what white space is at the ends of the value, and offers to correct what is rarely intended. */
const EdgeNote = ({ value, onCorrect }: { value: string; onCorrect: (text: string) => void }) => {
  if (lacksLineBreak(value)) {
    const add = () => onCorrect(`${value}\n`);
    return html`<${Note} text="This private key has no line break at its end. Many programs need one." action="Add it" onAct=${add} />`;
  }
  const edges = edgesOf(value);
  if (!edges) return null;
  const { text, removed, trimmed } = edges;
  if (removed === '')
    return html`<p class="note" role="status">The value ${text}. Private keys and other files need that.</p>`;
  return html`<${Note} text="The value ${text}." action="Remove ${removed}" onAct=${() => onCorrect(trimmed)} />`;
};

const Note = ({ text, action, onAct }: { text: string; action: string; onAct: () => void }) => html`
  <div class="warning row ends" role="status"><span>${text}</span><${Button} kind="quiet" onClick=${onAct}>${action}<//></div>
`;
