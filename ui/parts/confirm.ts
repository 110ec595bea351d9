import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import { shown } from '../../core/text.ts';
import { typed } from './events.ts';
import { Field, unmanaged } from './field.ts';
import { FormDialog } from './form-dialog.ts';
import { useTask } from './task.ts';

interface Props {
  title: string;
  action: string;
  onConfirm: () => Promise<void>;
  onClose: () => void;
  /** The name to type first, if the action cannot be undone. */
  name?: string;
  kind?: 'primary' | 'danger';
  children: ComponentChildren;
  /** Fields that say how it is done. */
  choice?: ComponentChildren;
}

/** Asks before an action that destroys something. */
export const Confirm = ({ title, action, onConfirm, onClose, name, kind = 'danger', choice, children }: Props) => {
  const task = useTask();
  const given = useSignal('');
  // What is shown of a name with invisible characters can be typed or pasted, the name itself cannot.
  const isSure = name === undefined || [name.trim(), shown(name).trim()].includes(given.value.trim());
  const edit = (text: string) => {
    given.value = text;
    task.problem.value = null;
  };
  return html`
    <${FormDialog}
      title=${title} action=${action} kind=${kind} isDisabled=${!isSure} startsAtCancel=${name === undefined}
      task=${task} problem=${task.problem.value?.message ?? null} onSubmit=${onConfirm} onClose=${onClose}
    >
      <div class="soft">${children}</div>
      ${choice}
      ${name !== undefined && html`<${TypedName} name=${name} onInput=${edit} />`}
    <//>
  `;
};

const TypedName = ({ name, onInput }: { name: string; onInput: (text: string) => void }) => html`
  <${Field} label="Type the name to confirm" hint=${html`<code class="verbatim">${shown(name)}</code>`}>
    ${(field: object) => html`<input
      ...${field} ...${unmanaged} autocapitalize="none" spellcheck=${false} autofocus
      onInput=${(event: Event) => onInput(typed(event))}
    />`}
  <//>
`;
