/** One entry as a sentence. Where names can be clicked, a click filters by them. */
import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import { shown } from '../../core/text.ts';
import type { LogEntry } from '../api/wire.ts';
import { Icon } from '../parts/icon.ts';
import { Ago } from '../parts/time.ts';
import type { TextFilter } from './query.ts';
import { detailOf, sentenceOf } from './sentence.ts';

export type OnPick = (name: TextFilter, value: string) => void;

interface NameProps {
  of: TextFilter;
  value: string;
  onPick?: OnPick | undefined;
  /** Whether the Tab key reaches it. */
  isReached?: boolean;
  children: ComponentChildren;
}

export const Name = ({ of: name, value, onPick, isReached = true, children }: NameProps) =>
  onPick
    ? html`<button
        type="button" class="pick bare" tabindex=${isReached ? 0 : -1} title="Show only these: ${shown(value)}"
        onClick=${() => onPick(name, value)}
      >${children}</button>`
    : children;

interface Props {
  entry: LogEntry;
  onPick?: OnPick | undefined;
  isReached?: boolean;
  /** Instead of how many requests it stands for. */
  count?: ComponentChildren;
}

export const kindOf = (entry: LogEntry): string => {
  const { isRefusal, isRoutine, why } = sentenceOf(entry);
  return isRefusal ? 'refused' : why !== null ? 'refused mistake' : isRoutine ? 'routine' : '';
};

export const EntryIcon = ({ entry }: { entry: LogEntry }) =>
  html`<span class="log-icon disc"><${Icon} name=${sentenceOf(entry).icon} size=${16} /></span>`;

export const Sentence = ({ entry, onPick, isReached = true, count }: Props) => {
  const { count: requests = 1, user_name, token } = entry;
  const { who, by, did, target, why } = sentenceOf(entry);
  const pick = { onPick, isReached };
  return html`
    <p class="log-text">
      <strong class="verbatim">${user_name === null ? who : html`<${Name} of="user" value=${user_name} ...${pick}>${who}<//>`}</strong>
      ${by.length > 0 && html`<span class="soft"> (${by.map((means, at) => [at > 0 && ', ', token !== null && at === 0 ? html`<${Name} of="token" value=${token} ...${pick}>${means}<//>` : means])})</span>`}
      ${' '}${did}
      ${entry.target !== null && html` <bdi class="log-target"><${Name} of="key" value=${entry.target} ...${pick}>${target}<//></bdi>`}
      ${count ?? (requests > 1 && html` <span class="badge">${requests.toLocaleString()} requests</span>`)}
      ${why !== null && html` <span class="log-why">Refused: ${why}</span>`}
      ${detailOf(entry) !== null && html` <span class="note">(${detailOf(entry)})</span>`}
    </p>
  `;
};

/** On the page of a key. */
export const Entry = ({ entry }: { entry: LogEntry }) => html`
  <li class="log ${kindOf(entry)}">
    <${EntryIcon} entry=${entry} />
    <${Sentence} entry=${entry} />
    <p class="log-meta note"><${Ago} time=${entry.timestamp} /><span class="verbatim" title=${entry.user_agent}>${entry.ip_address}</span></p>
  </li>
`;
