/** The trash: what was deleted, until it is emptied. */
import { html } from 'htm/preact';
import { shown } from '../../core/text.ts';
import { Problem } from '../api/client.ts';
import type { TrashedKey } from '../api/wire.ts';
import { Button, IconButton } from '../parts/button.ts';
import { PageHead } from '../parts/page-head.ts';
import { Blank, Content } from '../parts/state.ts';
import { useTask } from '../parts/task.ts';
import { Ago, Until } from '../parts/time.ts';
import { complain, notify } from '../parts/toast.ts';
import { DestroyKey, RestoreAs } from './dialogs.ts';
import type { TrashModel } from './model.ts';

export interface TrashProps {
  model: TrashModel;
  /** Called when a key is back. */
  onRestored: () => void;
}

export const TrashPage = (props: TrashProps) => html`
  <${PageHead} title="Trash" lead="Deleted keys. They can be restored with all their versions until the trash is emptied.">
    <${IconButton} icon="refresh" label="Refresh" onClick=${() => void props.model.list.load()} />
  <//>
  <${Content} of=${props.model.list} failure="Could not load the trash" waiting="Loading the trash…">
    ${(items: TrashedKey[]) =>
      items.length > 0
        ? html`<ul class="panel trash">${items.map((item) => html`<${Item} key=${item.id} ...${props} item=${item} />`)}</ul>`
        : html`<${Blank} icon="trash" title="The trash is empty"><p>A key that is deleted stays here for a while before it is destroyed.</p><//>`}
  <//>
  <${OpenDialog} ...${props} />
`;

const Item = ({ model, onRestored, item }: TrashProps & { item: TrashedKey }) => {
  const task = useTask();
  const { id, key_name, project, deleted_at, deleted_by, purged_at } = item;
  const restore = () =>
    task.run(async () => {
      try {
        await model.restore(id);
        onRestored();
        notify({ text: `Restored ${key_name}.`, about: ['key', key_name] });
      } catch (problem) {
        // The name is taken, or nobody may add a key there: another name may do.
        if (problem instanceof Problem && problem.status === 409) model.show({ kind: 'restore-as', item });
        else complain(problem);
      }
    });
  return html`
    <li class="trash-item">
      <div class="cell-name">
        <strong class="row-name cut" title=${shown(key_name)}><bdi>${shown(key_name)}</bdi></strong>
        <span class="note">
          ${project === null ? 'Personal' : html`Project <bdi>${shown(project)}</bdi>`} · deleted <${Ago} time=${deleted_at} />${deleted_by !== null && html` by <bdi>${shown(deleted_by)}</bdi>`}
          ${' '}· destroyed after <${Until} time=${purged_at} />
        </span>
      </div>
      <div class="trash-actions row">
        <${Button} icon="refresh" aria-label="Restore ${key_name}" isBusy=${task.isBusy.value} onClick=${() => void restore()}>Restore<//>
        <${IconButton} icon="edit" label="Restore ${key_name} under another name" onClick=${() => model.show({ kind: 'restore-as', item })} />
        <${IconButton} icon="trash" label="Destroy ${key_name}" onClick=${() => model.show({ kind: 'destroy', item })} />
      </div>
    </li>
  `;
};

const OpenDialog = ({ model, onRestored }: TrashProps) => {
  const open = model.open.value;
  switch (open?.kind) {
    case 'restore-as':
      return html`<${RestoreAs} key=${open.item.id} model=${model} item=${open.item} onRestored=${onRestored} />`;
    case 'destroy':
      return html`<${DestroyKey} key=${open.item.id} model=${model} item=${open.item} />`;
    case undefined:
      return null;
  }
};
