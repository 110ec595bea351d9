import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { Button } from './button.ts';
import { typed } from './events.ts';
import { Check } from './field.ts';
import { type Alphabet, alphabets, lengthLeast, lengthMost, randomText } from './random-text.ts';

const labels: Record<Alphabet, string> = { lower: 'a–z', upper: 'A–Z', digits: '0–9', symbols: '!#$…' };
const names = Object.keys(alphabets) as Alphabet[];

interface Props {
  length: number;
  onGenerate: (text: string) => void;
}

/** Makes a random text to go into the field above. */
export const Generator = ({ length: usual, onGenerate }: Props) => {
  const length = useSignal(usual);
  const chosen = useSignal<Alphabet[]>(['lower', 'upper', 'digits']);
  const toggle = (name: Alphabet, isOn: boolean) => {
    const next = names.filter((one) => (one === name ? isOn : chosen.value.includes(one)));
    if (next.length > 0) chosen.value = next;
    else chosen.value = [...chosen.value];
  };
  const generate = () => onGenerate(randomText(length.value, chosen.value));
  return html`
    <details class="generator">
      <summary>Generate a random value</summary>
      <div class="generator-body">
        <label class="generator-length">
          <span>Length</span>
          <input
            type="range" min=${lengthLeast} max="128" value=${Math.min(length.value, 128)}
            onInput=${(event: Event) => (length.value = Number(typed(event)))} aria-label="Length, as a slider"
          />
          <input
            class="input" type="number" min=${lengthLeast} max=${lengthMost} value=${length.value} aria-label="Length"
            onChange=${(event: Event) => (length.value = within(Number(typed(event))))}
          />
        </label>
        <div class="generator-alphabets">
          ${names.map(
            (name) => html`<${Check}
              key=${name} label=${labels[name]} isOn=${chosen.value.includes(name)} onChange=${(isOn: boolean) => toggle(name, isOn)}
            />`,
          )}
        </div>
        <${Button} icon="dice" onClick=${generate}>Generate<//>
      </div>
    </details>
  `;
};

const within = (length: number) => Math.min(lengthMost, Math.max(lengthLeast, Math.round(length) || lengthLeast));
