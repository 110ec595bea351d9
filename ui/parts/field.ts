import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { Icon } from './icon.ts';

interface Props {
  label: string;
  hint?: ComponentChildren;
  error?: string | null;
  /** The control; it gets the attributes that tie it to its label, hint and error. */
  children: (field: object) => ComponentChildren;
}

export const Field = ({ label, hint, error, children }: Props) => {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ') || undefined;
  return html`
    <div class="field">
      <label for=${id}>${label}</label>
      ${children({ id, class: 'input', 'aria-describedby': described, 'aria-invalid': error ? 'true' : undefined })}
      <${Hint} id="${id}-hint">${hint}<//>
      <${FieldError} id="${id}-error" error=${error ?? null} />
    </div>
  `;
};

const Hint = ({ id, children }: { id: string; children?: ComponentChildren }) =>
  children ? html`<div class="hint" id=${id}>${children}</div>` : null;

const FieldError = ({ id, error }: { id: string; error: string | null }) =>
  error ? html`<p class="field-error" id=${id}><${Icon} name="alert" size=${16} />${error}</p>` : null;

interface CheckProps {
  label: string;
  hint?: string;
  isOn: boolean;
  onChange: (isOn: boolean) => void;
}

export const Check = ({ label, hint, isOn, onChange }: CheckProps) => html`
  <label class="check">
    <input
      type="checkbox" checked=${isOn} onChange=${(event: Event) => onChange((event.currentTarget as HTMLInputElement).checked)}
    />
    <span>${label}${hint && html`<small>${hint}</small>`}</span>
  </label>
`;
