import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Button, IconButton } from '../parts/button.ts';
import { PageHead } from '../parts/page-head.ts';
import { Blank, Content } from '../parts/state.ts';
import { Chart } from './chart.ts';
import { ExportDialog } from './export.ts';
import { clear, Filters } from './filters.ts';
import { LogList, Older } from './list.ts';
import { type KeptLogs, type LogsModel, logsModel } from './model.ts';
import { SealBadge } from './seal-badge.ts';
import type { Found } from './search.ts';
import { pauseAfter } from './tail.ts';

/** Each fetch of the list adds an entry to the log, so typing fetches only after a pause. */
const typingPauseMs = 300;

export const LogsPage = ({ kept, isAdmin }: { kept: KeptLogs; isAdmin: boolean }) => {
  kept.model ??= logsModel();
  const { model } = kept;
  const { list, activity, seal, isFollowed, range } = model;
  const isExporting = useSignal(false);
  useChange(model.filters.value, () => void list.load());
  useChange(model.counted.value, () => void activity.load());
  useLayoutEffect(() => void activity.load(), [model]);
  useTail(model);
  const reload = () => {
    void list.load();
    void activity.load();
    if (isAdmin) void seal.sealed.load();
  };
  const isPast = range.value !== null && range.value.to < Date.now();

  return html`
    <${PageHead} title="Access Logs" lead=${isAdmin ? 'All actions in this vault, including refused ones.' : 'All actions of your account, including refused ones.'}>
      <${Button}
        kind="quiet" icon="pulse" aria-pressed=${isFollowed.value ? 'true' : 'false'} disabled=${isPast}
        title=${isPast ? 'The range of time has ended.' : 'Shows new entries as they come. The pauses grow while nothing happens.'}
        onClick=${() => (isFollowed.value = !isFollowed.value)}
      >Live<//>
      <${Button} kind="quiet" icon="down" onClick=${() => (isExporting.value = true)}>Export<//>
      <${IconButton} icon="refresh" label="Refresh" onClick=${reload} />
    <//>
    <${Chart} model=${model} />
    <${Filters} model=${model} isAdmin=${isAdmin} />
    <div class="log-bar ends">
      <${Routine} model=${model} />
      ${isAdmin && html`<${SealBadge} model=${model} />`}
    </div>
    <${Content} of=${list} failure="Could not load the access log" waiting="Loading the access log…">
      ${(found: Found) =>
        found.entries.length > 0
          ? html`<${LogList} model=${model} isAdmin=${isAdmin} found=${found} />`
          : html`<${Nothing} model=${model} isWhole=${found.next === null} />`}
    <//>
    ${isExporting.value && html`<${ExportDialog} model=${model} onClose=${() => (isExporting.value = false)} />`}
  `;
};

/** Acts a moment after a value has changed. */
const useChange = (value: string, act: () => void) => {
  const isFirst = useRef(true);
  useLayoutEffect(() => {
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    const timer = setTimeout(act, typingPauseMs);
    return () => clearTimeout(timer);
  }, [value]);
};

/** Asks for newer entries while somebody follows the log and looks at the page. */
const useTail = (model: LogsModel) => {
  const isOn = model.isFollowed.value;
  useLayoutEffect(() => {
    if (!isOn) return;
    let pause = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isGone = false;
    const plan = (hasNews: boolean) => {
      if (isGone || document.hidden) return;
      pause = pauseAfter(pause, hasNews);
      clearTimeout(timer);
      timer = setTimeout(ask, pause);
    };
    const ask = () => void model.loadNewer().then(plan, () => plan(false));
    const onVisibility = () => {
      clearTimeout(timer);
      pause = 0;
      if (!document.hidden) ask();
    };
    document.addEventListener('visibilitychange', onVisibility);
    ask();
    return () => {
      isGone = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onVisibility);
    };
  }, [model, isOn]);
};

/** What is folded away, and the switch that shows it. */
const Routine = ({ model }: { model: LogsModel }) => {
  const hidden = model.days.value.reduce((sum, day) => sum + day.hidden, 0);
  const isAsked = JSON.parse(model.filters.value).action !== undefined;
  return html`
    <div class="row note">
      <label class="check">
        <input
          type="checkbox" checked=${model.isAll.value} disabled=${isAsked}
          onChange=${() => model.showRoutine(!model.isAll.value)}
        />
        <span>Show routine</span>
      </label>
      <span role="status">${hidden > 0 && `${hidden.toLocaleString()} routine ${hidden === 1 ? 'entry' : 'entries'} hidden`}</span>
    </div>
  `;
};

const Nothing = ({ model, isWhole }: { model: LogsModel; isWhole: boolean }) =>
  model.filters.value === '{}'
    ? html`<${Blank} icon="log" title="No activity yet"><p>Every access to a key and every change will appear here.</p><//>`
    : html`
        <${Blank} icon="filter" title="No matching entries">
          <p>${isWhole ? 'No entry in the log matches all of these filters.' : 'None of the newer entries matches all of these filters. The log is long: there may be older ones.'}</p>
          ${!isWhole && html`<${Older} model=${model} />`}
          <${Button} onClick=${() => clear(model)}>Clear filters<//>
        <//>
      `;
