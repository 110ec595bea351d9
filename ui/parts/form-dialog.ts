/** A dialog that holds one form: its fields, the error of the whole form, and the buttons to cancel and to submit. */
import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import { Button } from './button.ts';
import { Dialog } from './dialog.ts';
import { unmanaged } from './field.ts';
import { FormProblem } from './form.ts';
import type { Task } from './task.ts';
import { askFirst } from './unsaved.ts';

interface Props {
  title: string;
  /** The text of the button that submits. */
  action: string;
  /** The text of the button that closes. */
  cancel?: string;
  kind?: 'primary' | 'danger';
  isDisabled?: boolean;
  /** Whether it holds something typed, which is not dropped without a question. */
  isTyped?: boolean;
  /** Whether Cancel has the focus when the dialog opens. */
  startsAtCancel?: boolean;
  /** Runs `onSubmit`. */
  task: Task;
  /** The error of the form as a whole. */
  problem: string | null;
  /** Stands before the buttons. */
  aside?: ComponentChildren;
  onSubmit: (form: HTMLFormElement) => Promise<void>;
  onClose: () => void;
  children: ComponentChildren;
}

export const FormDialog = ({
  kind = 'primary',
  cancel = 'Cancel',
  isDisabled = false,
  isTyped = false,
  startsAtCancel = false,
  ...props
}: Props) => {
  const submit = (event: Event) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    if (!isDisabled) void props.task.run(() => props.onSubmit(form));
  };
  return html`
    <${Dialog} title=${props.title} onClose=${props.onClose} isTyped=${isTyped}>
      <form class="stack" ...${unmanaged} onSubmit=${submit}>
        ${props.children}
        <${FormProblem} text=${props.problem} isRefused=${props.task.problem.value?.isRefusal} />
        <div class="dialog-actions">
          ${props.aside}
          <${Button} onClick=${() => askFirst(isTyped, props.onClose)} autofocus=${startsAtCancel}>${cancel}<//>
          <${Button} kind=${kind} type="submit" disabled=${isDisabled} isBusy=${props.task.isBusy.value}>${props.action}<//>
        </div>
      </form>
    <//>
  `;
};
