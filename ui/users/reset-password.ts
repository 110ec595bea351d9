import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { Button } from '../parts/button.ts';
import { Dialog } from '../parts/dialog.ts';
import { FormProblem, placed } from '../parts/form.ts';
import { useTask } from '../parts/task.ts';
import { notify } from '../parts/toast.ts';
import { MustChange } from './form.ts';
import type { User, UsersModel } from './model.ts';
import { FirstPassword, passwordErrors } from './password-field.ts';

export const ResetPassword = ({ model, user }: { model: UsersModel; user: User }) => {
  const task = useTask();
  const password = useSignal('');
  const mustChange = useSignal(true);
  const problem = placed(task.problem.value, passwordErrors);
  const close = () => model.show(null);

  const submit = (event: Event) => {
    event.preventDefault();
    void task.run(async () => {
      await model.update(user.id, { password: password.value, must_change_password: mustChange.value });
      close();
      notify({ text: `${user.username} has a new password and is signed out everywhere.` });
    });
  };

  return html`
    <${Dialog} title="Reset password" onClose=${close}>
      <form class="stack" onSubmit=${submit}>
        <p class="prose">A new password for <strong class="verbatim">${user.username}</strong>. Every session of the account ends.</p>
        <${FirstPassword} password=${password} error=${problem.field ? problem.text : null} />
        <${MustChange} isOn=${mustChange.value} onChange=${(isOn: boolean) => (mustChange.value = isOn)} />
        <${FormProblem} problem=${problem.field ? null : problem.text} />
        <div class="dialog-actions">
          <${Button} onClick=${close}>Cancel<//>
          <${Button} kind="primary" type="submit" isBusy=${task.isBusy.value}>Set password<//>
        </div>
      </form>
    <//>
  `;
};
