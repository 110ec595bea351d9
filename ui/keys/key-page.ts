/**
 * The page of one key: its value, what is known about it, and all that can be done with it. It stands beside the list, or in its
 * place where there is no room for both. What the vault records when it is asked, such as the versions, is folded until needed.
 */
import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { shown } from '../../core/text.ts';
import { api } from '../api/client.ts';
import { loaded } from '../api/loaded.ts';
import { Button, IconButton } from '../parts/button.ts';
import { copyText } from '../parts/clipboard.ts';
import { isTyping } from '../parts/events.ts';
import { Blank, Failed, Waiting } from '../parts/state.ts';
import { Ago, now, Until } from '../parts/time.ts';
import { href } from '../shell/router.ts';
import { WhoHasAccess } from './access.ts';
import { linkTo } from './chosen.ts';
import { dueKind, dueOf } from './due.ts';
import { EditForm } from './edit.ts';
import { labelsText } from './labels.ts';
import { type KeysModel, mayEdit, mayManage } from './model.ts';
import type { KeyRow } from './order.ts';
import { LastUsed } from './row.ts';
import { WhoHasSeen } from './seen.ts';
import { moveToTrash } from './trashing.ts';
import { UseIt } from './use.ts';
import { copyValue, Value } from './value.ts';
import { Versions } from './versions.ts';

export interface KeyPageProps {
  model: KeysModel;
  name: string;
  isAdmin: boolean;
  /** What happened to it. */
  activity: (name: string) => ComponentChildren;
}

export const KeyPage = (props: KeyPageProps) => {
  const { model, name } = props;
  const page = useRef<HTMLElement>(null);
  const opened = model.open.value;
  // A form that is open keeps what was typed also if somebody else has deleted the key.
  const kept = opened?.kind === 'edit' && opened.row.name === name ? opened.row : null;
  const row = model.rowNamed(name) ?? kept;
  useFocus(page, kept && opened?.kind === 'edit' ? opened.part : null);
  return html`
    <section ref=${page} class="key-page panel" aria-label="Key ${shown(name)}" onKeyDown=${(event: KeyboardEvent) => onKey(event, props, row)}>
      <header class="key-head">
        <span class="key-back"><${IconButton} icon="back" label="Back to the list" onClick=${model.closeKey} /></span>
        <h2 class="key-name" tabindex=${-1}>${broken(shown(name))}</h2>
        <${IconButton} icon="link" label="Copy a link to this page" onClick=${() => void copyText(linkTo(name), 'the link')} />
        <span class="key-close"><${IconButton} icon="close" label="Close" onClick=${model.closeKey} /></span>
      </header>
      ${row ? html`<${Body} ...${props} row=${row} />` : html`<${Missing} model=${model} />`}
    </section>
  `;
};

/** The page takes the focus when it opens. A form that closes gives it to the button that opened it. */
const useFocus = (page: { current: HTMLElement | null }, part: string | null) => {
  const before = useRef<string | null>(null);
  useLayoutEffect(() => {
    const opener = before.current && page.current?.querySelector<HTMLElement>(`[data-opens="${before.current}"]`);
    before.current = part;
    if (part !== null || page.current?.contains(document.activeElement)) return;
    (opener || page.current?.querySelector('h2'))?.focus({ preventScroll: true });
  }, [part]);
};

/** Long names break after a slash. */
const broken = (name: string) =>
  name.split(/(?<=\/)/).flatMap((part, index) => (index === 0 ? [part] : [html`<wbr />`, part]));

const Missing = ({ model }: { model: KeysModel }) => {
  const { answer, error, load } = model.list;
  if (answer.value)
    return html`
      <${Blank} icon="key" title="No such key">
        <p>There is none of this name, or you do not reach it. Somebody may have renamed or deleted it.</p>
        <${Button} onClick=${model.closeKey}>Show the list<//>
      <//>
    `;
  if (error.value) return html`<${Failed} error=${error.value} title="Could not load the keys" onRetry=${load} />`;
  return html`<${Waiting}>Loading keys…<//>`;
};

/** The same letters as in the list. */
const onKey = (event: KeyboardEvent, { model, isAdmin }: KeyPageProps, row: KeyRow | null) => {
  if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
  const { key } = event;
  if (key === 'Escape') model.closeKey();
  else if (!row) return;
  else if (key === 'c') void copyValue(model, row.name);
  else if (key === 'r') model.toReveal.value = row.name;
  else if (key === 'e' && mayEdit(row, isAdmin)) model.beginEdit(row, 'details');
  else if (key === 'Delete' && mayEdit(row, isAdmin)) void moveToTrash(model, [row]);
  else return;
  event.preventDefault();
};

const Body = (props: KeyPageProps & { row: KeyRow }) => {
  const { model, row, isAdmin, activity } = props;
  const { name, project } = row;
  const opened = model.open.value;
  const edited = opened?.kind === 'edit' && opened.row.name === name ? opened : null;
  const form =
    edited && html`<${EditForm} key=${model.times.value} model=${model} row=${edited.row} part=${edited.part} />`;
  const edits = mayEdit(row, isAdmin);
  const manages = mayManage(row, isAdmin);
  const readers = useMemo(() => (manages ? loaded(() => api.keyReaders(name)) : null), [name, manages]);
  return html`
    <div class="key-part">
      <h3 class="unseen">Value</h3>
      <${Value} model=${model} name=${name} />
      ${
        edited?.part === 'value'
          ? form
          : html`<div class="key-tools">
              <${Button} kind="primary" icon="copy" onClick=${() => void copyValue(model, name)}>Copy<//>
              ${edits && html`<${Button} icon="refresh" data-opens="value" onClick=${() => model.beginEdit(row, 'value')}>Replace<//>`}
            </div>`
      }
    </div>
    <div class="key-part">
      ${edited?.part === 'details' ? form : html`<${Details} ...${props} edits=${edits} /><${Facts} ...${props} />`}
    </div>
    <${Fold} title="Use it" note="curl, Node, Python, GitHub Actions">${() => html`<${UseIt} model=${model} name=${name} />`}<//>
    <${Fold} title="Versions" note="${row.version}">
      ${() => html`<${Versions} model=${model} row=${row} mayRestore=${edits} mayDestroy=${manages} />`}
    <//>
    <${Fold} title="Who has access" note=${project === null ? 'personal' : `members of ${shown(project)}`}>
      ${() => html`<${WhoHasAccess} row=${row} readers=${readers} />`}
    <//>
    ${readers && html`<${Fold} title="Who has seen it">${() => html`<${WhoHasSeen} readers=${readers} />`}<//>`}
    <${Fold} title="Activity">${() => activity(name)}<//>
    ${edits ? html`<${Tools} ...${props} />` : html`<p class="key-part note">You are a viewer of this project, so you can read this key and not change it.</p>`}
  `;
};

interface FoldProps {
  title: string;
  note?: string;
  /** Called when it is opened: each fetch adds an entry to the log. */
  children: () => ComponentChildren;
}

const Fold = ({ title, note = '', children }: FoldProps) => {
  const isOpen = useSignal(false);
  return html`
    <details class="fold" onToggle=${(event: Event) => (isOpen.value = (event.currentTarget as HTMLDetailsElement).open)}>
      <summary class="ends"><span>${title}</span><span class="note cut">${note}</span></summary>
      ${isOpen.value && html`<div class="fold-body">${children()}</div>`}
    </details>
  `;
};

/** The description, which is edited in its place. */
const Details = ({ model, row, edits }: KeyPageProps & { row: KeyRow; edits: boolean }) => {
  const edit = () => model.beginEdit(row, 'details');
  return html`
    <div class="key-description row">
      <p class="verbatim" onDblClick=${edits ? edit : undefined}>${row.description ? shown(row.description) : html`<span class="soft">No description</span>`}</p>
      ${edits && html`<${IconButton} icon="edit" label="Edit description, expiry and labels" data-opens="details" onClick=${edit} />`}
    </div>
  `;
};

const Facts = ({ model, row, isAdmin }: KeyPageProps & { row: KeyRow }) => {
  const due = dueOf(row, now.value);
  const { project, expiresAt, rotateEveryDays, rotationDueAt } = row;
  const labels = labelsText(row.labels);
  return html`
    <dl class="facts note">
      <dt>Belongs to</dt>
      <dd>${project === null ? (row.role === 'owner' ? 'you' : html`<bdi>${shown(row.owner ?? '')}</bdi>`) : html`the project <a class="verbatim" href=${href('projects', {}, project)}>${shown(project)}</a>`}</dd>
      <dt>Changed</dt><dd><${Ago} time=${row.updatedAt} /></dd>
      ${row.valueChangedAt < row.updatedAt && html`<dt>New value</dt><dd><${Ago} time=${row.valueChangedAt} /></dd>`}
      <dt>Added</dt><dd><${Ago} time=${row.createdAt} /> by <bdi>${shown(row.createdBy)}</bdi></dd>
      ${model.uses.answer.value && html`<dt>${isAdmin ? 'Last used' : 'Last used by you'}</dt><dd><${LastUsed} model=${model} row=${row} isAdmin=${isAdmin} /></dd>`}
      ${expiresAt !== null && html`<dt>Expires</dt><dd><${Until} time=${expiresAt} /></dd>`}
      ${rotateEveryDays !== null && html`<dt>Rotation</dt><dd>every ${rotateEveryDays} days${rotationDueAt !== null && html`, next <${Until} time=${rotationDueAt} />`}</dd>`}
      ${labels && html`<dt>Labels</dt><dd class="verbatim">${shown(labels)}</dd>`}
    </dl>
    ${due && html`<p><span class="badge ${dueKind(due)}">${due.text}</span></p>`}
  `;
};

/** What one seldom does. */
const Tools = ({ model, row, isAdmin }: KeyPageProps & { row: KeyRow }) => html`
  <div class="key-part key-tools">
    <${Button} kind="quiet" icon="edit" onClick=${() => model.instead({ kind: 'rename', row })}>Rename or move<//>
    ${isAdmin && row.project === null && html`<${Button} kind="quiet" icon="user" onClick=${() => model.instead({ kind: 'give', row })}>Hand over<//>`}
    <${Button} kind="quiet" class="danger-text" icon="trash" onClick=${() => model.leaveForm(() => void moveToTrash(model, [row]))}>Delete<//>
  </div>
`;
