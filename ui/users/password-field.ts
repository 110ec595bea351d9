/** The fields for a password that an admin gives to a user. */
import { html } from 'htm/preact';
import { minPasswordCharacters } from '../../core/limits.ts';
import { Button } from '../parts/button.ts';
import { copySecret } from '../parts/clipboard.ts';
import { typed } from '../parts/events.ts';
import { Check, Field, unmanaged } from '../parts/field.ts';
import { randomText } from '../parts/random-text.ts';
import { complain } from '../parts/toast.ts';

export const passwordErrors = { password: { label: 'The password', also: ['The password', 'That password'] } };

const generatedCharacters = 16;

const copy = (password: string) => {
  copySecret(async () => password, 'the password').catch(complain);
};

interface Props {
  label: string;
  password: string;
  error: string | null;
  onEdit: (password: string) => void;
}

/** The password is shown, since the admin has to pass it on. It is not the admin's own, so managers keep away from it. */
export const GivenPassword = ({ label, password, error, onEdit }: Props) => html`
  <${Field} label=${label} hint="At least ${minPasswordCharacters} characters. Pass it on to the user." error=${error}>
    ${(field: object) => html`
      <div class="joined">
        <input
          ...${field} ...${unmanaged} autocomplete="new-password" name="given_password" class="input mono" required
          autocapitalize="none" spellcheck=${false} value=${password} onInput=${(event: Event) => onEdit(typed(event))}
        />
        <${Button} icon="dice" onClick=${() => onEdit(randomText(generatedCharacters, ['lower', 'upper', 'digits']))}>Generate<//>
        <${Button} icon="copy" disabled=${password === ''} onClick=${() => copy(password)}>Copy<//>
      </div>
    `}
  <//>
`;

export const MustChange = ({ isOn, onEdit }: { isOn: boolean; onEdit: (isOn: boolean) => void }) => html`
  <${Check}
    label="Must choose a new password" hint="At the next sign-in, so that only the user knows it."
    isOn=${isOn} onChange=${onEdit}
  />
`;
