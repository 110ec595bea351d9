/** The table of users, with the controls that change them. */
import { html } from 'htm/preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { shown } from '../../core/text.ts';
import type { Role } from '../api/wire.ts';
import { Avatar } from '../parts/avatar.ts';
import { IconButton } from '../parts/button.ts';
import { Icon } from '../parts/icon.ts';
import { Menu, type MenuChoice } from '../parts/menu.ts';
import { Ago } from '../parts/time.ts';
import { complain, notify } from '../parts/toast.ts';
import { href } from '../shell/router.ts';
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
        ${['User', 'Role', 'Active', 'Keys', 'Last seen'].map((text) => html`<span key=${text} role="columnheader">${text}</span>`)}
        <span role="columnheader"><span class="unseen">Actions</span></span>
      </div>
    </div>
    <div role="rowgroup">
      ${users.map((user) => html`<${Row} key=${user.id} model=${model} user=${user} isMe=${user.username === me} />`)}
    </div>
  </div>
`;

const Row = ({ model, user, isMe }: { model: UsersModel; user: User; isMe: boolean }) => html`
  <div role="row" class="table-row ${user.is_active ? '' : 'inactive'}" ref=${useArrival(model, user)} tabindex=${-1}>
    <div role="cell" class="cell-user row">
      <${Avatar} name=${user.username} />
      <span class="who"><bdi class="cut" title=${shown(user.username)}>${shown(user.username)}</bdi><${Remark} user=${user} isMe=${isMe} /></span>
    </div>
    <div role="cell" class="cell-role"><${RoleChoice} model=${model} user=${user} /></div>
    <div role="cell" class="cell-active">
      <button
        type="button" class="switch" role="switch" aria-checked=${user.is_active ? 'true' : 'false'} disabled=${isMe}
        aria-label="${user.username} is active" title=${isMe ? 'Only another admin can deactivate you.' : undefined}
        onClick=${() => void setActive(model, user, !user.is_active)}
      >
        <span class="switch-knob" />
      </button>
    </div>
    <div role="cell" class="cell-keys note"><span class="cell-label">Keys </span><a href=${href('keys', { q: user.username })} title="The keys that ${user.username} made">${user.key_count.toLocaleString()}</a></div>
    <div role="cell" class="cell-login note"><span class="cell-label">Last seen </span>${user.last_seen ? html`<${Ago} time=${user.last_seen} />` : 'never'}</div>
    <div role="cell" class="cell-actions">
      <a class="icon-button" href=${href('logs', { user: user.username })} aria-label="The log of ${user.username}" title="The log of ${user.username}">
        <${Icon} name="log" size=${18} />
      </a>
      <a class="icon-button" href=${href('users', {}, `${user.id}/leaving`)} aria-label="What ${user.username} has seen" title="What ${user.username} has seen">
        <${Icon} name="eye" size=${18} />
      </a>
      ${
        isMe
          ? html`<a class="icon-button" href=${href('account')} aria-label="Your sessions" title="Your sessions"><${Icon} name="screen" size=${18} /></a>`
          : html`<${IconButton} icon="screen" label="Sessions of ${user.username}" onClick=${() => model.show({ kind: 'sessions', user })} />`
      }
      <${IconButton} icon="lock" label="Reset the password of ${user.username}" onClick=${() => model.show({ kind: 'password', user })} />
      <${IconButton}
        icon="trash" label=${isMe ? 'Only another admin can delete you' : `Delete ${user.username}`} disabled=${isMe}
        onClick=${() => model.show({ kind: 'delete', user })}
      />
    </div>
  </div>
`;

/** The row of a new user gets the focus. */
const useArrival = (model: UsersModel, { username }: User) => {
  const row = useRef<HTMLDivElement>(null);
  const isNew = model.arrived.value === username;
  useLayoutEffect(() => {
    if (!isNew) return;
    model.arrived.value = null;
    row.current?.focus();
  }, [isNew]);
  return row;
};

const Remark = ({ user, isMe }: { user: User; isMe: boolean }) => {
  const remarks = [
    isMe && 'you',
    !user.is_active && 'deactivated',
    user.must_change_password && 'must choose a new password',
  ].filter((remark) => remark !== false);
  return remarks.length > 0 ? html`<small class="soft">${remarks.join(', ')}</small>` : null;
};

const roles: readonly MenuChoice<Role>[] = [
  { value: 'user', text: 'User', hint: 'Own keys, and those of the projects they are in.' },
  { value: 'admin', text: 'Admin', hint: 'All keys, the whole access log, and every account.' },
];

/** The button shows the role that the user has, until the change is confirmed and done. */
const RoleChoice = ({ model, user }: { model: UsersModel; user: User }) => html`
  <${Menu}
    label="Role of ${user.username}" value=${user.role} choices=${roles}
    onChoose=${(role: Role) => model.show({ kind: 'role', user, role })}
  />
`;

/** Switches a user on or off and offers to undo it. */
const setActive = async (model: UsersModel, user: User, is_active: boolean) => {
  const about = ['user', user.id, 'active'];
  try {
    await model.update(user.id, { is_active });
    const text = `${user.username} ${is_active ? 'can sign in again' : 'is deactivated and signed out everywhere'}.`;
    notify({ text, undo: () => model.update(user.id, { is_active: !is_active }), about });
  } catch (problem) {
    complain(problem, about);
    await model.list.load();
  }
};
