/** The dialogs about one key: another name, another owner, and what is asked before something goes. */
import { html } from 'htm/preact';
import { TrashChanged } from './conflict.ts';
import type { Open } from './model.ts';
import { type KeysModel, mayManage } from './model.ts';
import { GiveKey, RenameKey } from './move.ts';
import { DestroyVersion } from './versions.ts';

export interface ToolsProps {
  title: string;
  model: KeysModel;
  open: Extract<Open, { row: unknown }>;
  isAdmin: boolean;
  onClose: () => void;
}

export const KeyTools = ({ model, open, isAdmin }: ToolsProps) => {
  const { row } = open;
  switch (open.kind) {
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
