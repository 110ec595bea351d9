import { html } from 'htm/preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Button } from '../parts/button.ts';
import { fieldText } from '../parts/events.ts';
import { Field } from '../parts/field.ts';
import { FormProblem } from '../parts/form.ts';
import { Dial, Mark, NameMark } from '../parts/mark.ts';
import { useTask } from '../parts/task.ts';
import { signIn } from './model.ts';

interface Props {
  /** Said above the form: why one has to sign in again. */
  notice: string | null;
  /** The name of whoever was signed in. */
  username: string;
}

export const SignIn = ({ notice, username }: Props) => {
  const task = useTask();
  const form = useRef<HTMLFormElement>(null);
  // A page that loads minds the attribute; one that changes does not.
  useLayoutEffect(() => form.current?.querySelector<HTMLElement>('[autofocus]')?.focus(), []);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const filled = event.currentTarget as HTMLFormElement;
    void task.run(async () => {
      await signIn(fieldText(filled, 'username'), fieldText(filled, 'password'));
    });
  };
  return html`
    <main class="gate">
      <${Dial} />
      <form class="gate-card" ref=${form} onSubmit=${submit}>
        <h1 class="gate-brand"><${Mark} size=${44} /><${NameMark} /></h1>
        <p class="gate-lead">${notice ?? 'Sign in to reach your team’s API keys.'}</p>
        <${Field} label="User name">
          ${(field: object) => html`<input
            ...${field} name="username" autocomplete="username" autocapitalize="none" spellcheck=${false} required
            autofocus=${!username} defaultValue=${username} maxlength="255"
          />`}
        <//>
        <${Field} label="Password">
          ${(field: object) => html`<input
            ...${field} name="password" type="password" autocomplete="current-password" required autofocus=${!!username}
          />`}
        <//>
        <${FormProblem} problem=${task.problem.value} />
        <${Button} kind="primary" type="submit" isBusy=${task.isBusy.value} class="wide">Sign in<//>
      </form>
    </main>
  `;
};
