import { html } from 'htm/preact';
import { useId } from 'preact/hooks';
import { Icon, type IconName } from './icon.ts';

interface Props<Choice extends string> {
  label: string;
  value: Choice;
  choices: readonly { value: Choice; text: string; icon?: IconName }[];
  onChange: (choice: Choice) => void;
}

/** Radio buttons that look like one control. */
export const Segmented = <Choice extends string>({ label, value, choices, onChange }: Props<Choice>) => {
  const name = useId();
  return html`
    <fieldset class="segmented well">
      <legend class="unseen">${label}</legend>
      ${choices.map(
        ({ value: choice, text, icon }) => html`
          <label key=${choice}>
            <input type="radio" name=${name} checked=${choice === value} onChange=${() => onChange(choice)} />
            <span>${icon && html`<${Icon} name=${icon} size=${16} />`}${text}</span>
          </label>
        `,
      )}
    </fieldset>
  `;
};
