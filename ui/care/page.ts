/** The keys that need care, why, and what to do about each. */
import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import { shown } from '../../core/text.ts';
import type { CareKey, CareList, CareReason } from '../api/wire.ts';
import { Button, IconButton } from '../parts/button.ts';
import { typed } from '../parts/events.ts';
import { PageHead } from '../parts/page-head.ts';
import { Segmented } from '../parts/segmented.ts';
import { Blank, Content } from '../parts/state.ts';
import { now } from '../parts/time.ts';
import type { CareModel } from './model.ts';
import { reasons } from './model.ts';
import { reasonNames, reasonsOf } from './reasons.ts';

export interface CareProps {
  model: CareModel;
  /** Whether one may give the key of this name another value. */
  mayReplace: (name: string) => boolean;
  /** Opens the key of this name, where a new value can be stored. */
  onOpen: (name: string) => void;
  /** The dialogs about keys. */
  dialogs: ComponentChildren;
}

export const CarePage = (props: CareProps) => html`
  <${PageHead} title="Needs care" lead="Keys to rotate, to hand over or to clear away, of those that you may read.">
    <${IconButton} icon="refresh" label="Refresh" onClick=${() => void props.model.list.load()} />
  <//>
  <${Content} of=${props.model.list} failure="Could not load what needs care" waiting="Looking for keys that need care…">
    ${(list: CareList) => html`<${List} ...${props} list=${list} />`}
  <//>
  ${props.dialogs}
`;

/** So many rows are shown at first. */
const firstRows = 100;

const List = ({ list, ...props }: CareProps & { list: CareList }) => {
  const { model } = props;
  const isWhole = useSignal(false);
  if (list.keys.length === 0)
    return html`
      <${Blank} icon="check" title="Nothing needs care">
        <p>No key is overdue, expires within 14 days, has the value of another one, or has lain unread for 90 days.</p>
      <//>
    `;
  const keys = model.shown.value;
  const listed = isWhole.value ? keys : keys.slice(0, firstRows);
  return html`
    <${Filters} model=${model} />
    ${
      listed.length > 0
        ? html`<ul class="panel trash" aria-label="Keys that need care">${listed.map((key) => html`<${Item} key=${key.key_name} ...${props} care=${key} />`)}</ul>`
        : html`<${Blank} icon="check" title="None for this reason"><${Button} onClick=${() => model.showOnly(null)}>Show all reasons<//><//>`
    }
    ${listed.length < keys.length && html`<p class="env-more"><${Button} onClick=${() => (isWhole.value = true)}>Show all ${keys.length.toLocaleString()}<//></p>`}
    ${list.more && html`<p class="note">There are more than these ${list.keys.length.toLocaleString()}. The urgent ones come first.</p>`}
  `;
};

/** A phone has no room for all of them side by side. */
const Filters = ({ model }: { model: CareModel }) => {
  const choices = choicesOf(model);
  const value = model.only.value ?? '';
  const show = (next: CareReason | '') => model.showOnly(next || null);
  return html`
    <div class="care-filters">
      <${Segmented} label="Why" value=${value} choices=${choices} onChange=${show} />
      <select class="input" aria-label="Why" value=${value} onChange=${(event: Event) => show(typed(event) as CareReason | '')}>
        ${choices.map(({ value: choice, text }) => html`<option key=${choice} value=${choice}>${text}</option>`)}
      </select>
    </div>
  `;
};

/** Reasons that no key has are left out. */
const choicesOf = (model: CareModel): { value: CareReason | ''; text: string }[] => {
  const all = model.list.answer.value?.keys.length ?? 0;
  const counts = model.counts.value;
  return [
    { value: '', text: `All ${all.toLocaleString()}` },
    ...reasons
      .filter((reason) => (counts.get(reason) ?? 0) > 0 || reason === model.only.value)
      .map((value) => ({ value, text: `${reasonNames[value]} ${(counts.get(value) ?? 0).toLocaleString()}` })),
  ];
};

const Item = ({ care, mayReplace, onOpen }: CareProps & { care: CareKey }) => {
  const label = shown(care.key_name);
  const open = () => onOpen(care.key_name);
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
          mayReplace(care.key_name)
            ? html`<${Button} icon="refresh" aria-label="Replace ${label}" onClick=${open}>Replace<//>`
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
