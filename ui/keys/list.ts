import { html } from 'htm/preact';
import { Icon } from '../parts/icon.ts';
import { VirtualList } from '../parts/virtual-list.ts';
import type { KeysModel, KeysProps } from './model.ts';
import type { KeyRow, Sorting } from './order.ts';
import { Cells } from './row.ts';
import { copyValue } from './value.ts';

export const KeyList = ({ model, isAdmin }: KeysProps) => html`
  <div class=${isAdmin ? 'keys with-owner' : 'keys'}>
    <${VirtualList}
      label="API keys" items=${model.shown.value} keyOf=${nameOf} head=${html`<${Head} model=${model} isAdmin=${isAdmin} />`} sample=${sample}
      row=${(row: KeyRow, isActive: boolean) =>
        html`<${Cells} model=${model} row=${row} isAdmin=${isAdmin} isActive=${isActive} />`}
      arrived=${model.arrived.value} onArrived=${() => (model.arrived.value = null)}
      onKey=${(row: KeyRow, key: string) => onKey(model, row, key)}
    />
  </div>
`;

/** What makes a row as tall as it is. */
const sample = html`
  <div class="cell-name"><span class="row-name">A</span><span class="row-description note">A</span></div>
  <div class="cell-value"><div class="value well"><span class="icon-button" /></div></div>
  <div class="cell-updated note">A</div>
  <div class="cell-actions"><span class="icon-button" /></div>
`;

const nameOf = ({ name }: KeyRow) => name;

/** The shortcuts of a row that has the focus. */
const onKey = (model: KeysModel, row: KeyRow, key: string): boolean => {
  if (key === 'Enter' || key === 'e') model.show({ kind: 'edit', row });
  else if (key === 'c') void copyValue(model, row.name);
  else if (key === 'Delete') model.show({ kind: 'delete', row });
  else return false;
  return true;
};

const Head = ({ model, isAdmin }: KeysProps) => {
  const sort = model.sort.value;
  const direction = sort.isBackwards ? 'descending' : 'ascending';
  const header = (by: Sorting, text: string) => {
    const isChosen = sort.by === by;
    return html`
      <span role="columnheader" aria-sort=${isChosen ? direction : 'none'}>
        <button type="button" class="sort bare ${isChosen ? 'chosen' : ''}" onClick=${() => model.sortBy(by)}>
          ${text}<${Icon} name=${isChosen && sort.isBackwards ? 'down' : 'up'} size=${14} />
        </button>
      </span>
    `;
  };
  return html`
    ${header('name', 'Name')}
    <span role="columnheader">Value</span>
    ${isAdmin && header('owner', 'Created by')}
    ${header('created', 'Created')}
    ${header('updated', 'Changed')}
    <span role="columnheader"><span class="unseen">Actions</span></span>
  `;
};
