import { html } from 'htm/preact';
import { VirtualList } from '../parts/virtual-list.ts';
import type { KeysModel } from './model.ts';
import type { KeyRow, Sorting } from './order.ts';
import { Cells } from './row.ts';
import { SortHeader } from './sort-header.ts';
import { copyValue } from './value.ts';

interface Props {
  model: KeysModel;
  isAdmin: boolean;
}

export const KeyList = ({ model, isAdmin }: Props) => html`
  <div class=${isAdmin ? 'keys with-owner' : 'keys'}>
    <${VirtualList}
      label="API keys" items=${model.shown.value} keyOf=${nameOf} head=${html`<${Head} model=${model} isAdmin=${isAdmin} />`}
      row=${(row: KeyRow, isActive: boolean) =>
        html`<${Cells} model=${model} row=${row} isAdmin=${isAdmin} isActive=${isActive} />`}
      onKey=${(row: KeyRow, key: string) => onKey(model, row, key)}
    />
  </div>
`;

const nameOf = ({ name }: KeyRow) => name;

/** The shortcuts of a row that has the focus. */
const onKey = (model: KeysModel, row: KeyRow, key: string): boolean => {
  switch (key) {
    case 'Enter':
    case 'e':
      model.show({ kind: 'edit', row });
      return true;
    case 'c':
      void copyValue(model, row.name);
      return true;
    case 'Delete':
      model.show({ kind: 'delete', row });
      return true;
    default:
      return false;
  }
};

const Head = ({ model, isAdmin }: Props) => {
  const header = (by: Sorting, text: string) =>
    html`<${SortHeader} by=${by} sort=${model.sort.value} onSort=${model.sortBy}>${text}<//>`;
  return html`
    ${header('name', 'Name')}
    <span role="columnheader">Value</span>
    ${isAdmin && header('owner', 'Created by')}
    ${header('created', 'Created')}
    ${header('updated', 'Changed')}
    <span role="columnheader"><span class="unseen">Actions</span></span>
  `;
};
