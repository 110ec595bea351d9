/** The dialogs about one key that are seldom used: its versions, another name, another owner. */
import { html } from 'htm/preact';
import { TrashChanged } from './conflict.ts';
import type { Open } from './model.ts';
import { type KeysModel, mayEdit, mayManage } from './model.ts';
import { GiveKey, RenameKey } from './move.ts';
import { DestroyVersion, Versions } from './versions.ts';

export interface ToolsProps {
  title: string;
  model: KeysModel;
  open: Extract<Open, { row: unknown }>;
  isAdmin: boolean;
  onClose: () => void;
}

export const KeyTools = ({ model, open, isAdmin, onClose }: ToolsProps) => {
  const { row } = open;
  switch (open.kind) {
    case 'versions':
      return html`<${Versions}
        key=${row.name} model=${model} row=${row} mayRestore=${mayEdit(row, isAdmin)} mayDestroy=${mayManage(row, isAdmin)} onClose=${onClose}
      />`;
    case 'destroy-version':
      return html`<${DestroyVersion} model=${model} row=${row} version=${open.version} />`;
    case 'rename':
      return html`<${RenameKey} key=${model.times.value} model=${model} row=${row} mayTake=${mayManage(row, isAdmin)} />`;
    case 'give':
      return html`<${GiveKey} key=${model.times.value} model=${model} row=${row} />`;
    case 'trash-changed':
      return html`<${TrashChanged} key=${row.name} model=${model} row=${row} />`;
    case 'edit':
      return null;
  }
};
