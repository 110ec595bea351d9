/** The overview of a project’s environments. Arrow keys move from cell to cell; the table scrolls within its box. */
import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { useMemo } from 'preact/hooks';
import { shown } from '../../core/text.ts';
import type { Loaded } from '../api/loaded.ts';
import { Button } from '../parts/button.ts';
import { isChecked, typed } from '../parts/events.ts';
import { unmanaged } from '../parts/field.ts';
import { Icon, type IconName } from '../parts/icon.ts';
import { Blank, Content } from '../parts/state.ts';
import { Ago, now } from '../parts/time.ts';
import { go, href, route, setQuery } from '../shell/router.ts';
import { type Cell, type Folder, type OverviewKey, type OverviewRow, overviewOf } from './overview.ts';

type Key = OverviewKey & { project: string | null };

export interface OverviewProps {
  project: string;
  keys: {
    list: Loaded<readonly Key[]>;
    /** Opens the form for a new key whose name begins like this. */
    show: (form: { kind: 'new'; prefix: string }) => void;
  };
  mayAdd: boolean;
}

interface Actions {
  mayAdd: boolean;
  onOpen: (name: string) => void;
  onAdd: (name: string) => void;
}

export const Overview = (props: OverviewProps) => html`
  <${Content} of=${props.keys.list} failure="Could not load the keys" waiting="Loading keys…">
    ${(keys: readonly Key[]) => html`<${Environments} ...${props} rows=${keys} />`}
  <//>
`;

/** So many rows are shown at first. */
const firstRows = 200;

const Environments = ({ project, rows: all, mayAdd, keys }: OverviewProps & { rows: readonly Key[] }) => {
  const actions: Actions = {
    mayAdd,
    onOpen: (name) => go('projects', { key: name }, project),
    onAdd: (name) => keys.show({ kind: 'new', prefix: name }),
  };
  const isWhole = useSignal(false);
  // Once a minute is enough for what expires.
  const minute = Math.floor(now.value / 60_000);
  const overview = useMemo(
    () =>
      overviewOf(
        all.filter((key) => key.project === project),
        project,
        Date.now(),
      ),
    [all, project, minute],
  );
  const { gaps = '', q = '' } = route.value.query;
  const wanted = q.trim().toLowerCase();
  const rows = overview.rows.filter(
    ({ name, hasGap }) => (gaps === '' || hasGap) && (wanted === '' || name.toLowerCase().includes(wanted)),
  );
  const withGaps = overview.rows.filter(({ hasGap }) => hasGap).length;
  if (overview.rows.length === 0) return html`<${NoFolders} project=${project} />`;
  const listed = isWhole.value ? rows : rows.slice(0, firstRows);
  return html`
    <div class="toolbar row" role="search" aria-label="Filter the names">
      <div class="search-field">
        <${Icon} name="search" />
        <input
          class="input" type="search" aria-label="Search names" placeholder="Search names" value=${q} data-search ...${unmanaged}
          onInput=${(event: Event) => setQuery({ q: typed(event) })}
        />
      </div>
      <label class="check">
        <input type="checkbox" checked=${gaps !== ''} onChange=${(event: Event) => setQuery({ gaps: isChecked(event) ? '1' : '' })} />
        <span>Only with gaps</span>
      </label>
      <p class="count note" role="status">${gapText(withGaps, overview.rows.length)}</p>
    </div>
    ${
      listed.length > 0
        ? html`<${Table} project=${project} folders=${overview.folders} rows=${listed} ...${actions} />`
        : html`<${Blank} icon="check" title=${wanted === '' ? 'No gaps' : 'No matching names'}>
            <p>${wanted === '' ? 'Every name is in every folder, and none is expired or much older than the others.' : 'No name in this project has that in it.'}</p>
            <${Button} onClick=${() => setQuery({ gaps: '', q: '' })}>Show all names<//>
          <//>`
    }
    ${listed.length < rows.length && html`<p class="env-more"><${Button} onClick=${() => (isWhole.value = true)}>Show all ${rows.length.toLocaleString()} names<//></p>`}
    <${Beside} ...${overview} onOpen=${actions.onOpen} />
  `;
};

const namesText = (count: number) => `${count.toLocaleString()} ${count === 1 ? 'name' : 'names'}`;
const gapText = (gaps: number, all: number) =>
  gaps === 0
    ? `${namesText(all)}, no gaps`
    : `${gaps.toLocaleString()} of ${namesText(all)} ${gaps === 1 ? 'has' : 'have'} gaps`;

const NoFolders = ({ project }: { project: string }) => html`
  <${Blank} icon="folder" title="No folders yet">
    <p>
      Name keys by their environment, such as <code class="verbatim">${shown(project)}/dev/STRIPE_KEY</code> and
      <code class="verbatim">${shown(project)}/prod/STRIPE_KEY</code>. Each folder becomes a column here, and shows what it lacks.
    </p>
  <//>
`;

interface TableProps extends Actions {
  project: string;
  folders: readonly Folder[];
  rows: readonly OverviewRow<Key>[];
}

const Table = ({ project, folders, rows, ...actions }: TableProps) => {
  const active = useSignal('0 0');
  return html`
    <div class="env-box panel">
      <table class="env" role="grid" aria-label="Environments of ${shown(project)}" onKeyDown=${(event: KeyboardEvent) => move(event)}>
        <thead>
          <tr>
            <th scope="col" class="env-name">Name</th>
            ${folders.map(
              ({ path, keys }) => html`<th key=${path} scope="col">
                <a href=${href('projects', { q: `${project}/${path}/` }, project)} title="Show the keys in ${shown(path)}"><bdi class="verbatim">${shown(path)}</bdi></a>${' '}
                <small class="soft">${keys.toLocaleString()}<span class="unseen"> ${keys === 1 ? 'key' : 'keys'}</span></small>
              </th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ name, cells }, y) => html`<tr key=${name}>
              <th scope="row" class="env-name"><span class="cut" title=${shown(name)}><bdi>${shown(name)}</bdi></span></th>
              ${cells.map((cell, x) => {
                const place = `${y} ${x}`;
                return html`<td key=${x} class="env-cell ${cell.state}" onFocusIn=${() => (active.value = place)}>
                  <${State} cell=${cell} ...${actions} tabindex=${active.value === place ? 0 : -1} />
                </td>`;
              })}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  `;
};

const looks: Record<Cell<Key>['state'], { icon: IconName; text: string }> = {
  present: { icon: 'check', text: 'Set' },
  older: { icon: 'pulse', text: 'Older' },
  expired: { icon: 'alert', text: 'Expired' },
  missing: { icon: 'plus', text: 'Add' },
};

const State = ({ cell, mayAdd, onOpen, onAdd, tabindex }: Actions & { cell: Cell<Key>; tabindex: number }) => {
  const { state, key, name, note } = cell;
  const { icon, text } = looks[state];
  if (key === null && !mayAdd) return html`<span class="env-state" data-cell tabindex=${tabindex}>Missing</span>`;
  const isSet = state === 'present' && key !== null;
  return html`
    <button
      type="button" class="env-state bare" data-cell tabindex=${tabindex} title=${note || shown(name)}
      onClick=${() => (key === null ? onAdd(name) : onOpen(name))}
    >
      <${Icon} name=${icon} size=${16} />
      <span>
        ${isSet ? html`<${Ago} time=${key.valueChangedAt} />` : text}<span class="unseen">${' '}${shown(name)}${isSet ? ', set' : note && `, ${note}`}</span>
      </span>
    </button>
  `;
};

/** How the arrow keys move: columns and rows. */
const steps: Record<string, [x: number, y: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  Home: [-Number.MAX_SAFE_INTEGER, 0],
  End: [Number.MAX_SAFE_INTEGER, 0],
};

const move = (event: KeyboardEvent) => {
  const step = steps[event.key];
  const cell = event.target instanceof Element ? event.target.closest('td') : null;
  if (!step || !cell || event.ctrlKey || event.metaKey || event.altKey) return;
  const row = cell.parentElement as HTMLTableRowElement;
  const rows = [...(row.parentElement?.children ?? [])] as HTMLTableRowElement[];
  const next = rows[clamp(rows.indexOf(row) + step[1], rows.length)];
  // The first cell is the head of the row.
  const there = next?.cells[1 + clamp(cell.cellIndex - 1 + step[0], row.cells.length - 1)];
  event.preventDefault();
  there?.querySelector<HTMLElement>('[data-cell]')?.focus();
};

const clamp = (index: number, length: number) => Math.min(length - 1, Math.max(0, index));

const maxLoose = 30;

/** What the table does not hold. */
const Beside = ({
  otherFolders,
  loose,
  onOpen,
}: { otherFolders: number; loose: readonly Key[] } & Pick<Actions, 'onOpen'>) => html`
  ${otherFolders > 0 && html`<p class="note">${otherFolders.toLocaleString()} more folders have no column here.</p>`}
  ${
    loose.length > 0 &&
    html`<section class="env-loose">
      <h2 class="label">In no folder</h2>
      <p>
        ${loose.slice(0, maxLoose).map(({ name }) => html`<button key=${name} type="button" class="env-loose-key verbatim bare" onClick=${() => onOpen(name)}>${shown(name.slice(name.indexOf('/') + 1))}</button> `)}
        ${loose.length > maxLoose && html`<span class="note">and ${(loose.length - maxLoose).toLocaleString()} more</span>`}
      </p>
    </section>`
  }
`;
