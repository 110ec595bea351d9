/** The versions of a key: each can be read, made the current one again, or erased. */
import { html } from 'htm/preact';
import { shown } from '../../core/text.ts';
import type { Version } from '../api/wire.ts';
import { Button } from '../parts/button.ts';
import { Confirm } from '../parts/confirm.ts';
import { Dialog } from '../parts/dialog.ts';
import { Content } from '../parts/state.ts';
import { useTask } from '../parts/task.ts';
import { Ago } from '../parts/time.ts';
import { complain, notify } from '../parts/toast.ts';
import type { KeysModel } from './model.ts';
import type { KeyRow } from './order.ts';
import { Value } from './value.ts';

interface Props {
  model: KeysModel;
  row: KeyRow;
  mayRestore: boolean;
  mayDestroy: boolean;
}

export const Versions = (props: Props & { onClose: () => void }) => html`
  <${Dialog} title="Versions of ${props.row.name}" onClose=${props.onClose}>
    <div class="dialog-body">
      <${Content} of=${props.model.versions} failure="Could not load the versions" waiting="Loading the versions…">
        ${(versions: Version[]) => html`
          <ol class="versions">
            ${versions.map((version) => html`<${Item} key=${version.version} ...${props} version=${version} />`)}
          </ol>
        `}
      <//>
    </div>
  <//>
`;

const Item = ({ model, row, mayRestore, mayDestroy, version: one }: Props & { version: Version }) => {
  const task = useTask();
  const { version, created_at, created_by, is_current, destroyed } = one;
  const restore = () =>
    task.run(async () => {
      const about = ['key', row.name, 'value'];
      try {
        await model.restoreVersion(row.name, version);
        notify({ text: `${row.name} has the value of version ${version} again.`, about });
      } catch (problem) {
        complain(problem, about);
      }
    });
  return html`
    <li class="version">
      <p class="row ends">
        <span><strong>Version ${version}</strong>${is_current && html` <span class="badge">current</span>`}</span>
        <span class="note"><${Ago} time=${created_at} /> by <bdi>${shown(created_by)}</bdi></span>
      </p>
      ${
        destroyed
          ? html`<p class="note">Its value is erased.</p>`
          : html`
              <${Value} model=${model} name=${row.name} version=${version} />
              ${
                !is_current &&
                html`<div class="version-actions row">
                  ${mayRestore && html`<${Button} kind="quiet" icon="refresh" isBusy=${task.isBusy.value} onClick=${() => void restore()}>Restore<//>`}
                  ${
                    mayDestroy &&
                    html`<${Button} kind="quiet" class="danger-text" icon="trash" onClick=${() => model.show({ kind: 'destroy-version', row, version })}>Erase<//>`
                  }
                </div>`
              }
            `
      }
    </li>
  `;
};

export const DestroyVersion = ({ model, row, version }: { model: KeysModel; row: KeyRow; version: number }) => {
  const back = () => model.show({ kind: 'versions', row });
  const destroy = async () => {
    await model.destroyVersion(row.name, version);
    back();
    notify({ text: `Erased version ${version} of ${row.name}.` });
  };
  return html`
    <${Confirm} title="Erase version ${version}?" action="Erase version" onConfirm=${destroy} onClose=${back}>
      <p>The value that <strong class="verbatim">${shown(row.name)}</strong> had then is gone for good. The current one stays.</p>
    <//>
  `;
};
