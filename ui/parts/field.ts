/** Form fields with their label, hint and error, and check boxes. */
import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { isChecked } from './events.ts';
import { Icon } from './icon.ts';

/**
 * Keeps browsers and password managers from filling a field and from offering to save it. Managers ignore `autocomplete`; each
 * has an attribute of its own: 1Password, LastPass, Bitwarden, Dashlane, Proton Pass.
 */
export const unmanaged = {
  autocomplete: 'off',
  'data-1p-ignore': 'true',
  'data-lpignore': 'true',
  'data-bwignore': 'true',
  'data-form-type': 'other',
  'data-protonpass-ignore': 'true',
};

interface Props {
  label: string;
  hint?: ComponentChildren;
  error?: string | null;
  /** Whether the error is about who the user is, like a wrong password, rather than about what was typed. */
  isRefused?: boolean | undefined;
  /** Renders the control with the given attributes, which tie it to its label, hint and error. */
  children: (field: object) => ComponentChildren;
}

export const Field = ({ label, hint, error = null, isRefused = false, children }: Props) => {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ') || undefined;
  return html`
    <div class="field ${isRefused ? 'refused' : ''}">
      <label for=${id}>${label}</label>
      ${children({ id, class: 'input', 'aria-describedby': described, 'aria-invalid': error ? 'true' : undefined })}
      ${hint && html`<div class="hint note" id="${id}-hint">${hint}</div>`}
      ${error && html`<p class="field-error" id="${id}-error"><${Icon} name="alert" size=${16} />${error}</p>`}
    </div>
  `;
};

interface CheckProps {
  label: string;
  hint?: string;
  isOn: boolean;
  onChange: (isOn: boolean) => void;
}

export const Check = ({ label, hint, isOn, onChange }: CheckProps) => html`
  <label class="check">
    <input type="checkbox" checked=${isOn} onChange=${(event: Event) => onChange(isChecked(event))} />
    <span>${label}${hint && html`<small class="note">${hint}</small>`}</span>
  </label>
`;
