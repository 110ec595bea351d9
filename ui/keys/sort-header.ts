import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import { Icon } from '../parts/icon.ts';
import type { Sort, Sorting } from './order.ts';

interface Props {
  by: Sorting;
  sort: Sort;
  onSort: (by: Sorting) => void;
  children: ComponentChildren;
}

export const SortHeader = ({ by, sort, onSort, children }: Props) => {
  const direction = sort.isBackwards ? 'descending' : 'ascending';
  const isChosen = sort.by === by;
  return html`
    <span role="columnheader" aria-sort=${isChosen ? direction : 'none'}>
      <button type="button" class="sort bare ${isChosen ? 'chosen' : ''}" onClick=${() => onSort(by)}>
        ${children}<${Icon} name=${isChosen && sort.isBackwards ? 'down' : 'up'} size=${14} />
      </button>
    </span>
  `;
};
