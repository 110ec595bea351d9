import { html } from 'htm/preact';
import { Button } from '../parts/button.ts';
import { isChecked, typed } from '../parts/events.ts';
import { unmanaged } from '../parts/field.ts';
import { focusSearch } from '../parts/focus.ts';
import { route } from '../shell/router.ts';
import type { FilterName, LogsModel, LogsProps } from './model.ts';
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
  `;
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
