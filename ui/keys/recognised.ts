/** Under the field of a value: what the value looks like, and what about it is probably not meant. */
import { signal } from '@preact/signals';
import { html } from 'htm/preact';
import { useLayoutEffect } from 'preact/hooks';
import { Button } from '../parts/button.ts';
import type { Draft } from './draft.ts';

type Reader = typeof import('./recognise.ts');

/** Fetched with the first value. Without it the form is as good. */
const reader = signal<Reader | null>(null);
const fetchReader = () => {
  if (!reader.value)
    import('./recognise.ts').then(
      (found) => {
        reader.value = found;
      },
      () => {},
    );
};

interface Props {
  draft: Draft;
  /** The name of the key that is edited; empty for a new key. */
  name: string;
  onEdit: (fields: Partial<Draft>) => void;
}

export const RecognisedNote = ({ draft, name, onEdit }: Props) => {
  const { value } = draft;
  useLayoutEffect(() => {
    if (value !== '') fetchReader();
  }, [value === '']);
  if (!reader.value || value === '') return null;
  const { recognise, misfit, breakIn } = reader.value;
  const found = recognise(value);
  const broken = breakIn(value);
  if (broken)
    return html`
      <div class="warning row" role="status">
        <span>This value has ${broken.text}, and what it seems to be has none.</span>
        <${Button} kind="quiet" onClick=${() => onEdit({ value: broken.joined })}>Take it out<//>
      </div>
    `;
  if (!found) return null;
  const wrong = misfit(found, name || draft.name);
  const more = name === '' ? suggestion(draft, found) : null;
  return html`
    <div class="recognised row" role="status">
      <span class="recognised-mark disc" aria-hidden="true">${found.mark}</span>
      <span>Looks like: ${found.text}</span>
      ${more && html`<${Button} kind="quiet" onClick=${() => onEdit(more.fields)}>${more.text}<//>`}
    </div>
    ${wrong && html`<p class="warning" role="status">${wrong}</p>`}
  `;
};

/** What of the form can be filled in. A name that somebody has typed stays; a folder is the beginning of one. */
const suggestion = (draft: Draft, found: { name: string; description: string }) => {
  const folder = draft.name.slice(0, draft.name.lastIndexOf('/') + 1);
  const hasName = draft.name.trim() !== folder;
  const hasDescription = draft.description.trim() !== '';
  const fields: Partial<Draft> = {
    ...(!hasName && { name: folder + found.name }),
    ...(!hasDescription && { description: found.description }),
  };
  if (!hasName) return { fields, text: `Call it ${found.name}` };
  return hasDescription ? null : { fields, text: 'Describe it so' };
};
