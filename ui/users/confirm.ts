/** The questions before a user is deleted, or an admin gives up the role. */
import { html } from 'htm/preact';
import { Confirm } from '../parts/confirm.ts';
import { notify } from '../parts/toast.ts';
import type { User, UsersModel } from './model.ts';

export const DeleteUser = ({ model, user }: { model: UsersModel; user: User }) => {
  const close = () => model.show(null);
  const remove = async () => {
    await model.remove(user.id);
    close();
    notify({ text: `Deleted ${user.username}.` });
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

interface StepDownProps {
  model: UsersModel;
  user: User;
  onOwnChange: () => Promise<void>;
}

/** Asks admins before they remove their own role. */
export const StepDown = ({ model, user, onOwnChange }: StepDownProps) => {
  const close = () => model.show(null);
  const stepDown = async () => {
    await model.update(user.id, { role: 'user' });
    close();
    notify({ text: 'You are no longer an admin.' });
    await onOwnChange();
  };
  return html`
    <${Confirm} title="Give up the admin role?" action="Give up admin role" onConfirm=${stepDown} onClose=${close}>
      <p>You will see only your own keys. Only another admin can make you an admin again.</p>
    <//>
  `;
};
