/** What can be done with the selected keys. It stays at the bottom of the window. */
import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { Button } from '../parts/button.ts';
import { type KeysProps, mayEdit } from './model.ts';
import { moveToTrash } from './trashing.ts';

export const SelectionBar = ({ model, isAdmin }: KeysProps) => {
  const { selected } = model;
  const rows = selected.rows.value;
  const names = rows.map(({ name }) => name);
  const done = useSignal<number | null>(null);
  const isBusy = done.value !== null;
  const locked = rows.filter((row) => !mayEdit(row, isAdmin)).length;
  const isLocked = locked > 0;
  const isNone = rows.length === 0;

  const trash = async () => {
    if (isBusy) return;
    done.value = 0;
    await moveToTrash(model, rows, (count) => {
      done.value = count;
    });
    done.value = null;
  };

  const isAll = rows.length === model.shown.value.length && rows.length > 0;
  return html`
    <div class="selection panel row" role="region" aria-label="Selected keys">
      <p role="status">${isBusy ? `Moving ${done.value} of ${names.length.toLocaleString()}…` : statusText(names.length, locked)}</p>
      <${Button} kind="quiet" onClick=${isAll ? selected.none : selected.all}>${isAll ? 'Select none' : 'Select all'}<//>
      <span class="selection-actions row">
        <${Button} icon="copy" disabled=${isNone} onClick=${() => model.show({ kind: 'copy-env', names })}>Copy as .env<//>
        <${Button} icon="leave" disabled=${isNone} onClick=${() => model.show({ kind: 'export', names })}>Export<//>
        <${Button} icon="folder" disabled=${isNone || isLocked} onClick=${() => model.show({ kind: 'move', names })}>Move<//>
        <${Button}
          icon="trash" class="danger-text" isBusy=${isBusy} disabled=${isNone || isLocked}
          title=${isLocked ? 'Of some of these keys you are only a viewer.' : undefined} onClick=${() => void trash()}
        >Move to trash<//>
      </span>
      <${Button} kind="quiet" onClick=${selected.end}>Done<//>
    </div>
  `;
};

/** Says why a button is switched off, if one is. */
const statusText = (count: number, locked: number) => {
  const parts = [`${count.toLocaleString()} selected`, locked > 0 && `${locked.toLocaleString()} read-only`];
  return parts.filter(Boolean).join(', ');
};
