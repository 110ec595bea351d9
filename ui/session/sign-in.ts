import { html } from 'htm/preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { maxNameBytes } from '../../core/limits.ts';
import type { Problem } from '../api/client.ts';
import { Button } from '../parts/button.ts';
import { fieldText } from '../parts/events.ts';
import { Field } from '../parts/field.ts';
import { FormProblem } from '../parts/form.ts';
import { Dial, Mark, NameMark } from '../parts/mark.ts';
import { useTask } from '../parts/task.ts';
import { signIn } from './model.ts';

/** Too many wrong passwords are a refusal as well. */
const isRefused = (problem: Problem | null) => problem?.isRefusal === true || problem?.status === 429;

interface Props {
  /** Shown above the form: why the user has to sign in again. */
  notice: string | null;
  /** The name to fill in: of the user whose session ended, or empty. */
  username: string;
}

export const SignIn = ({ notice, username }: Props) => {
  const task = useTask();
  const form = useRef<HTMLFormElement>(null);
  // Browsers honour the attribute only while a page loads.
  useLayoutEffect(() => form.current?.querySelector<HTMLElement>('[autofocus]')?.focus(), []);
  useLayoutEffect(() => {
    if (task.problem.value) form.current?.querySelector<HTMLElement>('[type="password"]')?.focus();
  }, [task.problem.value]);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const filled = event.currentTarget as HTMLFormElement;
    void task.run(async () => {
      await signIn(fieldText(filled, 'username'), fieldText(filled, 'password'));
    });
  };
  return html`
    <main class="entrance">
      <${Dial} />
      <form class="entrance-card panel" ref=${form} onSubmit=${submit} onInput=${() => (task.problem.value = null)}>
        <h1 class="row"><${Mark} size=${44} /><${NameMark} /></h1>
        <p class="entrance-lead">${notice ?? 'Sign in to your API keys.'}</p>
        <${Field} label="User name">
          ${(field: object) => html`<input
            ...${field} name="username" autocomplete="username" autocapitalize="none" spellcheck=${false} required
            autofocus=${!username} defaultValue=${username} maxlength=${maxNameBytes}
          />`}
        <//>
        <${Field} label="Password">
          ${(field: object) => html`<input
            ...${field} name="password" type="password" autocomplete="current-password" required autofocus=${!!username}
          />`}
        <//>
        <${FormProblem} text=${task.problem.value?.message ?? null} isRefused=${isRefused(task.problem.value)} />
        <${Button} kind="primary" type="submit" isBusy=${task.isBusy.value} class="wide">Sign in<//>
      </form>
    </main>
  `;
};
