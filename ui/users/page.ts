import { html } from 'htm/preact';
import { Button } from '../parts/button.ts';
import { typed } from '../parts/events.ts';
import { unmanaged } from '../parts/field.ts';
import { Icon } from '../parts/icon.ts';
import { PageHead } from '../parts/page-head.ts';
import { Blank, Content } from '../parts/state.ts';
import { route, setQuery } from '../shell/router.ts';
import { ChangeRole, DeleteUser } from './confirm.ts';
import { NewUser, ResetPassword } from './form.ts';
import { LeavingPage, leaverIn } from './leaving.ts';
import { UserList } from './list.ts';
import type { User, UsersModel } from './model.ts';
import { UserSessions } from './sessions.ts';

interface Props {
  model: UsersModel;
  /** The name of the signed-in user. */
  me: string;
  /** Called after a change of the user's own account. */
  onOwnChange: () => Promise<void>;
}

export const UsersPage = ({ model, me, onOwnChange }: Props) => {
  const { answer } = model.list;
  const leaver = leaverIn(route.value.item);
  if (leaver !== null) return html`<${LeavingPage} key=${leaver} who=${leaver} />`;
  return html`
    <${PageHead} title="Users" lead="Who can sign in, and what they can do.">
      ${
        answer.value &&
        html`<${Button} kind="primary" icon="plus" data-new onClick=${() => model.show({ kind: 'new' })}>Add user<//>`
      }
    <//>
    <${Content} of=${model.list} failure="Could not load the users" waiting="Loading the users…">
      ${(users: User[]) => html`<${Found} model=${model} users=${users} me=${me} />`}
    <//>
    <${OpenDialog} model=${model} me=${me} onOwnChange=${onOwnChange} />
  `;
};

/** Few enough to be seen at once. */
const maxWithoutSearch = 8;

const Found = ({ model, users, me }: { model: UsersModel; users: readonly User[]; me: string }) => {
  const { q: text = '' } = route.value.query;
  const found = users.filter(({ username }) => username.toLowerCase().includes(text.trim().toLowerCase()));
  return html`
    ${
      (users.length > maxWithoutSearch || text !== '') &&
      html`
        <div class="toolbar row" role="search">
          <div class="search-field">
            <${Icon} name="search" />
            <input
              class="input" type="search" data-search aria-label="Search users" placeholder="Search users" value=${text}
              ...${unmanaged} spellcheck=${false} aria-keyshortcuts="/" onInput=${(event: Event) => setQuery({ q: typed(event) })}
            />
            <kbd aria-hidden="true">/</kbd>
          </div>
          <p class="count note" role="status">${found.length === users.length ? `${users.length} users` : `${found.length} of ${users.length}`}</p>
        </div>
      `
    }
    ${
      found.length > 0
        ? html`<${UserList} model=${model} users=${found} me=${me} />`
        : html`<${Blank} icon="search" title="No matching users"><p>Nobody has <strong class="verbatim">${text}</strong> in their name.</p><//>`
    }
  `;
};

const OpenDialog = ({ model, me, onOwnChange }: Props) => {
  const open = model.open.value;
  switch (open?.kind) {
    case 'new':
      return html`<${NewUser} model=${model} />`;
    case 'password':
      return html`<${ResetPassword} model=${model} user=${open.user} />`;
    case 'sessions':
      return html`<${UserSessions} model=${model} user=${open.user} />`;
    case 'delete':
      return html`<${DeleteUser} model=${model} user=${open.user} />`;
    case 'role':
      return html`<${ChangeRole}
        model=${model} user=${open.user} role=${open.role} isMe=${open.user.username === me} onOwnChange=${onOwnChange}
      />`;
    case undefined:
      return null;
  }
};
