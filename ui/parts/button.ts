/** Buttons: with a text, or with an icon alone. Both pass every attribute of a button on to the element. */
import { html } from 'htm/preact';
import type { ButtonHTMLAttributes, ComponentChildren } from 'preact';
import { Icon, type IconName } from './icon.ts';

interface Props extends Omit<ButtonHTMLAttributes, 'icon' | 'class'> {
  kind?: 'primary' | 'plain' | 'quiet' | 'danger';
  icon?: IconName;
  isBusy?: boolean;
  class?: string;
  children: ComponentChildren;
}

export const Button = ({ kind = 'plain', icon, isBusy = false, class: more = '', children, ...rest }: Props) => html`
  <button type="button" ...${rest} class="button ${kind} ${more}" aria-busy=${isBusy || undefined}>
    ${icon && html`<${Icon} name=${icon} size=${18} />`}<span>${children}</span>
  </button>
`;

interface IconButtonProps extends Omit<ButtonHTMLAttributes, 'icon' | 'label' | 'class'> {
  icon: IconName;
  /** Names the action, for screen readers and as the tooltip. */
  label: string;
}

export const IconButton = ({ icon, label, ...rest }: IconButtonProps) => html`
  <button type="button" ...${rest} class="icon-button bare" aria-label=${label} title=${label}>
    <${Icon} name=${icon} size=${18} />
  </button>
`;
