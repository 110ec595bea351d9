import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import { Button } from './button.ts';
import { Dialog } from './dialog.ts';
import { typed } from './events.ts';
import { Field } from './field.ts';
import { FormProblem } from './form.ts';
import { useTask } from './task.ts';

interface Props {
  title: string;
  action: string;
  onConfirm: () => Promise<void>;
  onClose: () => void;
  /** The name to type first, where there is no way back. */
  name?: string;
  children?: ComponentChildren;
}

export const Confirm = ({ title, action, onConfirm, onClose, name, children }: Props) => {
  const task = useTask();
  const given = useSignal('');
  const isSure = name === undefined || given.value.trim() === name.trim();
  const submit = (event: Event) => {
    event.preventDefault();
    if (isSure) void task.run(onConfirm);
  };
  return html`
    <${Dialog} title=${title} onClose=${onClose}>
      <form class="stack" onSubmit=${submit}>
        <div class="prose">${children}</div>
        ${name !== undefined && html`<${TypedName} name=${name} onInput=${(text: string) => (given.value = text)} />`}
        <${FormProblem} problem=${task.problem.value} />
        <div class="dialog-actions">
          <${Button} onClick=${onClose} autofocus=${name === undefined}>Cancel<//>
          <${Button} kind="danger" type="submit" disabled=${!isSure} isBusy=${task.isBusy.value}>${action}<//>
        </div>
      </form>
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
