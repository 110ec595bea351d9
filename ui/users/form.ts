/** The dialogs to add a user and to give a user a new password. */
import { html } from 'htm/preact';
import type { Role } from '../api/wire.ts';
import { typed } from '../parts/events.ts';
import { Field, unmanaged } from '../parts/field.ts';
import { useForm } from '../parts/form.ts';
import { FormDialog } from '../parts/form-dialog.ts';
import { Segmented } from '../parts/segmented.ts';
import { notify } from '../parts/toast.ts';
import type { User, UsersModel } from './model.ts';
import { GivenPassword, MustChange, passwordErrors } from './password-field.ts';

const roles = [
  { value: 'user', text: 'User: own keys' },
  { value: 'admin', text: 'Admin: everything' },
] as const;

const fieldNames = { username: { label: 'The user name' }, ...passwordErrors };

export const NewUser = ({ model }: { model: UsersModel }) => {
  const { task, problem, errorAt, edited } = useForm(fieldNames, { 409: 'username' });
  const { username, password, role, must_change_password } = model.draft.value;
  const close = () => model.show(null);

  const submit = async () => {
    const name = username.trim();
    await model.add({ ...model.draft.value, username: name });
    close();
    model.arrived.value = name;
    notify({ text: `Added ${name}.` });
  };
  const rename = (text: string) => {
    model.edit({ username: text });
    // Whether a password is good depends on the name too.
    edited('username', 'password');
  };
  const setPassword = (text: string) => {
    model.edit({ password: text });
    edited('password');
  };

  return html`
    <${FormDialog}
      title="Add user" action="Add user" task=${task} problem=${problem} isTyped=${model.isTyped.value} onSubmit=${submit} onClose=${close}
    >
      <${Field} label="User name" error=${errorAt('username')}>
        ${(field: object) => html`<input
          ...${field} ...${unmanaged} name="new_username" required autofocus autocapitalize="none" spellcheck=${false}
          value=${username} onInput=${(event: Event) => rename(typed(event))}
        />`}
      <//>
      <${GivenPassword} label="Initial password" password=${password} error=${errorAt('password')} onEdit=${setPassword} />
      <div class="field"><span class="label">Role</span>
        <${Segmented} label="Role" value=${role} choices=${roles} onChange=${(next: Role) => model.edit({ role: next })} />
      </div>
      <${MustChange} isOn=${must_change_password} onEdit=${(isOn: boolean) => model.edit({ must_change_password: isOn })} />
    <//>
  `;
};

export const ResetPassword = ({ model, user }: { model: UsersModel; user: User }) => {
  const { task, problem, errorAt, edited } = useForm(passwordErrors);
  const { password, must_change_password } = model.draft.value;
  const close = () => model.show(null);

  const submit = async () => {
    await model.update(user.id, { password, must_change_password });
    close();
    notify({
      text: `${user.username} has a new password and is signed out everywhere.`,
      about: ['user', user.id, 'password'],
    });
  };
  const setPassword = (text: string) => {
    model.edit({ password: text });
    edited('password');
  };

  return html`
    <${FormDialog}
      title="Reset password" action="Set password" task=${task} problem=${problem} isTyped=${model.isTyped.value}
      onSubmit=${submit} onClose=${close}
    >
      <p class="soft">Set a new password for <strong class="verbatim">${user.username}</strong>. This signs the user out everywhere.</p>
      <${GivenPassword} label="New password" password=${password} error=${errorAt('password')} onEdit=${setPassword} />
      <${MustChange} isOn=${must_change_password} onEdit=${(isOn: boolean) => model.edit({ must_change_password: isOn })} />
    <//>
  `;
};
