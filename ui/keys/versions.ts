/** The versions of a key: each can be read, compared with the current one, made that again, or erased. */
import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { shown } from '../../core/text.ts';
import type { Version } from '../api/wire.ts';
import { Button } from '../parts/button.ts';
import { Confirm } from '../parts/confirm.ts';
import { Content } from '../parts/state.ts';
import { useTask } from '../parts/task.ts';
import { Ago } from '../parts/time.ts';
import { complain, notify } from '../parts/toast.ts';
import { Compare } from './compare.ts';
import type { KeysModel } from './model.ts';
import type { KeyRow } from './order.ts';
import { Value } from './value.ts';

interface Props {
  model: KeysModel;
  row: KeyRow;
  mayRestore: boolean;
  mayDestroy: boolean;
}

export const Versions = (props: Props) => html`
  <${Content} of=${props.model.versions} failure="Could not load the versions" waiting="Loading the versions…">
    ${(versions: Version[]) => {
      const current = versions.find(({ is_current }) => is_current)?.version ?? 0;
      return html`
        <ol class="versions">
          ${versions.map((version) => html`<${Item} key=${version.version} ...${props} version=${version} current=${current} />`)}
        </ol>
      `;
    }}
  <//>
`;

const Item = ({
  model,
  row,
  mayRestore,
  mayDestroy,
  version: one,
  current,
}: Props & { version: Version; current: number }) => {
  const { version, created_at, created_by, is_current, destroyed } = one;
  return html`
    <li class="version">
      <p class="row ends">
        <span><strong>Version ${version}</strong>${is_current && html` <span class="badge">current</span>`}</span>
        <span class="note"><${Ago} time=${created_at} /> by <bdi>${shown(created_by)}</bdi></span>
      </p>
      ${destroyed && html`<p class="note">Its value is erased.</p>`}
      ${
        !destroyed &&
        !is_current &&
        html`
          <${Value} model=${model} name=${row.name} version=${version} />
          <${Actions} model=${model} row=${row} version=${version} current=${current} mayRestore=${mayRestore} mayDestroy=${mayDestroy} />
        `
      }
    </li>
  `;
};

/** What can be done with an earlier version. */
const Actions = ({
  model,
  row,
  version,
  current,
  mayRestore,
  mayDestroy,
}: Props & { version: number; current: number }) => {
  const task = useTask();
  const isComparing = useSignal(false);
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
  const erase = () => model.show({ kind: 'destroy-version', row, version });
  return html`
    <div class="version-actions row">
      <${Button} kind="quiet" aria-pressed=${isComparing.value} aria-label="Compare version ${version} with the current one" onClick=${() => (isComparing.value = !isComparing.value)}>
        ${isComparing.value ? 'Hide' : 'Compare'}
      <//>
      ${mayRestore && html`<${Button} kind="quiet" aria-label="Restore version ${version}" isBusy=${task.isBusy.value} onClick=${() => void restore()}>Restore<//>`}
      ${mayDestroy && html`<${Button} kind="quiet" class="danger-text" aria-label="Erase version ${version}" onClick=${erase}>Erase<//>`}
    </div>
    ${isComparing.value && html`<${Compare} model=${model} name=${row.name} version=${version} current=${current} onHide=${() => (isComparing.value = false)} />`}
  `;
};

export const DestroyVersion = ({ model, row, version }: { model: KeysModel; row: KeyRow; version: number }) => {
  const close = () => model.show(null);
  const destroy = async () => {
    await model.destroyVersion(row.name, version);
    close();
    notify({ text: `Erased version ${version} of ${row.name}.` });
  };
  return html`
    <${Confirm} title="Erase version ${version}?" action="Erase version" onConfirm=${destroy} onClose=${close}>
      <p>The value that <strong class="verbatim">${shown(row.name)}</strong> had then is gone for good. The current one stays.</p>
    <//>
  `;
};
