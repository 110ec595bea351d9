/** The token that was just made, once: it guards against being closed before it has been copied. */
import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { basePath } from '../api/client.ts';
import { snippetsFor } from '../api/snippets.ts';
import type { MadeToken } from '../api/wire.ts';
import { Button } from '../parts/button.ts';
import { copySecret } from '../parts/clipboard.ts';
import { Dialog } from '../parts/dialog.ts';
import { typed } from '../parts/events.ts';
import { Field, unmanaged } from '../parts/field.ts';
import { complain } from '../parts/toast.ts';
import { useUnsaved } from '../parts/unsaved.ts';
import type { TokensModel } from './model.ts';

interface Props {
  model: TokensModel;
  made: MadeToken;
  /** The keys that one reaches. */
  names: readonly string[];
}

export const MadeDialog = ({ model, made, names }: Props) => {
  const isCopied = useSignal(false);
  const isAsking = useSignal(false);
  const close = () => {
    if (isCopied.value) model.show(null);
    else isAsking.value = true;
  };
  useUnsaved(!isCopied.value);
  const copy = (text: string, label: string) =>
    copySecret(async () => text, label).then(() => {
      if (text.includes(made.token)) isCopied.value = true;
      isAsking.value = false;
    }, complain);
  return html`
    <${Dialog} title="Token ${made.name}" onClose=${close}>
      <div class="stack dialog-body">
        <p class="soft">Copy it now, and keep it where the program reads it. The vault keeps only a hash, so it is not shown again.</p>
        <${Field} label="Token">
          ${(field: object) => html`<input
            ...${field} ...${unmanaged} class="input mono" readonly value=${made.token} name="made_token"
            onFocus=${(event: Event) => (event.currentTarget as HTMLInputElement).select()}
            onCopy=${() => {
              isCopied.value = true;
            }}
          />`}
        <//>
        ${made.access !== 'audit' && html`<${Snippets} made=${made} names=${names} onCopy=${copy} />`}
        ${isAsking.value && html`<${Ask} onClose=${() => model.show(null)} />`}
        <div class="dialog-actions">
          <${Button} onClick=${close}>${isCopied.value ? 'Done' : 'Close'}<//>
          <${Button} kind="primary" icon=${isCopied.value ? 'check' : 'copy'} autofocus onClick=${() => void copy(made.token, 'the token')}>
            ${isCopied.value ? 'Copied' : 'Copy token'}
          <//>
        </div>
      </div>
    <//>
  `;
};

const Ask = ({ onClose }: { onClose: () => void }) => {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => ref.current?.querySelector('button')?.focus(), []);
  return html`
    <div class="token-ask panel row" role="alert" ref=${ref}>
      <span>You have not copied the token. It cannot be shown again; you would have to rotate it.</span>
      <${Button} kind="danger" onClick=${onClose}>Close without copying<//>
    </div>
  `;
};

interface SnippetsProps {
  made: MadeToken;
  names: readonly string[];
  onCopy: (text: string, label: string) => void;
}

const Snippets = ({ made, names, onCopy }: SnippetsProps) => {
  const chosen = useSignal('curl');
  const exact = made.scopes.find((scope) => !scope.endsWith('*'));
  const folder = made.scopes.find((scope) => scope.endsWith('/*'))?.slice(0, -1) ?? '';
  const key = exact ?? names.find((name) => name.startsWith(folder)) ?? `${folder}NAME`;
  const snippets = snippetsFor(location.origin + basePath, key, made.token);
  const snippet = snippets.find(({ value }) => value === chosen.value) ?? snippets[0];
  if (!snippet) return null;
  return html`
    <${Field} label="How a program uses it">
      ${(
        field: object,
      ) => html`<select ...${field} value=${chosen.value} onChange=${(event: Event) => (chosen.value = typed(event))}>
        ${snippets.map(({ value, text }) => html`<option key=${value} value=${value}>${text}</option>`)}
      </select>`}
    <//>
    <pre class="token-snippet well" tabindex=${0} aria-label="Example for ${snippet.text}">${snippet.code}</pre>
    <${Button} class="token-copy" kind="quiet" icon="copy" onClick=${() => onCopy(snippet.code, `the example for ${snippet.text}`)}>Copy example<//>
  `;
};
