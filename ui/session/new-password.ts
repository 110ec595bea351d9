import { html } from 'htm/preact';
import { Button } from '../parts/button.ts';
import { Dial, Mark, NameMark } from '../parts/mark.ts';
import { NewPasswordForm } from '../parts/new-password-form.ts';
import { changePassword, session } from './model.ts';

/** Shown instead of everything else as long as the password is one that others know. */
export const NewPassword = ({ onSignOut }: { onSignOut: () => void }) => html`
  <main class="gate">
    <${Dial} />
    <div class="gate-card">
      <div class="gate-brand"><${Mark} size=${44} /><${NameMark} /></div>
      <h1 class="gate-title">Choose a new password</h1>
      <p class="gate-lead">
        Somebody else knows or could guess the password of <strong>${session.value?.user}</strong>. Choose your own before you go on.
      </p>
      <${NewPasswordForm}
        username=${session.value?.user ?? ''} onSubmit=${changePassword} action="Set password and go on"
      />
      <${Button} kind="quiet" class="wide" onClick=${onSignOut}>Sign out<//>
    </div>
  </main>
`;
