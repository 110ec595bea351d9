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
  return html`
    <${Confirm} title="Delete this user?" action="Delete user" name=${user.username} onConfirm=${remove} onClose=${close}>
      <p><${KeysLost} count=${user.key_count} /> There is no way back. To keep the keys, deactivate the account instead.</p>
    <//>
  `;
};

const KeysLost = ({ count }: { count: number }) => {
  if (count === 0) return html`<span>The account owns no keys.</span>`;
  return html`<span><strong>${count === 1 ? '1 key goes' : `${count.toLocaleString()} keys go`} with the account.</strong></span>`;
};

export const StepDown = ({
  model,
  user,
  onOwnChange,
}: {
  model: UsersModel;
  user: User;
  onOwnChange: () => Promise<void>;
}) => {
  const close = () => model.show(null);
  const stepDown = async () => {
    await model.update(user.id, { role: 'user' });
    close();
    notify({ text: 'You are a user now.' });
    await onOwnChange();
  };
  return html`
    <${Confirm} title="Give up being an admin?" action="Become a user" onConfirm=${stepDown} onClose=${close}>
      <p>You will only see your own keys, and only another admin can make you one again.</p>
    <//>
  `;
};
