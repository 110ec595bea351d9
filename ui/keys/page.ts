import { html } from 'htm/preact';
import { Button } from '../parts/button.ts';
import { focusSearch } from '../parts/focus.ts';
import { PageHead } from '../parts/page-head.ts';
import { Blank, Content } from '../parts/state.ts';
import { DeleteKey, EditKey, NewKey } from './form.ts';
import { KeyList } from './list.ts';
import type { KeysModel, KeysProps } from './model.ts';
import type { KeyRow } from './order.ts';
import { Toolbar } from './toolbar.ts';

export const KeysPage = ({ model, isAdmin }: KeysProps) => html`
  <${PageHead} title="API Keys" lead=${isAdmin ? 'All keys in this vault.' : 'The keys that you added.'}>
    <${Button} kind="primary" icon="plus" onClick=${() => model.show({ kind: 'new' })}>Add key<//>
  <//>
  <${Content} of=${model.list} failure="Could not load the keys" waiting=${loadingText(model.rowsSoFar.value)}>
    ${(rows: KeyRow[]) => (rows.length > 0 ? html`<${Rows} model=${model} isAdmin=${isAdmin} />` : html`<${NoKeys} model=${model} />`)}
  <//>
  <${OpenDialog} model=${model} />
`;

const loadingText = (rows: number) => (rows > 0 ? `Loading keys: ${rows.toLocaleString()} so far` : 'Loading keys…');

const Rows = ({ model, isAdmin }: KeysProps) => html`
  <${Toolbar} model=${model} isAdmin=${isAdmin} />
  ${model.shown.value.length > 0 ? html`<${KeyList} model=${model} isAdmin=${isAdmin} />` : html`<${NoMatch} model=${model} isAdmin=${isAdmin} />`}
`;

const NoKeys = ({ model }: { model: KeysModel }) => html`
  <${Blank} icon="key" title="No keys yet">
    <p>Keys are encrypted before they are stored, and every access is logged.</p>
    <${Button} kind="primary" icon="plus" onClick=${() => model.show({ kind: 'new' })}>Add your first key<//>
  <//>
`;

const NoMatch = ({ model, isAdmin }: KeysProps) => {
  const clear = () => {
    model.search('');
    focusSearch();
  };
  return html`
    <${Blank} icon="search" title="No matching keys">
      <p>No key has <strong class="verbatim">${model.text.value}</strong> in its ${isAdmin ? 'name, description or creator' : 'name or description'}.</p>
      <${Button} onClick=${clear}>Clear search<//>
    <//>
  `;
};

const OpenDialog = ({ model }: { model: KeysModel }) => {
  const open = model.open.value;
  switch (open?.kind) {
    case 'new':
      return html`<${NewKey} model=${model} />`;
    case 'edit':
      return html`<${EditKey} key=${open.row.name} model=${model} row=${open.row} />`;
    case 'delete':
      return html`<${DeleteKey} key=${open.row.name} model=${model} row=${open.row} />`;
    case undefined:
      return null;
  }
};
