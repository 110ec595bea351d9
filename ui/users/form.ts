/** The dialogs to add a user and to give a user a new password. */
import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import type { Role } from '../api/wire.ts';
import { fieldText } from '../parts/events.ts';
import { Field } from '../parts/field.ts';
import { placed } from '../parts/form.ts';
import { FormDialog } from '../parts/form-dialog.ts';
import { Segmented } from '../parts/segmented.ts';
import { useTask } from '../parts/task.ts';
import { notify } from '../parts/toast.ts';
import type { User, UsersModel } from './model.ts';
import { GivenPassword, MustChange, passwordErrors } from './password-field.ts';

const roles = [
  { value: 'user', text: 'User: own keys' },
  { value: 'admin', text: 'Admin: everything' },
] as const;

const fieldNames = { username: { label: 'The user name' }, ...passwordErrors };

export const NewUser = ({ model }: { model: UsersModel }) => {
  const task = useTask();
  const password = useSignal('');
  const role = useSignal<Role>('user');
  const mustChange = useSignal(true);
  const problem = placed(task.problem.value, fieldNames, { 409: 'username' });
  const close = () => model.show(null);

  const submit = async (form: HTMLFormElement) => {
    const username = fieldText(form, 'username');
    await model.add({ username, password: password.value, role: role.value, must_change_password: mustChange.value });
    close();
    notify({ text: `Added ${username}.` });
  };

  return html`
    <${FormDialog}
      title="Add user" action="Add user" task=${task} problem=${problem.field ? null : problem.text}
      onSubmit=${submit} onClose=${close}
    >
      <${Field} label="User name" error=${problem.field === 'username' ? problem.text : null}>
        ${(field: object) => html`<input
          ...${field} name="username" required autofocus autocomplete="off" autocapitalize="none" spellcheck=${false}
        />`}
      <//>
      <${GivenPassword} label="Initial password" password=${password} error=${problem.field === 'password' ? problem.text : null} />
      <div class="field"><span class="label">Role</span>
        <${Segmented} label="Role" value=${role.value} choices=${roles} onChange=${(next: Role) => (role.value = next)} />
      </div>
      <${MustChange} isOn=${mustChange} />
    <//>
  `;
};

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
