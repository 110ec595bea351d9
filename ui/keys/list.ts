import { html } from 'htm/preact';
import { Icon } from '../parts/icon.ts';
import { VirtualList } from '../parts/virtual-list.ts';
import { type KeysModel, type KeysProps, mayEdit } from './model.ts';
import type { KeyRow, Sorting } from './order.ts';
import { Cells } from './row.ts';
import { isComfortable } from './row-height.ts';
import { moveToTrash } from './trashing.ts';
import { copyValue, Revealed } from './value.ts';

export const KeyList = ({ model, isAdmin }: KeysProps) => {
  const hasProject = model.project.value === '' && model.inScope.value.some(({ project }) => project !== null);
  const classes = [
    'keys',
    isAdmin && 'with-owner',
    hasProject && 'with-project',
    model.selected.isOn.value && 'selecting',
    isComfortable.value && 'comfortable',
  ];
  return html`
    <div class=${classes.filter(Boolean).join(' ')}>
      <${VirtualList}
        label="API keys" items=${model.shown.value} keyOf=${nameOf} sample=${sample}
        head=${html`<${Head} model=${model} isAdmin=${isAdmin} hasProject=${hasProject} />`}
        row=${(row: KeyRow, isActive: boolean) =>
          html`<${Cells} model=${model} row=${row} isAdmin=${isAdmin} isActive=${isActive} hasProject=${hasProject} />`}
        open=${model.revealed.value} below=${({ name }: KeyRow) => html`<${Revealed} key=${name} model=${model} name=${name} />`}
        arrived=${model.arrived.value} onArrived=${() => (model.arrived.value = null)}
        onOpen=${({ name }: KeyRow) => model.openKey(name)}
        onKey=${(row: KeyRow, key: string) => onKey(model, row, key, isAdmin)}
      />
    </div>
  `;
};

/** What makes a row as tall as it is. */
const sample = html`
  <div class="cell-name"><span class="row-name">A</span></div>
  <div class="cell-description note">A</div>
  <div class="cell-updated note">A</div>
  <div class="cell-actions"><span class="icon-button" /></div>
`;

const nameOf = ({ name }: KeyRow) => name;

/** The shortcuts of a row that has the focus. */
const onKey = (model: KeysModel, row: KeyRow, key: string, isAdmin: boolean): boolean => {
  if (key === 'Enter') model.openKey(row.name);
  else if (key === 'e' && mayEdit(row, isAdmin)) model.beginEdit(row, 'details');
  else if (key === 'c') void copyValue(model, row.name);
  else if (key === 'r') model.reveal(row.name);
  else if (key === 'x') model.selected.toggle(row.name);
  else if (key === 'Delete' && mayEdit(row, isAdmin)) void moveToTrash(model, [row]);
  else return false;
  return true;
};

const Head = ({ model, isAdmin, hasProject }: KeysProps & { hasProject: boolean }) => {
  const sort = model.sort.value;
  const direction = sort.isBackwards ? 'descending' : 'ascending';
  const header = (by: Sorting, text: string) => {
    const isChosen = sort.by === by;
    return html`
      <span role="columnheader" class="head-${by}" aria-sort=${isChosen ? direction : 'none'}>
        <button type="button" class="sort bare ${isChosen ? 'chosen' : ''}" onClick=${() => model.sortBy(by)}>
          ${text}<${Icon} name=${isChosen && sort.isBackwards ? 'down' : 'up'} size=${14} />
        </button>
      </span>
    `;
  };
  return html`
    ${model.selected.isOn.value && html`<span role="columnheader" class="head-box"><span class="unseen">Selected</span></span>`}
    ${header('name', 'Name')}
    <span role="columnheader" class="head-description">Description</span>
    ${hasProject && header('project', 'Project')}
    ${isAdmin && header('owner', 'Created by')}
    <span role="columnheader" class="head-used">${isAdmin ? 'Last used' : 'Last used by you'}</span>
    ${header('updated', 'Changed')}
    <span role="columnheader"><span class="unseen">Actions</span></span>
  `;
};
