import { html } from 'htm/preact';

interface Props {
  label: string;
  isOn: boolean;
  /** It shows how things are, and cannot be changed here. */
  isFixed?: boolean;
  title?: string | undefined;
  onChange: (isOn: boolean) => void;
}

export const Switch = ({ label, isOn, isFixed = false, title, onChange }: Props) => html`
  <button
    type="button" class="switch" role="switch" aria-checked=${isOn ? 'true' : 'false'} aria-label=${label} title=${title} disabled=${isFixed}
    onClick=${() => onChange(!isOn)}
  >
    <span class="switch-knob" />
  </button>
`;
