/** The dialog to give a user a new password. */
import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { placed } from '../parts/form.ts';
import { FormDialog } from '../parts/form-dialog.ts';
import { useTask } from '../parts/task.ts';
import { notify } from '../parts/toast.ts';
import type { User, UsersModel } from './model.ts';
import { GivenPassword, MustChange, passwordErrors } from './password-field.ts';

export const ResetPassword = ({ model, user }: { model: UsersModel; user: User }) => {
  const task = useTask();
  const password = useSignal('');
  const mustChange = useSignal(true);
  const problem = placed(task.problem.value, passwordErrors);
  const close = () => model.show(null);

  const submit = async () => {
    await model.update(user.id, { password: password.value, must_change_password: mustChange.value });
    close();
    notify({ text: `${user.username} has a new password and is signed out everywhere.` });
  };

  return html`
    <${FormDialog}
      title="Reset password" action="Set password" task=${task} problem=${problem.field ? null : problem.text}
      onSubmit=${submit} onClose=${close}
    >
      <p class="soft">Set a new password for <strong class="verbatim">${user.username}</strong>. This signs the user out everywhere.</p>
      <${GivenPassword} label="New password" password=${password} error=${problem.field ? problem.text : null} />
      <${MustChange} isOn=${mustChange} />
    <//>
  `;
};
