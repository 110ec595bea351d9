import { html } from 'htm/preact';
import type { LogEntry } from '../api/wire.ts';
import { Button } from '../parts/button.ts';
import { Icon } from '../parts/icon.ts';
import { useTask } from '../parts/task.ts';
import { Ago } from '../parts/time.ts';
import type { Found, LogsModel } from './model.ts';
import { detailOf, sentenceOf } from './sentence.ts';

export const LogList = ({ model, found: { entries, next } }: { model: LogsModel; found: Found }) => html`
  <ol class="logs panel" aria-label="Access log, newest first">
    ${entries.map((entry) => html`<${Entry} key=${entry.id} entry=${entry} />`)}
  </ol>
  ${next === null ? html`<p class="list-end note">No older entries.</p>` : html`<div class="list-end note"><${Older} model=${model} /></div>`}
`;

export const Entry = ({ entry }: { entry: LogEntry }) => {
  const { count = 1 } = entry;
  const { icon, who, did, target, why, isRefusal, isRoutine } = sentenceOf(entry);
  const kind = isRefusal ? 'refused' : why !== null ? 'refused mistake' : isRoutine ? 'routine' : '';
  return html`
    <li class="log ${kind}">
      <span class="log-icon disc"><${Icon} name=${icon} size=${16} /></span>
      <p class="log-text">
        <strong class="verbatim">${who}</strong> ${did}
        ${target !== null && html` <bdi class="log-target">${target}</bdi>`}
        ${count > 1 && html` <span class="badge">${count.toLocaleString()} requests</span>`}
        ${why !== null && html` <span class="log-why">Refused: ${why}</span>`}
        ${detailOf(entry) !== null && html` <span class="note">(${detailOf(entry)})</span>`}
      </p>
      <p class="log-meta note"><${Ago} time=${entry.timestamp} /><span class="verbatim" title=${entry.user_agent}>${entry.ip_address}</span></p>
    </li>
  `;
};

/** Searches on where the list ends. */
export const Older = ({ model }: { model: LogsModel }) => {
  const task = useTask();
  return html`
    ${model.olderProblem.value && html`<p role="alert">${model.olderProblem.value}</p>`}
    <${Button} isBusy=${task.isBusy.value} onClick=${() => void task.run(model.loadOlder)}>Load older entries<//>
  `;
};
