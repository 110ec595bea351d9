/** The table of users, with the controls that change them. */
import { html } from 'htm/preact';
import type { Role } from '../api/wire.ts';
import { IconButton } from '../parts/button.ts';
import { typed } from '../parts/events.ts';
import { Ago } from '../parts/time.ts';
import { complain, notify } from '../parts/toast.ts';
import type { User, UsersModel } from './model.ts';

interface Props {
  model: UsersModel;
  users: readonly User[];
  me: string;
}

export const UserList = ({ model, users, me }: Props) => html`
  <div class="panel users" role="table" aria-label="Users">
    <div role="rowgroup" class="table-head">
      <div role="row" class="table-row note">
        ${['User', 'Role', 'Active', 'Keys', 'Last sign-in'].map((text) => html`<span key=${text} role="columnheader">${text}</span>`)}
        <span role="columnheader"><span class="unseen">Actions</span></span>
      </div>
    </div>
    <div role="rowgroup">
      ${users.map((user) => html`<${Row} key=${user.id} model=${model} user=${user} isMe=${user.username === me} />`)}
    </div>
  </div>
`;

const Row = ({ model, user, isMe }: { model: UsersModel; user: User; isMe: boolean }) => html`
  <div role="row" class="table-row ${user.is_active ? '' : 'inactive'}">
    <div role="cell" class="cell-user row">
      <span class="avatar disc" aria-hidden="true">${[...user.username][0]?.toUpperCase()}</span>
      <span class="who"><bdi class="cut" title=${user.username}>${user.username}</bdi><${Remark} user=${user} isMe=${isMe} /></span>
    </div>
    <div role="cell" class="cell-role"><${RoleChoice} model=${model} user=${user} isMe=${isMe} /></div>
    <div role="cell" class="cell-active">
      <button
        type="button" class="switch" role="switch" aria-checked=${user.is_active ? 'true' : 'false'} disabled=${isMe}
        aria-label="${user.username} is active" title=${isMe ? 'Only another admin can deactivate you.' : undefined}
        onClick=${() => void change(model, user, { is_active: !user.is_active })}
      >
        <span class="switch-knob" />
      </button>
    </div>
    <div role="cell" class="cell-keys note"><span class="cell-label">Keys </span>${user.key_count.toLocaleString()}</div>
    <div role="cell" class="cell-login note"><span class="cell-label">Last sign-in </span>${user.last_login ? html`<${Ago} time=${user.last_login} />` : 'never'}</div>
    <div role="cell" class="cell-actions">
      <${IconButton} icon="lock" label="Reset the password of ${user.username}" onClick=${() => model.show({ kind: 'password', user })} />
      <${IconButton}
        icon="trash" label=${isMe ? 'Only another admin can delete you' : `Delete ${user.username}`} disabled=${isMe}
        onClick=${() => model.show({ kind: 'delete', user })}
      />
    </div>
  </div>
`;

const Remark = ({ user, isMe }: { user: User; isMe: boolean }) => {
  const remarks = [
    isMe && 'you',
    !user.is_active && 'deactivated',
    user.must_change_password && 'must choose a new password',
  ].filter((remark) => remark !== false);
  return remarks.length > 0 ? html`<small class="soft">${remarks.join(', ')}</small>` : null;
};

const RoleChoice = ({ model, user, isMe }: { model: UsersModel; user: User; isMe: boolean }) => {
  const choose = (event: Event) => {
    const role = typed(event) as Role;
    if (!isMe) return void change(model, user, { role });
    (event.currentTarget as HTMLSelectElement).value = user.role;
    model.show({ kind: 'step-down', user });
  };
  return html`
    <select class="input" aria-label="Role of ${user.username}" value=${user.role} onChange=${choose}>
      <option value="user">User</option>
      <option value="admin">Admin</option>
    </select>
  `;
};

/** Changes one property of a user and offers to undo it. */
const change = async (model: UsersModel, user: User, fields: { role: Role } | { is_active: boolean }) => {
  const before = 'role' in fields ? { role: user.role } : { is_active: user.is_active };
  try {
    await model.update(user.id, fields);
    notify({ text: describe(user, fields), undo: () => model.update(user.id, before) });
  } catch (problem) {
    complain(problem);
    await model.list.load();
  }
};

const describe = ({ username }: User, fields: { role: Role } | { is_active: boolean }): string => {
  if ('role' in fields) return `${username} is now ${fields.role === 'admin' ? 'an admin' : 'a user'}.`;
  return fields.is_active ? `${username} can sign in again.` : `${username} is deactivated and signed out everywhere.`;
};
