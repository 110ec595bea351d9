/** The fields of the filters, and the filters that were clicked as chips. */
import { html } from 'htm/preact';
import { shown } from '../../core/text.ts';
import { Button } from '../parts/button.ts';
import { isChecked, typed } from '../parts/events.ts';
import { unmanaged } from '../parts/field.ts';
import { focusSearch } from '../parts/focus.ts';
import { Icon } from '../parts/icon.ts';
import { route, setQuery } from '../shell/router.ts';
import type { LogsModel, LogsProps } from './model.ts';
import { type Chip, chipsOf, type FilterName } from './query.ts';
import { rangeText } from './range.ts';
import { actionChoices } from './sentence.ts';

export const Filters = ({ model, isAdmin }: LogsProps) => {
  const { query } = route.value;
  const text = (name: FilterName, label: string) => html`
    <input
      class="input" type="search" aria-label=${label} placeholder=${label} value=${query[name] ?? ''} ...${unmanaged}
      spellcheck=${false} data-search=${name === 'key' || undefined}
      onInput=${(event: Event) => model.setFilter(name, typed(event))}
    />
  `;
  const chips = chipsOf(query, rangeText, Date.now());
  return html`
    <div class="toolbar filters row" role="search" aria-label="Filter the logs">
      <select
        class="input" aria-label="Action" value=${query.action ?? ''}
        onChange=${(event: Event) => model.setFilter('action', typed(event))}
      >
        ${choicesWith(query.action).map(({ value, text: label }) => html`<option key=${value} value=${value}>${label}</option>`)}
      </select>
      ${text('key', 'Key or target')} ${isAdmin && text('user', 'User')} ${text('address', 'Address')}
      <label class="check">
        <input
          type="checkbox" checked=${query.failures === 'only'}
          onChange=${(event: Event) => model.setFilter('failures', isChecked(event) ? 'only' : '')}
        />
        <span>Refused only</span>
      </label>
      ${model.filters.value !== '{}' && html`<${Button} kind="quiet" icon="close" onClick=${() => clear(model)}>Clear<//>`}
    </div>
    ${chips.length > 0 && html`<ul class="chips row" aria-label="Filters">${chips.map((chip) => html`<${ChipItem} key=${chip.label} chip=${chip} />`)}</ul>`}
  `;
};

const ChipItem = ({ chip: { label, value, without } }: { chip: Chip }) => html`
  <li class="chip">
    <span class="soft">${label}</span> <bdi class="verbatim">${shown(value)}</bdi>
    <button type="button" class="icon-button bare" aria-label="Remove: ${label} ${shown(value)}" title="Remove" onClick=${() => remove(without)}><${Icon} name="close" size=${14} /></button>
  </li>
`;

/** The button is gone afterwards. */
const remove = (without: Chip['without']) => {
  setQuery(without);
  focusSearch();
};

/** The button that clears is gone afterwards. */
export const clear = (model: LogsModel): void => {
  model.clearFilters();
  focusSearch();
};

/** The filter in the address may be an action that is not in the list. */
const choicesWith = (action = '') =>
  actionChoices.some(({ value }) => value === action)
    ? actionChoices
    : [...actionChoices, { value: action, text: action }];
