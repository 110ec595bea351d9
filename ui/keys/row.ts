/** The cells of one key. Names and descriptions may be of any length and contain any characters; they are shown as plain text. */
import { html } from 'htm/preact';
import { IconButton } from '../parts/button.ts';
import { Highlight } from '../parts/highlight.ts';
import { Ago } from '../parts/time.ts';
import type { KeysProps } from './model.ts';
import type { KeyRow } from './order.ts';
import { Value } from './value.ts';

interface Props extends KeysProps {
  row: KeyRow;
  isActive: boolean;
}

export const Cells = ({ model, row, isAdmin, isActive }: Props) => {
  const tabindex = isActive ? 0 : -1;
  const words = model.text.value;
  return html`
    <div role="gridcell" class="cell-name">
      <button type="button" class="row-name bare cut" tabindex=${tabindex} title=${row.name} onClick=${() => model.show({ kind: 'edit', row })}>
        <${Highlight} text=${row.name} words=${words} />
      </button>
      <span class="row-description note cut" title=${row.description}><${Highlight} text=${row.description} words=${words} /></span>
    </div>
    <div role="gridcell" class="cell-value"><${Value} model=${model} name=${row.name} tabindex=${tabindex} /></div>
    ${isAdmin && html`<div role="gridcell" class="cell-owner note cut" title=${row.createdBy}>${row.createdBy}</div>`}
    <div role="gridcell" class="cell-created note cut"><${Ago} time=${row.createdAt} /></div>
    <div role="gridcell" class="cell-updated note cut"><${Ago} time=${row.updatedAt} /></div>
    <div role="gridcell" class="cell-actions">
      <${IconButton} icon="edit" label="Edit ${row.name}" tabindex=${tabindex} onClick=${() => model.show({ kind: 'edit', row })} />
      <${IconButton} icon="trash" label="Delete ${row.name}" tabindex=${tabindex} onClick=${() => model.show({ kind: 'delete', row })} />
    </div>
  `;
};
