import { html } from 'htm/preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Button, IconButton } from '../parts/button.ts';
import { PageHead } from '../parts/page-head.ts';
import { Blank, Content } from '../parts/state.ts';
import { Chart } from './chart.ts';
import { clear, Filters } from './filters.ts';
import { LogList, Older } from './list.ts';
import type { Found, LogsModel, LogsProps } from './model.ts';

/** Each fetch of the list adds an entry to the log, so typing fetches only after a pause. */
const typingPauseMs = 300;

export const LogsPage = ({ model, isAdmin }: LogsProps) => {
  const filters = model.filters.value;
  const reload = () => {
    void model.list.load();
    void model.activity.load();
  };
  const isFirst = useRef(true);
  useLayoutEffect(() => {
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    const timer = setTimeout(reload, typingPauseMs);
    return () => clearTimeout(timer);
  }, [model, filters]);
  useLayoutEffect(() => void model.activity.load(), [model]);

  return html`
    <${PageHead} title="Access Logs" lead=${isAdmin ? 'All actions in this vault, including refused ones.' : 'All actions of your account, including refused ones.'}>
      <${IconButton} icon="refresh" label="Refresh" onClick=${reload} />
    <//>
    <${Chart} model=${model} />
    <${Filters} model=${model} isAdmin=${isAdmin} />
    <${Content} of=${model.list} failure="Could not load the access log" waiting="Loading the access log…">
      ${(found: Found) =>
        found.entries.length > 0
          ? html`<${LogList} model=${model} found=${found} />`
          : html`<${Nothing} model=${model} isWhole=${found.next === null} />`}
    <//>
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
