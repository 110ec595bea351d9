/** How programs get this key: examples with the address of this vault and the name of the key, ready to be copied. */
import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { basePath } from '../api/client.ts';
import { readingSnippets, runSnippet } from '../api/snippets.ts';
import { Button } from '../parts/button.ts';
import { copySecret, copyText } from '../parts/clipboard.ts';
import { Segmented } from '../parts/segmented.ts';
import { complain } from '../parts/toast.ts';
import { href } from '../shell/router.ts';
import { envText } from './env-text.ts';
import type { KeysModel } from './model.ts';

interface Props {
  model: KeysModel;
  name: string;
}

const examplesFor = (name: string) => {
  const vault = location.origin + basePath;
  const variable = envText([name], { [name]: '' }).split('=')[0] ?? '';
  return [
    ...readingSnippets(vault, name),
    { value: 'env', text: '.env', code: `${variable}=••••••••` },
    runSnippet(vault, name, variable),
  ];
};

export const UseIt = ({ model, name }: Props) => {
  const chosen = useSignal('curl');
  const examples = examplesFor(name);
  const example = examples.find(({ value }) => value === chosen.value) ?? examples[0];
  if (!example) return null;
  const { value, text, code } = example;
  const isEnv = value === 'env';
  /** Only this one has the value in it. */
  const copyLine = () =>
    copySecret(
      async () => envText([name], { [name]: await model.read(name, undefined, 'copy') }),
      `${name} as .env`,
    ).catch(complain);
  return html`
    <${Segmented} label="Example for" value=${value} choices=${examples} onChange=${(next: string) => (chosen.value = next)} />
    <pre class="snippet well" tabindex=${0} role="group" aria-label="Example for ${text}">${code}</pre>
    <div class="use-foot row ends">
      <p class="note">${isEnv ? 'What is copied has the value in it.' : html`The program needs a <a href=${href('tokens')}>service token</a> as KEYSTORE_TOKEN.`}</p>
      <${Button} kind="quiet" icon="copy" onClick=${() => void (isEnv ? copyLine() : copyText(code, `the example for ${text}`))}>Copy example<//>
    </div>
  `;
};
