import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { minPasswordCharacters } from '../../core/limits.ts';
import { Button } from './button.ts';
import { fieldText } from './events.ts';
import { Field } from './field.ts';
import { FormProblem, placed } from './form.ts';
import { useTask } from './task.ts';

interface Props {
  username: string;
  action: string;
  onSubmit: (current: string, chosen: string) => Promise<void>;
}

const names = {
  current_password: { label: 'The current password', also: ['The current password'] },
  new_password: { label: 'The new password', also: ['The password', 'The new password', 'That password'] },
};

/** Changes the user's own password. */
export const NewPasswordForm = ({ username, action, onSubmit }: Props) => {
  const task = useTask();
  const mismatch = useSignal<string | null>(null);

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const chosen = fieldText(form, 'new_password');
    mismatch.value =
      chosen === fieldText(form, 'repeated') ? null : 'The passwords do not match. Type the new one again.';
    if (mismatch.value) return;
    void task.run(async () => {
      await onSubmit(fieldText(form, 'current_password'), chosen);
      form.reset();
    });
  };

  const problem = placed(task.problem.value, names);
  const isRefused = task.problem.value?.isRefusal;
  const errorAt = (field: string) => (problem.field === field ? problem.text : null);
  return html`
    <form class="stack" onSubmit=${submit}>
      <input type="text" name="username" autocomplete="username" value=${username} readonly hidden />
      <${Field} label="Current password" error=${errorAt('current_password')} isRefused=${isRefused}>
        ${(field: object) => html`<input ...${field} name="current_password" type="password" autocomplete="current-password" required />`}
      <//>
      <${Field} label="New password" hint="At least ${minPasswordCharacters} characters. Length matters more than symbols." error=${errorAt('new_password')}>
        ${(field: object) => html`<input ...${field} name="new_password" type="password" autocomplete="new-password" required />`}
      <//>
      <${Field} label="Confirm new password" error=${mismatch.value}>
        ${(field: object) => html`<input ...${field} name="repeated" type="password" autocomplete="new-password" required />`}
      <//>
      <${FormProblem} text=${problem.field ? null : problem.text} isRefused=${isRefused} />
      <${Button} kind="primary" type="submit" isBusy=${task.isBusy.value} class="wide">${action}<//>
    </form>
  `;
};
