import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { minPasswordCharacters } from '../../core/limits.ts';
import { Button } from './button.ts';
import { fieldText } from './events.ts';
import { Field } from './field.ts';
import { FormProblem, focusInvalid, useForm } from './form.ts';
import { useUnsaved } from './unsaved.ts';

interface Props {
  username: string;
  action: string;
  /** Whether the form has the page to itself, so that its first field gets the focus. */
  isAlone?: boolean;
  onSubmit: (current: string, chosen: string) => Promise<void>;
}

const names = {
  current_password: { label: 'The current password', also: ['The current password'] },
  new_password: { label: 'The new password', also: ['The password', 'The new password', 'That password'] },
};

/** Changes the user's own password. */
export const NewPasswordForm = ({ username, action, isAlone = false, onSubmit }: Props) => {
  const { task, problem, errorAt, edited } = useForm(names);
  const ref = useRef<HTMLFormElement>(null);
  const mismatch = useSignal<string | null>(null);
  const isTyped = useSignal(false);
  useUnsaved(isTyped.value);
  useLayoutEffect(() => {
    if (isAlone) ref.current?.querySelector<HTMLElement>('[type="password"]')?.focus();
  }, []);
  useLayoutEffect(() => {
    if (mismatch.value) focusInvalid();
  }, [mismatch.value]);

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
      isTyped.value = false;
    });
  };

  const onInput = (event: Event) => {
    const form = event.currentTarget as HTMLFormElement;
    const { name } = event.target as HTMLInputElement;
    if (name === 'current_password' || name === 'new_password') edited(name);
    if (name !== 'current_password') mismatch.value = null;
    // Browsers fill in the current password on their own.
    isTyped.value = fieldText(form, 'new_password') !== '' || fieldText(form, 'repeated') !== '';
  };

  const isRefused = task.problem.value?.isRefusal;
  return html`
    <form class="stack" ref=${ref} onSubmit=${submit} onInput=${onInput}>
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
      <${FormProblem} text=${problem} isRefused=${isRefused} />
      <${Button} kind="primary" type="submit" isBusy=${task.isBusy.value} class="wide">${action}<//>
    </form>
  `;
};
