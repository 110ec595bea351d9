import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { Button } from '../parts/button.ts';
import { typed } from '../parts/events.ts';
import { Field, unmanaged } from '../parts/field.ts';
import { askFirst } from '../parts/unsaved.ts';
import type { Draft } from './draft.ts';
import { looksSecret, readPasted } from './paste.ts';

interface Props {
  draft: Draft;
  error: string | null;
  onEdit: (fields: Partial<Draft>) => void;
  /** Takes a text with several keys elsewhere. */
  onImport: (text: string) => void;
}

interface Note {
  text: string;
  /** A text with several keys. */
  lines?: string;
  /** Text that was kept out of the field and could be a name after all. */
  rejected?: string;
}

/** The field for a new name. It takes a line `NAME=value` apart, and keeps out what looks like a value: it shows its text. */
export const NameField = ({ draft, error, onEdit, onImport }: Props) => {
  const hint = useSignal('');
  const note = useSignal<Note | null>(null);
  const edit = (name: string) => {
    note.value = null;
    onEdit({ name });
  };

  const fill = (fields: Partial<Draft>) => {
    const { value } = fields;
    askFirst(value !== undefined && draft.value !== '' && draft.value !== value, () => {
      onEdit(fields);
      note.value = null;
      hint.value = 'Filled in from the line that you pasted.';
    });
  };

  const take = (event: Event, text: string) => {
    const pasted = readPasted(text);
    if (!pasted) return;
    event.preventDefault();
    if (pasted.kind === 'line') {
      fill(pasted.value === '' ? { name: pasted.name } : { name: pasted.name, value: pasted.value });
    } else if (pasted.kind === 'lines') {
      note.value = {
        text: `These are ${pasted.count} lines of an .env file. Nothing was filled in.`,
        lines: text,
      };
    } else if (pasted.kind === 'refused') {
      note.value = { text: `Nothing was filled in. ${pasted.reason}` };
    } else if (draft.value === '') {
      onEdit({ value: pasted.value });
      note.value = { text: 'This looks like a value, so it is in the value field now.', rejected: text };
    } else {
      note.value = { text: 'This looks like a value. Nothing was filled in.', rejected: text };
    }
  };

  const useAsName = (text: string) => {
    if (draft.value === text) onEdit({ value: '' });
    edit(text.trim().replace(/\s+/g, ' '));
  };

  return html`
    <${Field} label="Name" hint=${hint.value || 'Paste NAME=value to fill in both.'} error=${error}>
      ${(field: object) => html`<input
        ...${field} ...${unmanaged} name="key_name" value=${draft.name} required autofocus autocapitalize="none" spellcheck=${false}
        onInput=${(event: Event) => edit(typed(event))}
        onPaste=${(event: ClipboardEvent) => take(event, event.clipboardData?.getData('text') ?? '')}
        onDrop=${(event: DragEvent) => take(event, event.dataTransfer?.getData('text') ?? '')}
      />`}
    <//>
    ${note.value && html`<${PasteNote} note=${note.value} onUse=${useAsName} onImport=${onImport} />`}
    <${SecretWarning} text=${draft.name} what="Names" />
  `;
};

interface NoteProps {
  note: Note;
  onUse: (text: string) => void;
  onImport: (text: string) => void;
}

const PasteNote = ({ note: { text, rejected, lines }, onUse, onImport }: NoteProps) => html`
  <div class="warning row ends" role="status">
    <span>${text}</span>
    ${rejected !== undefined && html`<${Button} kind="quiet" onClick=${() => onUse(rejected)}>Use it as the name<//>`}
    ${lines !== undefined && html`<${Button} kind="quiet" onClick=${() => onImport(lines)}>Import them all<//>`}
  </div>
`;

/** Warns of a secret in a field that is not encrypted, however it got there. */
export const SecretWarning = ({ text, what }: { text: string; what: 'Names' | 'Descriptions' }) =>
  looksSecret(text)
    ? html`<div class="warning" role="status">This looks like a secret. ${what} are not encrypted.</div>`
    : null;
