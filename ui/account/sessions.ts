import { html } from 'htm/preact';
import type { ListedSession } from '../api/wire.ts';
import { Button } from '../parts/button.ts';
import { Confirm } from '../parts/confirm.ts';
import { SessionLine } from '../parts/session-line.ts';
import { Content } from '../parts/state.ts';
import { notify } from '../parts/toast.ts';
import { readableUserAgent } from '../parts/user-agent.ts';
import type { AccountModel } from './model.ts';

interface Props {
  model: AccountModel;
  onSignOut: () => void;
}

export const Sessions = ({ model, onSignOut }: Props) => html`
  <${Content} of=${model.sessions} failure="Could not load your sessions" waiting="Loading your sessions…">
    ${(sessions: ListedSession[]) => html`
      <ul class="sessions">
        ${sessions.map((one) => html`<${Row} key=${one.id} one=${one} model=${model} onSignOut=${onSignOut} />`)}
      </ul>
      <${EndSession} model=${model} />
    `}
  <//>
`;

const Row = ({ one, model, onSignOut }: Props & { one: ListedSession }) => html`
  <${SessionLine} one=${one}>
    ${
      one.is_current
        ? html`<${Button} kind="quiet" onClick=${onSignOut}>Sign out<//>`
        : html`<${Button} onClick=${() => (model.ending.value = one)}>End<//>`
    }
  <//>
`;

const EndSession = ({ model }: { model: AccountModel }) => {
  const one = model.ending.value;
  if (!one) return null;
  const close = () => {
    model.ending.value = null;
  };
  const end = async () => {
    await model.revoke(one.id);
    close();
    notify({ text: 'Session ended.' });
  };
  return html`
    <${Confirm} title="End this session?" action="End session" onConfirm=${end} onClose=${close}>
      <p>${readableUserAgent(one.user_agent)} at ${one.ip_address} will be signed out.</p>
    <//>
  `;
};
