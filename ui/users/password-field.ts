/** The fields for a password that an admin gives to a user. */
import type { Signal } from '@preact/signals';
import { html } from 'htm/preact';
import { minPasswordCharacters } from '../../core/limits.ts';
import { Button } from '../parts/button.ts';
import { copySecret } from '../parts/clipboard.ts';
import { typed } from '../parts/events.ts';
import { Check, Field } from '../parts/field.ts';
import { randomText } from '../parts/random-text.ts';
import { complain } from '../parts/toast.ts';

export const passwordErrors = { password: { label: 'The password', also: ['The password', 'That password'] } };

const generatedCharacters = 16;

const copy = (password: string) => {
  copySecret(async () => password, 'the password').catch(complain);
};

interface Props {
  label: string;
  password: Signal<string>;
  error: string | null;
}

/** The password is shown, since the admin has to pass it on. */
export const GivenPassword = ({ label, password, error }: Props) => html`
  <${Field} label=${label} hint="At least ${minPasswordCharacters} characters. Pass it on to the user." error=${error}>
    ${(field: object) => html`
      <div class="joined">
        <input
          ...${field} name="given_password" class="input mono" required autocomplete="off" autocapitalize="none" spellcheck=${false}
          value=${password.value} onInput=${(event: Event) => (password.value = typed(event))}
        />
        <${Button} icon="dice" onClick=${() => (password.value = randomText(generatedCharacters, ['lower', 'upper', 'digits']))}>Generate<//>
        <${Button} icon="copy" disabled=${password.value === ''} onClick=${() => copy(password.value)}>Copy<//>
      </div>
    `}
  <//>
`;

export const MustChange = ({ isOn }: { isOn: Signal<boolean> }) => html`
  <${Check}
    label="Must choose a new password" hint="At the next sign-in, so that only the user knows it."
    isOn=${isOn.value} onChange=${(next: boolean) => (isOn.value = next)}
  />
`;
