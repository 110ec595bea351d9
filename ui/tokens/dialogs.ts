/** The dialogs that give a token another secret, and that end it. */
import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { shown } from '../../core/text.ts';
import type { Token } from '../api/wire.ts';
import { Confirm } from '../parts/confirm.ts';
import { typed } from '../parts/events.ts';
import { Field } from '../parts/field.ts';
import { FormDialog } from '../parts/form-dialog.ts';
import { useTask } from '../parts/task.ts';
import { notify } from '../parts/toast.ts';
import type { TokensModel } from './model.ts';

interface Props {
  model: TokensModel;
  token: Token;
}

const graces = [
  ['0', 'Ends at once'],
  ['60', 'Works for another hour'],
  ['1440', 'Works for another day'],
  ['10080', 'Works for another week'],
] as const;

export const Rotate = ({ model, token }: Props) => {
  const task = useTask();
  const grace = useSignal('60');
  return html`
    <${FormDialog}
      title="Rotate ${token.name}" action="Make another secret" task=${task} problem=${task.problem.value?.message ?? null}
      onSubmit=${() => model.rotate(token.id, Number(grace.value))} onClose=${() => model.show(null)}
    >
      <p class="soft">The token gets another secret. Its scopes and its expiry stay.</p>
      <${Field} label="The present secret" hint="If it has leaked, end it at once.">
        ${(field: object) => html`<select
          ...${field} value=${grace.value}
          onChange=${(event: Event) => {
            grace.value = typed(event);
          }}
        >${graces.map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}</select>`}
      <//>
    <//>
  `;
};

export const Revoke = ({ model, token }: Props) => {
  const revoke = async () => {
    await model.revoke(token.id);
    model.show(null);
    notify({ text: `Revoked ${token.name}.`, about: ['token', String(token.id)] });
  };
  return html`
    <${Confirm} title="Revoke this token?" action="Revoke token" onConfirm=${revoke} onClose=${() => model.show(null)}>
      <p>What uses <strong class="verbatim">${shown(token.name)}</strong> is refused with its next request, for good.</p>
    <//>
  `;
};
