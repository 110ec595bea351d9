import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import type { Role } from '../api/wire.ts';
import { Button } from '../parts/button.ts';
import { Dialog } from '../parts/dialog.ts';
import { fieldText } from '../parts/events.ts';
import { Check, Field } from '../parts/field.ts';
import { FormProblem, placed } from '../parts/form.ts';
import { Segmented } from '../parts/segmented.ts';
import { useTask } from '../parts/task.ts';
import { notify } from '../parts/toast.ts';
import type { UsersModel } from './model.ts';
import { FirstPassword, passwordErrors } from './password-field.ts';

const roles = [
  { value: 'user', text: 'User: own keys' },
  { value: 'admin', text: 'Admin: everything' },
] as const;

export const NewUser = ({ model }: { model: UsersModel }) => {
  const task = useTask();
  const password = useSignal('');
  const role = useSignal<Role>('user');
  const mustChange = useSignal(true);
  const problem = placed(
    task.problem.value,
    { username: { label: 'The user name' }, ...passwordErrors },
    { 409: 'username' },
  );
  const close = () => model.show(null);

  const submit = (event: Event) => {
    event.preventDefault();
    const username = fieldText(event.currentTarget as HTMLFormElement, 'username');
    void task.run(async () => {
      await model.add({ username, password: password.value, role: role.value, must_change_password: mustChange.value });
      close();
      notify({ text: `Added ${username}.` });
    });
  };

  return html`
    <${Dialog} title="Add user" onClose=${close}>
      <form class="stack" onSubmit=${submit}>
        <${Field} label="User name" error=${problem.field === 'username' ? problem.text : null}>
          ${(field: object) => html`<input
            ...${field} name="username" required autofocus autocomplete="off" autocapitalize="none" spellcheck=${false}
          />`}
        <//>
        <${FirstPassword} password=${password} error=${problem.field === 'password' ? problem.text : null} />
        <div class="field"><span class="label">Role</span>
          <${Segmented} label="Role" value=${role.value} choices=${roles} onChange=${(next: Role) => (role.value = next)} />
        </div>
        <${MustChange} isOn=${mustChange.value} onChange=${(isOn: boolean) => (mustChange.value = isOn)} />
        <${FormProblem} problem=${problem.field ? null : problem.text} />
        <div class="dialog-actions">
          <${Button} onClick=${close}>Cancel<//>
          <${Button} kind="primary" type="submit" isBusy=${task.isBusy.value}>Add user<//>
        </div>
      </form>
    <//>
  `;
};

export const MustChange = ({ isOn, onChange }: { isOn: boolean; onChange: (isOn: boolean) => void }) => html`
  <${Check}
    label="Must choose an own password" hint="At the next sign-in, so that only its owner knows it." isOn=${isOn} onChange=${onChange}
  />
`;
