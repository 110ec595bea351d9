/** Above a list of keys: the search, and what of the list is shown and how. On a phone, all but the search waits behind a button. */
import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { Button, IconButton } from '../parts/button.ts';
import { typed } from '../parts/events.ts';
import { unmanaged } from '../parts/field.ts';
import { Icon } from '../parts/icon.ts';
import { soonDays } from './due.ts';
import type { KeysProps } from './model.ts';
import { sortText } from './order.ts';
import { isComfortable, toggleRowHeight } from './row-height.ts';
import type { Only } from './rows.ts';

const choices = [
  { value: 'name', text: 'Name, A to Z' },
  { value: '-name', text: 'Name, Z to A' },
  { value: '-updated', text: 'Recently changed' },
  { value: 'updated', text: 'Oldest changes' },
  { value: '-created', text: 'Newest' },
  { value: 'created', text: 'Oldest' },
];

const byOwner = { value: 'owner', text: 'Creator' };

const onlyChoices: readonly { value: Only; text: string }[] = [
  { value: 'all', text: 'All keys' },
  { value: 'personal', text: 'Personal keys' },
  { value: 'due', text: `Due within ${soonDays} days` },
];

/** Down goes from the search into the list. */
const onKeyDown = (event: KeyboardEvent, model: KeysProps['model']) => {
  const [first] = model.shown.value;
  if (event.key !== 'ArrowDown' || !first) return;
  event.preventDefault();
  model.arrived.value = first.name;
};

export const Toolbar = ({ model, isAdmin }: KeysProps) => {
  const all = model.inScope.value.length;
  const shown = model.shown.value.length;
  const isOpen = useSignal(false);
  return html`
    <div class="toolbar row" role="search">
      <div class="search-field">
        <${Icon} name="search" />
        <input
          class="input" type="search" data-search aria-label="Search keys" placeholder="Search keys" value=${model.text.value}
          ...${unmanaged} spellcheck=${false} onInput=${(event: Event) => model.search(typed(event))} aria-keyshortcuts="/"
          onKeyDown=${(event: KeyboardEvent) => onKeyDown(event, model)}
        />
        <kbd aria-hidden="true">/</kbd>
      </div>
      <span class="toolbar-switch">
        <${IconButton} icon="filter" label="Sort, filter, select" aria-expanded=${isOpen.value} onClick=${() => (isOpen.value = !isOpen.value)} />
      </span>
      <div class="toolbar-options row ${isOpen.value ? 'open' : ''}">
        <select
          class="input sort-select" aria-label="Sort by" value=${sortText(model.sort.value) || 'name'}
          onChange=${(event: Event) => model.setSort(typed(event))}
        >
          ${[...choices, ...(isAdmin ? [byOwner] : [])].map(({ value, text }) => html`<option key=${value} value=${value}>${text}</option>`)}
        </select>
        ${
          model.project.value === '' &&
          html`<select
            class="input only-select" aria-label="Which keys" value=${model.only.value}
            onChange=${(event: Event) => model.showOnly(typed(event) as Only)}
          >
            ${onlyChoices.map(({ value, text }) => html`<option key=${value} value=${value}>${text}</option>`)}
          </select>`
        }
        ${!model.selected.isOn.value && html`<${Button} kind="quiet" onClick=${model.selected.begin}>Select<//>`}
        <span class="rows-switch">
          <${IconButton} icon="rows" label="Two-line rows" aria-pressed=${isComfortable.value} onClick=${toggleRowHeight} />
        </span>
      </div>
      <p class="count note" role="status">${countText(shown, all)}</p>
    </div>
  `;
};

const countText = (shown: number, all: number) =>
  shown === all
    ? `${all.toLocaleString()} ${all === 1 ? 'key' : 'keys'}`
    : `${shown.toLocaleString()} of ${all.toLocaleString()}`;
