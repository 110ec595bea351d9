/** The page of all keys, and the keys of one project, with the page of one key beside them, and the dialogs about them. */
import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { shown } from '../../core/text.ts';
import { Button } from '../parts/button.ts';
import { focusSearch } from '../parts/focus.ts';
import { lazyDialog, lazyPage } from '../parts/lazy.ts';
import { Blank, Content } from '../parts/state.ts';
import { KeyList } from './list.ts';
import type { KeysModel, KeysProps } from './model.ts';
import type { KeyRow } from './order.ts';
import { Toolbar } from './toolbar.ts';

interface PageProps extends KeysProps {
  /** What happened to a key. */
  activity: (name: string) => ComponentChildren;
}

export const KeysPage = ({ model, isAdmin, activity }: PageProps) => html`
  <header class="page-head keys-head row">
    <h1 tabindex=${-1}>API Keys</h1>
    ${model.list.answer.value && !isEmpty(model, model.list.answer.value) && html`<${Toolbar} model=${model} isAdmin=${isAdmin} />`}
    <div class="page-actions"><${AddKeys} model=${model} /></div>
  </header>
  <${Keys} model=${model} isAdmin=${isAdmin} activity=${activity} />
`;

/** The keys of the project whose page is open. */
export const ProjectKeys = (props: PageProps) => html`<${Keys} ...${props} />`;

/** The buttons to add keys: to the project whose page is open, if there is one. */
export const AddKeys = ({ model }: { model: KeysModel }) => {
  const prefix = model.project.value === '' ? '' : `${model.project.value}/`;
  return html`
    <${Button} icon="enter" onClick=${() => model.show({ kind: 'import', prefix })}>Import<//>
    <${Button} kind="primary" icon="plus" data-new onClick=${() => model.show({ kind: 'new', prefix })}>Add key<//>
  `;
};

const Keys = ({ model, isAdmin, activity }: PageProps) => {
  const name = model.chosen.value;
  const list = useOwnPlace(name);
  // What is selected on one page is not meant on another.
  useLayoutEffect(() => model.selected.end, [model, model.project.value]);
  useLastUses(model);
  return html`
    <div class=${name === '' ? '' : 'with-key'}>
      <div ref=${list} class="beside-key">
        <${Content} of=${model.list} failure="Could not load the keys" waiting=${loadingText(model.rowsSoFar.value)}>
          ${(rows: KeyRow[]) => (isEmpty(model, rows) ? html`<${NoKeys} model=${model} isAdmin=${isAdmin} />` : html`<${Rows} model=${model} isAdmin=${isAdmin} />`)}
        <//>
      </div>
      ${name !== '' && html`<${KeyPage} key=${name} model=${model} name=${name} isAdmin=${isAdmin} activity=${activity} />`}
    </div>
    <${KeyDialogs} model=${model} isAdmin=${isAdmin} />
  `;
};

/** The page of a key that takes the place of the list begins at its top. The list is scrolled to where it was when it is back. */
const useOwnPlace = (name: string) => {
  const list = useRef<HTMLDivElement>(null);
  const before = useRef(name);
  const scrolled = useRef(0);
  // The list is still on the screen.
  if (before.current === '') scrolled.current = scrollY;
  before.current = name;
  useLayoutEffect(() => {
    const isAlone = name !== '' && list.current?.checkVisibility() === false;
    if (!isAlone) return;
    scrollTo(0, 0);
    return () => scrollTo(0, scrolled.current);
  }, [name]);
  return list;
};

/** Each fetch adds an entry to the log, so a list that is fetched again and again asks for them once a minute. */
const usesPauseMs = 60_000;

/** Fetches the last uses after the list. Without them, the list is as good. */
const useLastUses = ({ list, uses }: KeysModel) => {
  const time = list.time.value;
  useLayoutEffect(() => {
    if (list.answer.value?.length && Date.now() - uses.time.value > usesPauseMs && !uses.isLoading.value)
      void uses.load();
  }, [uses, time]);
};

/** Nothing to search in. What a choice leaves out is there all the same. */
const isEmpty = (model: KeysModel, rows: readonly KeyRow[]) =>
  model.project.value === '' ? rows.length === 0 : model.inScope.value.length === 0;

const loadingText = (rows: number) => (rows > 0 ? `Loading keys: ${rows.toLocaleString()} so far` : 'Loading keys…');

const Rows = ({ model, isAdmin }: KeysProps) => html`
  ${model.project.value !== '' && html`<${Toolbar} model=${model} isAdmin=${isAdmin} />`}
  ${model.shown.value.length > 0 ? html`<${KeyList} model=${model} isAdmin=${isAdmin} />` : html`<${NoMatch} model=${model} isAdmin=${isAdmin} />`}
  ${model.selected.isOn.value && html`<${SelectionBar} model=${model} isAdmin=${isAdmin} />`}
`;

const NoKeys = ({ model }: KeysProps) => {
  const project = model.project.value;
  if (project !== '')
    return html`
      <${Blank} icon="key" title="No keys in this project yet">
        <p>Every key whose name begins with <code class="verbatim">${shown(project)}/</code> belongs to it. Its members read them.</p>
      <//>
    `;
  return html`
    <${Blank} icon="key" title="No keys yet">
      <p>Keys are encrypted before they are stored, and every access is logged.</p>
      <${Button} kind="primary" icon="plus" data-new onClick=${() => model.show({ kind: 'new' })}>Add your first key<//>
    <//>
  `;
};

const NoMatch = ({ model, isAdmin }: KeysProps) => {
  if (model.text.value.trim() === '')
    return html`
      <${Blank} icon="filter" title="No such keys">
        <p>${model.only.value === 'due' ? 'No key expires soon or is due for rotation.' : 'All your keys belong to projects.'}</p>
        <${Button} onClick=${() => model.showOnly('all')}>Show all keys<//>
      <//>
    `;
  const clear = () => {
    model.search('');
    focusSearch();
  };
  return html`
    <${Blank} icon="search" title="No matching keys">
      <p>No key has <strong class="verbatim">${model.text.value}</strong> in its ${isAdmin ? 'name, description, creator or owner' : 'name or description'}.</p>
      <${Button} onClick=${clear}>Clear search<//>
    <//>
  `;
};

/** The open dialog about keys, for pages that have their own list of them. */
export const KeyDialogs = ({ model, isAdmin }: KeysProps) => {
  const open = model.open.value;
  const close = () => model.show(null);
  switch (open?.kind) {
    case undefined:
    case 'edit':
      return null;
    case 'new':
      return html`<${NewKey} title="Add key" onClose=${close} model=${model} />`;
    case 'import':
      return html`<${ImportKeys} title="Import keys" onClose=${close} model=${model} />`;
    case 'copy-env':
      return html`<${CopyEnv} title="Copy as .env" onClose=${close} names=${open.names} />`;
    case 'export':
      return html`<${ExportKeys} title="Export" onClose=${close} names=${open.names} />`;
    case 'move':
      return html`<${MoveKeys} title="Move ${open.names.length === 1 ? 'a key' : `${open.names.length.toLocaleString()} keys`}" onClose=${close} model=${model} names=${open.names} />`;
    case 'trash-changed':
    case 'destroy-version':
    case 'rename':
    case 'give':
      return html`<${KeyTools} title=${open.row.name} onClose=${close} model=${model} open=${open} isAdmin=${isAdmin} />`;
  }
};

const dialogs = () => import('./dialogs.ts');

const NewKey = lazyDialog(async () => (await dialogs()).NewKey);
const SelectionBar = lazyPage(async () => (await dialogs()).SelectionBar);
const KeyPage = lazyPage(async () => (await dialogs()).KeyPage);
const ImportKeys = lazyDialog(async () => (await dialogs()).ImportKeys);
const CopyEnv = lazyDialog(async () => (await dialogs()).CopyEnv);
const ExportKeys = lazyDialog(async () => (await dialogs()).ExportKeys);
const MoveKeys = lazyDialog(async () => (await dialogs()).MoveKeys);
const KeyTools = lazyDialog(async () => (await dialogs()).KeyTools);
