import { html } from 'htm/preact';
import { useLayoutEffect } from 'preact/hooks';
import { Button } from '../parts/button.ts';
import { Dial, Mark, NameMark } from '../parts/mark.ts';
import { NewPasswordForm } from '../parts/new-password-form.ts';
import { setTitle } from '../parts/page-head.ts';
import { changePassword, session } from './model.ts';

/** Shown before anything else to a user whose password is a default or was chosen by an admin. */
export const NewPassword = ({ onSignOut }: { onSignOut: () => void }) => {
  useLayoutEffect(() => setTitle('New password'), []);
  return html`
    <main class="entrance">
      <${Dial} />
      <div class="entrance-card panel">
        <div class="row"><${Mark} size=${44} /><${NameMark} /></div>
        <h1 class="entrance-title">Choose a new password</h1>
        <p class="entrance-lead">
          Someone else knows, or could guess, the password of <strong>${session.value?.user}</strong>. Choose a new one to continue.
        </p>
        <${NewPasswordForm}
          username=${session.value?.user ?? ''} onSubmit=${changePassword} action="Set password and continue" isAlone
        />
        <${Button} kind="quiet" class="wide" onClick=${onSignOut}>Sign out<//>
      </div>
    </main>
  `;
};
