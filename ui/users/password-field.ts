import type { Signal } from '@preact/signals';
import { html } from 'htm/preact';
import { Button } from '../parts/button.ts';
import { copySecret } from '../parts/clipboard.ts';
import { complain } from '../parts/complain.ts';
import { typed } from '../parts/events.ts';
import { Field } from '../parts/field.ts';
import { randomText } from '../parts/random-text.ts';

export const passwordErrors = { password: { label: 'The password', also: ['The password', 'That password'] } };

const generatedLength = 16;

const copy = (password: string) => {
  copySecret(async () => password, 'the password').catch(complain);
};

/** A password for somebody else. It is shown, since it has to be handed over. */
export const FirstPassword = ({ password, error }: { password: Signal<string>; error: string | null }) => html`
  <${Field} label="Password to hand over" hint="At least 8 characters." error=${error}>
    ${(field: object) => html`
      <div class="joined">
        <input
          ...${field} name="first_password" class="input mono" required autocomplete="off" autocapitalize="none" spellcheck=${false}
          value=${password.value} onInput=${(event: Event) => (password.value = typed(event))}
        />
        <${Button} icon="dice" onClick=${() => (password.value = randomText(generatedLength, ['lower', 'upper', 'digits']))}>Generate<//>
        <${Button} icon="copy" disabled=${password.value === ''} onClick=${() => copy(password.value)}>Copy<//>
      </div>
    `}
  <//>
`;
