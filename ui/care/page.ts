/** The keys that need care, why, and what to do about each. */
import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { shown } from '../../core/text.ts';
import type { CareKey, CareList, CareReason, OwnRole } from '../api/wire.ts';
import { Button, IconButton } from '../parts/button.ts';
import { typed } from '../parts/events.ts';
import { PageHead } from '../parts/page-head.ts';
import { Segmented } from '../parts/segmented.ts';
import { Blank, Content } from '../parts/state.ts';
import { now } from '../parts/time.ts';
import { route, setQuery } from '../shell/router.ts';
import type { CareModel } from './model.ts';
import { reasonNames, reasonsOf } from './reasons.ts';

/** What the page needs of a key, and does with it. */
interface Row {
  name: string;
  role: OwnRole;
}

export interface CareProps {
  model: CareModel;
  isAdmin: boolean;
  keys: {
    rowNamed: (name: string) => Row | null;
    openKey: (name: string) => void;
    /** Opens the page of the key with the form for a new value. */
    beginEdit(row: Row, part: 'value'): unknown;
  };
}

export const CarePage = (props: CareProps) => html`
  <${PageHead} title="Needs care" lead="Keys to rotate, to hand over or to clear away, of those that you may read.">
    <${IconButton} icon="refresh" label="Refresh" onClick=${() => void props.model.list.load()} />
  <//>
  <${Content} of=${props.model.list} failure="Could not load what needs care" waiting="Looking for keys that need care…">
    ${(list: CareList) => html`
      <${List} ...${props} list=${list} />
      ${list.uncompared && html`<p class="note">Some values are compared with others only once they are stored again: those that an earlier Keystore stored, and versions that were restored.</p>`}
    `}
  <//>
`;

const reasons = Object.keys(reasonNames) as CareReason[];

/** The reason that the address names; empty for all. */
const chosen = (): CareReason | '' => reasons.find((reason) => reason === route.value.query.show) ?? '';
const showOnly = (reason: CareReason | '') => setQuery({ show: reason });

/** So many rows are shown at first. */
const firstRows = 100;

const List = ({ list, ...props }: CareProps & { list: CareList }) => {
  const isWhole = useSignal(false);
  if (list.keys.length === 0)
    return html`
      <${Blank} icon="check" title="Nothing needs care">
        <p>No key is overdue, expires within 14 days, has the value of another one, or has lain unread for 90 days.</p>
      <//>
    `;
  const reason = chosen();
  const chosenKeys = reason === '' ? list.keys : list.keys.filter((key) => key.reasons.includes(reason));
  const listed = isWhole.value ? chosenKeys : chosenKeys.slice(0, firstRows);
  return html`
    <${Filters} list=${list} />
    ${
      listed.length > 0
        ? html`<ul class="panel trash" aria-label="Keys that need care">${listed.map((key) => html`<${Item} key=${key.key_name} ...${props} care=${key} />`)}</ul>`
        : html`<${Blank} icon="check" title="None for this reason"><${Button} onClick=${() => showOnly('')}>Show all reasons<//><//>`
    }
    ${listed.length < chosenKeys.length && html`<p class="env-more"><${Button} onClick=${() => (isWhole.value = true)}>Show all ${chosenKeys.length.toLocaleString()}<//></p>`}
    ${list.more && html`<p class="note">There are more than these ${list.keys.length.toLocaleString()}. The urgent ones come first.</p>`}
  `;
};

/** A phone has no room for all of them side by side. */
const Filters = ({ list }: { list: CareList }) => {
  const choices = choicesOf(list);
  const value = chosen();
  return html`
    <div class="care-filters">
      <${Segmented} label="Why" value=${value} choices=${choices} onChange=${showOnly} />
      <select class="input" aria-label="Why" value=${value} onChange=${(event: Event) => showOnly(typed(event) as CareReason | '')}>
        ${choices.map(({ value: choice, text }) => html`<option key=${choice} value=${choice}>${text}</option>`)}
      </select>
    </div>
  `;
};

/** Reasons that no key has are left out. */
const choicesOf = ({ keys }: CareList): { value: CareReason | ''; text: string }[] => [
  { value: '', text: `All ${keys.length.toLocaleString()}` },
  ...reasons.flatMap((value) => {
    const count = keys.filter((key) => key.reasons.includes(value)).length;
    return count > 0 || value === chosen() ? [{ value, text: `${reasonNames[value]} ${count.toLocaleString()}` }] : [];
  }),
];

const Item = ({ care, keys, isAdmin }: CareProps & { care: CareKey }) => {
  const label = shown(care.key_name);
  const row = keys.rowNamed(care.key_name);
  const mayReplace = row !== null && (isAdmin || row.role !== 'viewer');
  const open = () => keys.openKey(care.key_name);
  return html`
    <li class="trash-item">
      <div class="cell-name">
        <button type="button" class="care-name bare cut" title=${label} onClick=${open}><bdi>${label}</bdi></button>
        <p class="care-reasons">
          ${reasonsOf(care, now.value).map(({ reason, text, tone }) => html`<span key=${reason} class="badge ${tone}">${text}</span>`)}
        </p>
        <${Note} care=${care} />
      </div>
      <div class="trash-actions row">
        ${
          mayReplace
            ? html`<${Button} icon="refresh" aria-label="Replace ${label}" onClick=${() => keys.beginEdit(row, 'value')}>Replace<//>`
            : html`<${Button} icon="info" aria-label="Show ${label}" onClick=${open}>Show<//>`
        }
      </div>
    </li>
  `;
};

const Note = ({ care: { owner, reasons: why, same_value_as } }: { care: CareKey }) => {
  const isOwnerOff = why.includes('owner_inactive') && owner !== null;
  if (same_value_as.length === 0 && !isOwnerOff) return null;
  return html`
    <p class="note">
      ${isOwnerOff && html`Belongs to <bdi>${shown(owner)}</bdi>, who is switched off. `}
      ${same_value_as.length > 0 && html`Same value as <span class="verbatim">${same_value_as.map(shown).join(', ')}</span>.`}
    </p>
  `;
};
