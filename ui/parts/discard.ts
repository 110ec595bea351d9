/** The question before something typed is dropped. It stands once on the page, over everything else. */
import { html } from 'htm/preact';
import { FormDialog } from './form-dialog.ts';
import { useTask } from './task.ts';
import { question } from './unsaved.ts';

export const DiscardQuestion = () => (question.value ? html`<${Ask} />` : null);

const Ask = () => {
  const task = useTask();
  const close = () => {
    const asked = question.value;
    question.value = null;
    return asked;
  };
  return html`
    <${FormDialog}
      title="Discard what you typed?" action="Discard" kind="danger" cancel="Keep editing" startsAtCancel task=${task} problem=${null}
      onSubmit=${async () => close()?.onDiscard()} onClose=${close}
    >
      <p class="soft">It has not been saved.</p>
    <//>
  `;
};
