import { html } from 'htm/preact';
import type { LogEntry } from '../api/wire.ts';
import { Button } from '../parts/button.ts';
import { Icon } from '../parts/icon.ts';
import { useTask } from '../parts/task.ts';
import { Ago } from '../parts/time.ts';
import type { LogsModel } from './model.ts';
import { detailOf, sentenceOf } from './sentence.ts';

export const LogList = ({ model, entries }: { model: LogsModel; entries: readonly LogEntry[] }) => html`
  <ol class="logs panel" aria-label="Access log, newest first">
    ${entries.map((entry) => html`<${Entry} key=${entry.id} entry=${entry} />`)}
  </ol>
  <${Older} model=${model} />
`;

const Entry = ({ entry }: { entry: LogEntry }) => {
  const { icon, who, did, target, why, isRoutine } = sentenceOf(entry);
  return html`
    <li class="log ${why === null ? '' : 'refused'} ${isRoutine ? 'routine' : ''}">
      <span class="log-icon disc"><${Icon} name=${icon} size=${16} /></span>
      <p class="log-text">
        <strong class="verbatim">${who}</strong> ${did}
        ${target !== null && html` <bdi class="log-target">${target}</bdi>`}
        ${why !== null && html` <span class="log-why">Refused: ${why}</span>`}
        ${detailOf(entry) !== null && html` <span class="note">(${detailOf(entry)})</span>`}
      </p>
      <p class="log-meta note"><${Ago} time=${entry.timestamp} /><span class="verbatim" title=${entry.user_agent}>${entry.ip_address}</span></p>
    </li>
  `;
};

const Older = ({ model }: { model: LogsModel }) => {
  const task = useTask();
  if (model.isComplete.value) return html`<p class="list-end note">No older entries.</p>`;
  return html`
    <div class="list-end note">
      ${model.olderProblem.value && html`<p role="alert">${model.olderProblem.value}</p>`}
      <${Button} isBusy=${task.isBusy.value} onClick=${() => void task.run(model.loadOlder)}>Load older entries<//>
    </div>
  `;
};
