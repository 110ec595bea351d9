/** The questions before a user is deleted or gets another role. */
import { html } from 'htm/preact';
import type { Role } from '../api/wire.ts';
import { Confirm } from '../parts/confirm.ts';
import { notify } from '../parts/toast.ts';
import type { User, UsersModel } from './model.ts';

export const DeleteUser = ({ model, user }: { model: UsersModel; user: User }) => {
  const close = () => model.show(null);
  const remove = async () => {
    await model.remove(user.id);
    close();
    notify({ text: `Deleted ${user.username}.`, about: ['user', user.id] });
  };
  const lost =
    user.key_count === 0
      ? 'The account owns no keys.'
      : html`<strong>${keysText(user.key_count)} will be deleted with the account.</strong>`;
  return html`
    <${Confirm} title="Delete this user?" action="Delete user" name=${user.username} onConfirm=${remove} onClose=${close}>
      <p>${lost} This cannot be undone. To keep the keys, deactivate the account instead.</p>
    <//>
  `;
};

const keysText = (count: number) => (count === 1 ? '1 key' : `${count.toLocaleString()} keys`);

interface RoleProps {
  model: UsersModel;
  user: User;
  role: Role;
  isMe: boolean;
  onOwnChange: () => Promise<void>;
}

/** Asks before a role changes: in a list, one key press is enough to choose another. */
export const ChangeRole = ({ model, user, role, isMe, onOwnChange }: RoleProps) => {
  const close = () => model.show(null);
  const change = async () => {
    await model.update(user.id, { role });
    close();
    const about = ['user', user.id, 'role'];
    if (isMe) {
      notify({ text: 'You are no longer an admin.', about });
      await onOwnChange();
    } else {
      const undo = () => model.update(user.id, { role: user.role });
      notify({ text: `${user.username} is now ${role === 'admin' ? 'an admin' : 'a user'}.`, undo, about });
    }
  };
  const { title, action, text } = isMe ? stepDown : roleChanges[role];
  return html`
    <${Confirm} title=${title} action=${action} kind=${role === 'admin' ? 'primary' : 'danger'} onConfirm=${change} onClose=${close}>
      <p>${!isMe && html`<strong class="verbatim">${user.username}</strong> `}${text}</p>
    <//>
  `;
};

const stepDown = {
  title: 'Give up the admin role?',
  action: 'Give up admin role',
  text: 'You will see only your own keys. Only another admin can make you an admin again.',
};

const roleChanges = {
  admin: {
    title: 'Make this user an admin?',
    action: 'Make admin',
    text: 'will see all keys and the whole access log, and can change every account.',
  },
  user: {
    title: 'Take the admin role away?',
    action: 'Make user',
    text: 'will see only own keys, and can no longer change accounts.',
  },
};
