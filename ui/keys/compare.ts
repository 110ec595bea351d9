/** Two versions of a value beside each other, with what differs marked. Both are read from the vault, and go after a time. */
import { html } from 'htm/preact';
import { useLayoutEffect } from 'preact/hooks';
import { changedPart } from './changed-part.ts';
import type { KeysModel } from './model.ts';
import { TimeLeft, useRevealed } from './value.ts';

interface Props {
  model: KeysModel;
  name: string;
  version: number;
  /** The version that is the current one. */
  current: number;
  onHide: () => void;
}

export const Compare = ({ model, name, version, current, onHide }: Props) => {
  const read = () => Promise.all([model.read(name, version), model.read(name, current)]);
  const { value, reveal } = useRevealed(read, onHide);
  useLayoutEffect(() => void reveal(), []);
  if (value === null) return null;
  const [before, now] = value;
  return html`
    <div class="compare" role="group" aria-label="Version ${version} and version ${current}">
      <${Side} title="Version ${version}" text=${before} other=${now} />
      <${Side} title="Version ${current}, the current one" text=${now} other=${before} />
      ${before === now && html`<p class="note">The values are the same.</p>`}
    </div>
  `;
};

const Side = ({ title, text, other }: { title: string; text: string; other: string }) => {
  const { start, changed, end } = changedPart(text, other);
  return html`
    <p class="note">${title}, ${lengthText(text)}</p>
    <div class="value well shown"><pre class="value-text" tabindex=${0} role="group" aria-label=${title}>${start}${changed && html`<mark>${changed}</mark>`}${end}</pre><${TimeLeft} /></div>
  `;
};

const lengthText = (text: string) => {
  const { length } = [...text];
  return `${length.toLocaleString()} ${length === 1 ? 'character' : 'characters'}`;
};
