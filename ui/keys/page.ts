import { html } from 'htm/preact';
import { useLayoutEffect } from 'preact/hooks';
import { Button } from '../parts/button.ts';
import { PageHead } from '../parts/page-head.ts';
import { Blank, Failed, Waiting } from '../parts/state.ts';
import { DeleteKey } from './delete.ts';
import { EditKey, NewKey } from './form.ts';
import { KeyList } from './list.ts';
import type { KeysModel } from './model.ts';
import { Toolbar } from './toolbar.ts';

interface Props {
  model: KeysModel;
  isAdmin: boolean;
}

export const KeysPage = ({ model, isAdmin }: Props) => {
  useLayoutEffect(() => void model.list.load(), [model]);
  return html`
    <${PageHead} title="API Keys" lead=${isAdmin ? 'Every key of the team.' : 'The keys that you have added.'}>
      <${Button} kind="primary" icon="plus" onClick=${() => model.show({ kind: 'new' })}>Add key<//>
    <//>
    <${Content} model=${model} isAdmin=${isAdmin} />
    <${OpenDialog} model=${model} />
  `;
};

const Content = ({ model, isAdmin }: Props) => {
  const { answer, error, load } = model.list;
  const failure = error.value;
  if (failure) return html`<${Failed} error=${failure} title="Your keys could not be fetched" onRetry=${load} />`;
  if (!answer.value) return html`<${Loading} model=${model} />`;
  if (answer.value.length === 0) return html`<${NoKeys} model=${model} />`;
  return html`
    <${Toolbar} model=${model} isAdmin=${isAdmin} />
    ${model.shown.value.length > 0 ? html`<${KeyList} model=${model} isAdmin=${isAdmin} />` : html`<${NoMatch} model=${model} />`}
  `;
};

const Loading = ({ model: { rowsSoFar } }: { model: KeysModel }) => html`
  <${Waiting}>Fetching keys${rowsSoFar.value > 0 ? `: ${rowsSoFar.value.toLocaleString()} so far` : '…'}<//>
`;

const NoKeys = ({ model }: { model: KeysModel }) => html`
  <${Blank} icon="key" title="No keys yet">
    <p>Keep the first one here: it is encrypted before it is stored, and every look at it is logged.</p>
    <${Button} kind="primary" icon="plus" onClick=${() => model.show({ kind: 'new' })}>Add your first key<//>
  <//>
`;

const NoMatch = ({ model }: { model: KeysModel }) => html`
  <${Blank} icon="search" title="No key matches">
    <p>Nothing has <strong class="verbatim">${model.text.value}</strong> in its name, description or creator.</p>
    <${Button} onClick=${() => model.search('')}>Clear the search<//>
  <//>
`;

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
