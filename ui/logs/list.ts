/** The list: a section for each day, and in it one row for each entry, or for several that say the same. */
import { useComputed } from '@preact/signals';
import { html } from 'htm/preact';
import type { LogEntry } from '../api/wire.ts';
import { Button } from '../parts/button.ts';
import { Icon } from '../parts/icon.ts';
import { useTask } from '../parts/task.ts';
import { EntryIcon, kindOf, Name, Sentence } from './entry.ts';
import { Facts } from './facts.ts';
import { type Day, type Item, timesOf } from './groups.ts';
import type { LogsModel, LogsProps } from './model.ts';
import type { Found } from './search.ts';

const dayText = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeZone: 'UTC' });
const clockText = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const minuteText = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const wholeText = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });

export const LogList = ({ model, isAdmin, found: { next } }: LogsProps & { found: Found }) => html`
  <div class="logs panel" role="group" aria-label="Access log, newest first" onKeyDown=${onKeyDown}>
    ${model.days.value.map((day) => html`<${DaySection} key=${day.date} day=${day} model=${model} isAdmin=${isAdmin} />`)}
  </div>
  ${next === null ? html`<p class="list-end note">No older entries.</p>` : html`<div class="list-end note"><${Older} model=${model} /></div>`}
`;

const DaySection = ({ day: { date, items, shown, hidden }, ...props }: LogsProps & { day: Day }) => html`
  <section class="log-day">
    <div class="log-date ends">
      <h2>${dayText.format(date)}</h2>
      <span class="note">${shown.toLocaleString()} ${shown === 1 ? 'entry' : 'entries'}${hidden > 0 && `, ${hidden.toLocaleString()} routine hidden`}</span>
    </div>
    ${items.length > 0 && html`<ol>${items.map((item) => html`<${Row} key=${keyOf(item)} item=${item} ...${props} />`)}</ol>`}
  </section>
`;

/** A run may grow, and an entry may become one of a run: what is open stays with the oldest entry of it. */
const keyOf = (item: Item) => (item.length > 1 ? -(item.at(-1)?.id ?? 0) : item[0].id);

const Row = ({ item, model, isAdmin }: LogsProps & { item: Item }) => {
  const [entry] = item;
  const key = keyOf(item);
  const isOpen = useComputed(() => model.open.value.has(key)).value;
  const isActive = useComputed(() => (model.active.value || firstKey(model)) === key).value;
  const isRun = item.length > 1;
  const toggle = () => {
    const open = new Set(model.open.value);
    if (!open.delete(key)) open.add(key);
    model.open.value = open;
  };
  const onClick = ({ target }: MouseEvent) => {
    const isOnRow = target instanceof Element && target.closest('button, a, .log-more') === null;
    if (isOnRow && String(getSelection()) === '') toggle();
  };
  return html`
    <li class="log ${kindOf(entry)} ${isOpen ? 'open' : ''}" onClick=${onClick} onFocusIn=${() => (model.active.value = key)}>
      <${Clock} time=${entry.timestamp} />
      <${EntryIcon} entry=${entry} />
      <${Sentence} entry=${entry} onPick=${model.pick} isReached=${isActive} count=${isRun && html` <${Times} item=${item} />`} />
      <p class="log-meta note"><span class="verbatim" title=${entry.user_agent}><${Name} of="address" value=${entry.ip_address} onPick=${model.pick} isReached=${isActive}>${entry.ip_address}<//></span></p>
      <button
        type="button" class="icon-button bare log-open" aria-expanded=${isOpen ? 'true' : 'false'} tabindex=${isActive ? 0 : -1}
        aria-label=${isRun ? 'The entries' : 'All facts'} title=${isRun ? 'The entries' : 'All facts'} onClick=${toggle}
      ><${Icon} name="open" size=${16} /></button>
      ${isOpen && html`<div class="log-more">${isRun ? html`<${Members} item=${item} model=${model} isAdmin=${isAdmin} />` : html`<${Facts} entry=${entry} model=${model} isAdmin=${isAdmin} />`}</div>`}
    </li>
  `;
};

const firstKey = ({ days }: LogsModel) => {
  const first = days.value.find(({ items }) => items.length > 0)?.items[0];
  return first ? keyOf(first) : 0;
};

const Clock = ({ time }: { time: string }) => {
  const moment = Date.parse(time);
  return html`<time class="log-time note" datetime=${time} title=${wholeText.format(moment)}>${clockText.format(moment)}</time>`;
};

/** As in `38 times, 06:02 – 06:41`. */
const Times = ({ item }: { item: Item }) => {
  const [newest, oldest] = [item[0], item.at(-1) ?? item[0]];
  return html`
    <span class="badge">${timesOf(item).toLocaleString()} times</span>
    <span class="note"> ${minuteText.formatRange(Date.parse(oldest.timestamp), Date.parse(newest.timestamp))}</span>
  `;
};

/** The entries of a row that stands for several. They differ in their time, and in what is only seen when they are opened. */
const Members = ({ item, model, isAdmin }: LogsProps & { item: Item }) => html`
  <ol class="log-members">
    ${item.map((entry) => html`<${Member} key=${entry.id} entry=${entry} model=${model} isAdmin=${isAdmin} />`)}
  </ol>
`;

const Member = ({ entry, model, isAdmin }: LogsProps & { entry: LogEntry }) => {
  const isOpen = useComputed(() => model.open.value.has(entry.id)).value;
  const onToggle = ({ currentTarget }: Event) => {
    const open = new Set(model.open.value);
    if ((currentTarget as HTMLDetailsElement).open) open.add(entry.id);
    else open.delete(entry.id);
    model.open.value = open;
  };
  return html`
    <li>
      <details open=${isOpen} onToggle=${onToggle}>
        <summary><${Clock} time=${entry.timestamp} /> <span class="note">${entry.child ? `child ${entry.child}` : `entry ${entry.id.toLocaleString()}`}</span></summary>
        ${isOpen && html`<${Facts} entry=${entry} model=${model} isAdmin=${isAdmin} />`}
      </details>
    </li>
  `;
};

/** Up and Down move from row to row, Home and End to the first and the last. */
const onKeyDown = (event: KeyboardEvent) => {
  const { key, target, currentTarget } = event;
  const isOnOpener = target instanceof Element && target.matches('.log-open');
  if (!isOnOpener || event.ctrlKey || event.metaKey || event.altKey) return;
  const openers = [...(currentTarget as Element).querySelectorAll<HTMLElement>('.log-open')];
  const at = openers.indexOf(target as HTMLElement);
  const next = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: openers.length - 1 }[key];
  if (next === undefined || !openers[next]) return;
  event.preventDefault();
  openers[next].focus();
};

/** Searches on where the list ends. */
export const Older = ({ model }: { model: LogsModel }) => {
  const task = useTask();
  return html`
    ${model.olderProblem.value && html`<p role="alert">${model.olderProblem.value}</p>`}
    <${Button} isBusy=${task.isBusy.value} onClick=${() => void task.run(model.loadOlder)}>Load older entries<//>
  `;
};
