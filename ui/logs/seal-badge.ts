/** How far the log is sealed, and the vault's own check of it, for admins. */
import { html } from 'htm/preact';
import { useLayoutEffect } from 'preact/hooks';
import { Button } from '../parts/button.ts';
import { Icon } from '../parts/icon.ts';
import { clock } from '../parts/time.ts';
import type { LogsModel } from './model.ts';
import type { Check } from './seal-model.ts';

export const SealBadge = ({ model }: { model: LogsModel }) => {
  const { sealed, check, verify, stop } = model.seal;
  useLayoutEffect(() => void sealed.load(), [sealed]);
  const now = check.value;
  const isRunning = now !== null && now.ended === null;
  return html`
    <div class="seal row note">
      <span role="status"><${Icon} name="lock" size=${16} /> ${sealed.answer.value !== null && sealedText(sealed.answer.value, model)}${sealed.error.value && 'How far the log is sealed could not be loaded.'}
        ${now && html` · <${Outcome} check=${now} />`}</span>
      ${isRunning && html`<progress aria-label="Verifying the log" max=${Math.max(now.size, 1)} value=${now.checked} />`}
      ${isRunning ? html`<${Button} kind="quiet" onClick=${stop}>Stop<//>` : (sealed.answer.value ?? 0) > 0 && html`<${Button} kind="quiet" onClick=${() => void verify()}>Verify${now && ' again'}<//>`}
    </div>
  `;
};

/** The time is that of the last sealed entry, if it is among those that were loaded. */
const sealedText = (size: number, { list }: LogsModel) => {
  if (size === 0) return 'Nothing is sealed yet';
  const last = list.answer.value?.entries.find(({ id }) => id === size);
  const time = last ? `${clock(Date.parse(last.timestamp))}, ` : '';
  return html`<strong>Sealed</strong> up to ${time}entry ${size.toLocaleString()}`;
};

const Outcome = ({ check: { checked, size, ended, wrong, problem } }: { check: Check }) => {
  if (wrong) {
    const what = wrong.id === null ? 'The tree over the log' : `Entry ${wrong.id.toLocaleString()}`;
    return html`<strong class="status bad">${what} does not hold: ${wrong.kind.replaceAll('-', ' ')}</strong>`;
  }
  if (problem) return html`<span>Stopped at entry ${checked.toLocaleString()}. ${problem}</span>`;
  if (ended === null)
    return html`<span aria-live="off">verifying, ${checked.toLocaleString()} of ${size.toLocaleString()}</span>`;
  return html`<strong class="verified"><${Icon} name="check" size=${16} />verified</strong> ${clock(ended)}: all are as they were sealed`;
};
