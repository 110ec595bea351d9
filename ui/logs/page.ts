import { html } from 'htm/preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Button, IconButton } from '../parts/button.ts';
import { PageHead } from '../parts/page-head.ts';
import { Blank, Failed, Waiting } from '../parts/state.ts';
import { Chart } from './chart.ts';
import { Filters } from './filters.ts';
import { LogList } from './list.ts';
import type { LogsModel } from './model.ts';

interface Props {
  model: LogsModel;
  isAdmin: boolean;
}

/** Every list that is fetched is itself an entry, so typing waits for a pause before it asks. */
const typingPauseMs = 300;

export const LogsPage = ({ model, isAdmin }: Props) => {
  const filters = model.filters.value;
  const isFirst = useRef(true);
  useLayoutEffect(() => {
    if (isFirst.current) {
      isFirst.current = false;
      return void model.list.load();
    }
    const timer = setTimeout(() => void model.list.load(), typingPauseMs);
    return () => clearTimeout(timer);
  }, [model, filters]);
  useLayoutEffect(() => void model.activity.load(), [model]);
  const reload = () => {
    void model.list.load();
    void model.activity.load();
  };

  return html`
    <${PageHead} title="Access Logs" lead=${isAdmin ? 'Everything that anybody did, or tried to.' : 'Everything that was done in your name.'}>
      <${IconButton} icon="refresh" label="Refresh" onClick=${reload} />
    <//>
    <${Chart} model=${model} />
    <${Filters} model=${model} isAdmin=${isAdmin} />
    <${Content} model=${model} />
  `;
};

const Content = ({ model }: { model: LogsModel }) => {
  const { answer, error, load } = model.list;
  if (error.value)
    return html`<${Failed} error=${error.value} title="The access log could not be fetched" onRetry=${load} />`;
  if (!answer.value) return html`<${Waiting}>Fetching the log…<//>`;
  if (answer.value.length === 0) return html`<${Nothing} model=${model} />`;
  return html`<${LogList} model=${model} entries=${answer.value} />`;
};

const Nothing = ({ model }: { model: LogsModel }) =>
  model.filters.value === '{}'
    ? html`<${Blank} icon="log" title="Nothing has happened yet"><p>Every look at a key, and every change, will stand here.</p><//>`
    : html`
        <${Blank} icon="filter" title="No entry matches">
          <p>Nothing in the log fits all of these filters.</p>
          <${Button} onClick=${model.clearFilters}>Clear the filters<//>
        <//>
      `;
