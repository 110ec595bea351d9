/** All that the log knows of an entry, and for admins whether it is what the vault sealed. */
import { html } from 'htm/preact';
import { useLayoutEffect } from 'preact/hooks';
import { shown } from '../../core/text.ts';
import type { LogEntry } from '../api/wire.ts';
import { Button } from '../parts/button.ts';
import { Icon } from '../parts/icon.ts';
import { readableUserAgent } from '../parts/user-agent.ts';
import { Name, type OnPick } from './entry.ts';
import type { LogsProps } from './model.ts';
import type { TextFilter } from './query.ts';
import type { Proved } from './seal-model.ts';

const timeText = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' });

/** How a value was asked for. */
const ways: Record<string, string> = {
  reveal: 'revealed in the browser',
  copy: 'copied in the browser',
  bulk: 'with others in one request',
  api: 'by a program',
};

export const Facts = ({ entry, model, isAdmin }: LogsProps & { entry: LogEntry }) => {
  const name = (of: TextFilter, value: string) => html`<${Picked} of=${of} value=${value} onPick=${model.pick} />`;
  const agent = readableUserAgent(entry.user_agent);
  const facts: [string, unknown][] = [
    [
      'Time',
      html`${timeText.format(Date.parse(entry.timestamp))} <span class="note instant">${entry.timestamp}</span>`,
    ],
    ['User', entry.user_name !== null && name('user', entry.user_name)],
    ['Role', entry.role],
    [
      'Token',
      entry.token !== null && html`${name('token', entry.token)} <span class="note">no. ${entry.token_id}</span>`,
    ],
    ['Child token', entry.child],
    ['Project', entry.project !== null && name('project', entry.project)],
    ['Action', entry.action],
    ['Read', entry.via && ways[entry.via]],
    ['Target', entry.target !== null && name('key', entry.target)],
    ['Outcome', entry.outcome.replaceAll('_', ' ')],
    ['Reason', entry.reason?.replaceAll('_', ' ')],
    ['Requests', entry.count?.toLocaleString()],
    ['Address', name('address', entry.ip_address)],
    [
      'Program',
      html`${shown(agent)}${agent !== entry.user_agent && entry.user_agent !== '' && html` <span class="note verbatim">${shown(entry.user_agent)}</span>`}`,
    ],
    ['Request', entry.request_id && html`<code>${entry.request_id}</code>`],
    ['Entry', entry.id.toLocaleString()],
  ];
  return html`
    <dl class="facts">
      ${facts.map(([label, value]) => value && html`<div key=${label} class=${label === 'Program' ? 'wide' : ''}><dt class="soft">${label}</dt><dd>${value}</dd></div>`)}
      ${isAdmin && html`<div class="wide"><dt class="soft">Proof</dt><dd><${ProofMark} entry=${entry} model=${model} /></dd></div>`}
    </dl>
  `;
};

const Picked = ({ of, value, onPick }: { of: TextFilter; value: string; onPick: OnPick }) =>
  html`<${Name} of=${of} value=${value} onPick=${onPick}><bdi class="verbatim">${shown(value)}</bdi><//>`;

const ProofMark = ({ entry, model }: Pick<LogsProps, 'model'> & { entry: LogEntry }) => {
  useLayoutEffect(() => model.seal.prove(entry), [entry.id]);
  const found = model.seal.proofs.value.get(entry.id) ?? { is: 'waiting' };
  return html`
    <div class="proof">
      <span role="status">${proofText(found)}</span>
      ${found.is === 'unsealed' && html`<${Button} kind="quiet" onClick=${() => void model.seal.sealNow(entry)}>Seal now<//>`}
    </div>
  `;
};

const proofText = (found: Proved) => {
  switch (found.is) {
    case 'waiting':
      return html`<span class="soft">Checking…</span>`;
    case 'unsealed':
      return html`<span class="soft">Not sealed yet. The newest entries are sealed after a minute or so.</span>`;
    case 'unknown':
      return html`<span class="soft">Not checked. ${found.why}</span>`;
    case 'wrong':
      return html`<strong class="status bad">Does not hold</strong> <span>This browser checked, and ${found.why}.</span>`;
    case 'proven':
      return html`
        <strong class="verified"><${Icon} name="check" size=${16} />${found.isSigned ? 'Verified' : 'Included'}</strong>${' '}
        <span class="soft">
          This browser computed that the entry, as it is shown here, is one of the ${found.size.toLocaleString()} that
          ${found.isSigned ? ' the vault signed as' : ' the checkpoint counts of'} <span class="verbatim">${found.origin}</span>.
          ${!found.isSigned && ' It could not check the signature: that takes https, and a browser with Ed25519.'}
        </span>
      `;
  }
};
