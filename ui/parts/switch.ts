import { html } from 'htm/preact';

interface Props {
  label: string;
  isOn: boolean;
  /** The switch shows the state but cannot be used. */
  isFixed: boolean;
  title: string | undefined;
  onChange: (isOn: boolean) => void;
}

export const Switch = ({ label, isOn, isFixed, title, onChange }: Props) => html`
  <button
    type="button" class="switch" role="switch" aria-checked=${isOn ? 'true' : 'false'} aria-label=${label} title=${title} disabled=${isFixed}
    onClick=${() => onChange(!isOn)}
  >
    <span class="switch-knob" />
  </button>
`;
