/** The cells of one key. Names and descriptions may be of any length and contain any characters; they are shown as plain text. */
import { html } from 'htm/preact';
import { shown } from '../../core/text.ts';
import { IconButton } from '../parts/button.ts';
import { Highlight } from '../parts/highlight.ts';
import { Ago, now, Until } from '../parts/time.ts';
import { href } from '../shell/router.ts';
import { dueKind, dueSoon } from './due.ts';
import { labelsText } from './labels.ts';
import { type KeysProps, mayEdit } from './model.ts';
import { belongsTo, type KeyRow } from './order.ts';
import { moveToTrash } from './trashing.ts';
import { lastUseOf } from './uses.ts';
import { copyValue } from './value.ts';

interface Props extends KeysProps {
  row: KeyRow;
  isActive: boolean;
  hasProject: boolean;
}

export const Cells = ({ model, row, isAdmin, isActive, hasProject }: Props) => {
  const tabindex = isActive ? 0 : -1;
  const words = model.text.value;
  const labels = labelsText(row.labels);
  const isRevealed = model.revealed.value === row.name;
  const edit = () => model.beginEdit(row, 'details');
  const open = (event: MouseEvent) => {
    // With one of these, the browser opens another tab or window.
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    model.openKey(row.name);
  };
  return html`
    ${model.selected.isOn.value && html`<${Box} model=${model} row=${row} isAdmin=${isAdmin} tabindex=${tabindex} />`}
    <div role="gridcell" class="cell-name">
      <a
        class="row-name cut" href=${href('keys', {}, row.name)} tabindex=${tabindex} title=${row.name}
        aria-current=${model.chosen.value === row.name ? 'true' : undefined} onClick=${open}
      >
        <${Highlight} text=${row.name} words=${words} />
      </a>
    </div>
    <div role="gridcell" class="cell-description">
      <span class="row-description note cut" title=${[labels, row.description].filter(Boolean).join(' · ')}>
        <${DueBadge} row=${row} />${labels && html`<span class="labels"><${Highlight} text=${labels} words=${words} /></span> `}<${Highlight} text=${row.description} words=${words} />
      </span>
    </div>
    ${hasProject && html`<div role="gridcell" class="cell-project note cut" title=${shown(belongsTo(row))}>${shown(belongsTo(row))}</div>`}
    ${isAdmin && html`<div role="gridcell" class="cell-owner note cut" title=${row.createdBy}>${row.createdBy}</div>`}
    <div role="gridcell" class="cell-used note cut"><${LastUsed} model=${model} row=${row} isAdmin=${isAdmin} /></div>
    <div role="gridcell" class="cell-updated note cut"><${Ago} time=${row.updatedAt} /></div>
    <div role="gridcell" class="cell-actions">
      <span class="row-tools">
        <${IconButton}
          icon=${isRevealed ? 'eye-off' : 'eye'} label="${isRevealed ? 'Hide' : 'Reveal'} ${row.name}" tabindex=${tabindex}
          onClick=${() => model.reveal(row.name)}
        />
        ${
          mayEdit(row, isAdmin)
            ? html`
                <${IconButton} icon="edit" label="Edit ${row.name}" tabindex=${tabindex} onClick=${edit} />
                <${IconButton} icon="trash" label="Delete ${row.name}" tabindex=${tabindex} onClick=${() => void moveToTrash(model, [row])} />
              `
            : html`<${IconButton} icon="info" label="Open ${row.name}" tabindex=${tabindex} onClick=${() => model.openKey(row.name)} />`
        }
      </span>
      <${IconButton} icon="copy" label="Copy ${row.name}" tabindex=${tabindex} onClick=${() => void copyValue(model, row.name)} />
    </div>
  `;
};

/** Admins learn of the uses of all, and others of their own: then the name would always be theirs. */
export const LastUsed = ({ model, row, isAdmin }: KeysProps & { row: KeyRow }) => {
  const uses = model.uses.answer.value;
  if (!uses) return null;
  const use = lastUseOf(row, uses);
  if (use)
    return html`<${Ago} time=${use.timestamp} />${isAdmin && html` by <bdi title=${use.user_name}>${shown(use.user_name)}</bdi>`}`;
  return uses.since === null || uses.since < row.createdAt ? 'never' : html`not since <${Until} time=${uses.since} />`;
};

/** Says what is due soon; what is overdue stands out. */
const DueBadge = ({ row }: { row: KeyRow }) => {
  const due = dueSoon(row, now.value);
  return due && html`<span class="badge ${dueKind(due)}">${due.text}</span> `;
};

const Box = ({ model, row, tabindex }: KeysProps & { row: KeyRow; tabindex: number }) => html`
  <div role="gridcell" class="cell-box">
    <label class="box">
      <span class="unseen">Select ${row.name}</span>
      <input
        type="checkbox" checked=${model.selected.has(row.name)} tabindex=${tabindex}
        onClick=${(event: MouseEvent) => model.selected.toggle(row.name, event.shiftKey)}
      />
    </label>
  </div>
`;
