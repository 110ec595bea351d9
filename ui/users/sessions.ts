/** The sessions of a user, and the buttons that end one or all of them. */
import { html } from 'htm/preact';
import { useMemo } from 'preact/hooks';
import { api } from '../api/client.ts';
import { loaded } from '../api/loaded.ts';
import type { ListedSession } from '../api/wire.ts';
import { Button } from '../parts/button.ts';
import { Dialog } from '../parts/dialog.ts';
import { SessionLine } from '../parts/session-line.ts';
import { Content } from '../parts/state.ts';
import { complain, notify } from '../parts/toast.ts';
import type { User, UsersModel } from './model.ts';

export const UserSessions = ({ model, user: { id, username } }: { model: UsersModel; user: User }) => {
  const list = useMemo(() => loaded(async () => (await api.userSessions(id)).sessions), [id]);
  const end = async (session?: string) => {
    try {
      await api.endUserSessions(id, session);
      notify({ text: session === undefined ? `${username} is signed out everywhere.` : 'Session ended.' });
    } catch (problem) {
      complain(problem);
    }
    await list.load();
  };
  return html`
    <${Dialog} title="Sessions of ${username}" onClose=${() => model.show(null)}>
      <div class="dialog-body stack">
        <${Content} of=${list} failure="Could not load the sessions" waiting="Loading the sessions…">
          ${(sessions: ListedSession[]) =>
            sessions.length === 0
              ? html`<p class="soft">Not signed in anywhere.</p>`
              : html`
                  <ul class="sessions">
                    ${sessions.map((one) => html`<${SessionLine} key=${one.id} one=${one}><${Button} onClick=${() => end(one.id)}>End<//><//>`)}
                  </ul>
                  <p class="note">Service tokens go on working. To keep somebody out, deactivate the account.</p>
                  <div class="row"><${Button} kind="danger" onClick=${() => end()}>End all sessions<//></div>
                `}
        <//>
      </div>
    <//>
  `;
};
