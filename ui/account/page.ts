import { html } from 'htm/preact';
import type { Session } from '../api/wire.ts';
import { Button } from '../parts/button.ts';
import { NewPasswordForm } from '../parts/new-password-form.ts';
import { PageHead } from '../parts/page-head.ts';
import { Segmented } from '../parts/segmented.ts';
import { notify } from '../parts/toast.ts';
import { setTheme, theme, themes } from '../shell/theme.ts';
import type { AccountModel } from './model.ts';
import { Sessions } from './sessions.ts';

interface Props {
  model: AccountModel;
  session: Session;
  onChangePassword: (current: string, chosen: string) => Promise<void>;
  onSignOut: () => void;
}

export const AccountPage = ({ model, session, onChangePassword, onSignOut }: Props) => {
  const changePassword = async (current: string, chosen: string) => {
    await onChangePassword(current, chosen);
    notify({ text: 'Password changed. Your other sessions are signed out.' });
    await model.sessions.load();
  };
  return html`
    <${PageHead} title="Account" lead=${html`Signed in as <strong class="verbatim">${session.user}</strong>, ${session.role === 'admin' ? 'an admin' : 'a user'}.`}>
      <${Button} icon="leave" onClick=${onSignOut}>Sign out<//>
    <//>
    <div class="cards">
      <section class="card panel" aria-labelledby="theme-title">
        <h2 id="theme-title">Appearance</h2>
        <${Segmented} label="Theme" value=${theme.value} choices=${themes} onChange=${setTheme} />
      </section>
      <section class="card panel" aria-labelledby="password-title">
        <h2 id="password-title">Password</h2>
        <${NewPasswordForm} username=${session.user} action="Change password" onSubmit=${changePassword} />
      </section>
      <section class="card panel" aria-labelledby="sessions-title">
        <h2 id="sessions-title">Sessions</h2>
        <p class="soft">Where your account is signed in. If you do not recognise a session, end it and change your password.</p>
        <${Sessions} model=${model} onSignOut=${onSignOut} />
      </section>
    </div>
  `;
};
