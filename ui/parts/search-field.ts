import { html } from 'htm/preact';
import { typed } from './events.ts';
import { Icon } from './icon.ts';

interface Props {
  label: string;
  value: string;
  onInput: (text: string) => void;
}

/** The search field of a page: `/` moves the focus to it, Esc empties it. */
export const SearchField = ({ label, value, onInput }: Props) => html`
  <div class="search-field">
    <${Icon} name="search" />
    <input
      class="input" type="search" data-search aria-label=${label} placeholder=${label} value=${value} autocomplete="off"
      spellcheck=${false} onInput=${(event: Event) => onInput(typed(event))} aria-keyshortcuts="/"
    />
    <kbd aria-hidden="true">/</kbd>
  </div>
`;
