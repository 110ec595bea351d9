import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import { typed } from './events.ts';
import { Field } from './field.ts';
import { FormDialog } from './form-dialog.ts';
import { useTask } from './task.ts';

interface Props {
  title: string;
  action: string;
  onConfirm: () => Promise<void>;
  onClose: () => void;
  /** The name to type first, if the action cannot be undone. */
  name?: string;
  children: ComponentChildren;
}

/** Asks before an action that destroys something. */
export const Confirm = ({ title, action, onConfirm, onClose, name, children }: Props) => {
  const task = useTask();
  const given = useSignal('');
  const isSure = name === undefined || given.value.trim() === name.trim();
  return html`
    <${FormDialog}
      title=${title} action=${action} kind="danger" isDisabled=${!isSure} startsAtCancel=${name === undefined}
      task=${task} problem=${task.problem.value?.message ?? null} onSubmit=${onConfirm} onClose=${onClose}
    >
      <div class="soft">${children}</div>
      ${name !== undefined && html`<${TypedName} name=${name} onInput=${(text: string) => (given.value = text)} />`}
    <//>
  `;
};

const TypedName = ({ name, onInput }: { name: string; onInput: (text: string) => void }) => html`
  <${Field} label="Type the name to confirm" hint=${html`<code class="verbatim">${name}</code>`}>
    ${(field: object) => html`<input
      ...${field} autocomplete="off" autocapitalize="none" spellcheck=${false} autofocus
      onInput=${(event: Event) => onInput(typed(event))}
    />`}
  <//>
`;
