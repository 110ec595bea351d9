import { html } from 'htm/preact';
import { Confirm } from '../parts/confirm.ts';
import { notify } from '../parts/toast.ts';
import type { KeysModel } from './model.ts';
import type { KeyRow } from './order.ts';

export const DeleteKey = ({ model, row }: { model: KeysModel; row: KeyRow }) => {
  const close = () => model.show(null);
  const remove = async () => {
    await model.remove(row.name);
    close();
    notify({ text: `Deleted ${row.name}.` });
  };
  return html`
    <${Confirm} title="Delete this key?" action="Delete key" name=${row.name} onConfirm=${remove} onClose=${close}>
      <p>Programs that use this key will stop working, and its value cannot be restored. Its history stays in the access log.</p>
    <//>
  `;
};
