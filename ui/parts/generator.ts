import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { Button } from './button.ts';
import { typed } from './events.ts';
import { Check } from './field.ts';
import { type Alphabet, alphabets, maxRandomCharacters, minRandomCharacters, randomText } from './random-text.ts';

const labels: Record<Alphabet, string> = { lower: 'a–z', upper: 'A–Z', digits: '0–9', symbols: '!#$…' };
const names = Object.keys(alphabets) as Alphabet[];
const usualCharacters = 40;
/** The slider ends here, since few values are longer; the number beside it goes further. */
const maxSliderCharacters = 128;

/** Generates a random text for the field above it. */
export const Generator = ({ onGenerate }: { onGenerate: (text: string) => void }) => {
  const length = useSignal(usualCharacters);
  const chosen = useSignal<Alphabet[]>(['lower', 'upper', 'digits']);
  const toggle = (name: Alphabet, isOn: boolean) => {
    const next = names.filter((one) => (one === name ? isOn : chosen.value.includes(one)));
    // A new array in either case, so that the box of the last alphabet is drawn checked again.
    chosen.value = next.length > 0 ? next : [...chosen.value];
  };
  const generate = () => onGenerate(randomText(length.value, chosen.value));
  return html`
    <details class="generator">
      <summary>Generate a random value</summary>
      <div class="generator-body well">
        <label class="generator-length row">
          <span>Length</span>
          <input
            type="range" min=${minRandomCharacters} max=${maxSliderCharacters} value=${Math.min(length.value, maxSliderCharacters)}
            onInput=${(event: Event) => (length.value = Number(typed(event)))} aria-label="Length slider"
          />
          <input
            class="input" type="number" min=${minRandomCharacters} max=${maxRandomCharacters} value=${length.value} aria-label="Length"
            onChange=${(event: Event) => (length.value = within(Number(typed(event))))}
          />
        </label>
        <div class="generator-alphabets mono">
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

const within = (length: number) =>
  Math.min(maxRandomCharacters, Math.max(minRandomCharacters, Math.round(length) || minRandomCharacters));
