/** The questions before a user is deleted or gets another role. */
import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { shown } from '../../core/text.ts';
import type { Role } from '../api/wire.ts';
import { Confirm } from '../parts/confirm.ts';
import { typed } from '../parts/events.ts';
import { Field } from '../parts/field.ts';
import { notify } from '../parts/toast.ts';
import { href } from '../shell/router.ts';
import type { User, UsersModel } from './model.ts';

export const DeleteUser = ({ model, user }: { model: UsersModel; user: User }) => {
  const heir = useSignal('');
  const close = () => model.show(null);
  const remove = async () => {
    const to = heir.value;
    await model.remove(user.id, to);
    close();
    const keys = to && user.key_count > 0 ? ` ${to} has the keys now.` : '';
    notify({ text: `Deleted ${user.username}.${keys}`, about: ['user', user.id] });
  };
  const others = (model.list.answer.value ?? []).filter(({ id, is_active }) => id !== user.id && is_active);
  const choice =
    user.key_count > 0 &&
    html`
    <${Field} label="Personal keys" hint="Keys of projects stay where they are.">
      ${(
        field: object,
      ) => html`<select ...${field} value=${heir.value} onChange=${(event: Event) => (heir.value = typed(event))}>
        <option value="">Move to the trash</option>
        ${others.map(({ id, username }) => html`<option key=${id} value=${username}>Hand over to ${shown(username)}</option>`)}
      </select>`}
    <//>
  `;
  return html`
    <${Confirm}
      title="Delete this user?" action="Delete user" name=${user.username} choice=${choice} onConfirm=${remove} onClose=${close}
    >
      <p>${lostText(user.key_count, heir.value)} The account cannot be restored; to keep it, deactivate it instead.</p>
      <p>The keys that they have read stay known to them: <a href=${href('users', {}, `${user.id}/leaving`)} onClick=${close}>what they have seen</a>.</p>
    <//>
  `;
};

const lostText = (keys: number, heir: string) => {
  if (keys === 0) return 'The account owns no keys.';
  if (heir !== '') return html`<strong>${keysText(keys)} will belong to ${shown(heir)}.</strong>`;
  return html`<strong>${keysText(keys)} will go to the trash,</strong> from where an admin can restore ${keys === 1 ? 'it' : 'them'} for a time.`;
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
