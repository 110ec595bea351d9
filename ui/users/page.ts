import { html } from 'htm/preact';
import { useLayoutEffect } from 'preact/hooks';
import { Button } from '../parts/button.ts';
import { PageHead } from '../parts/page-head.ts';
import { Failed, Waiting } from '../parts/state.ts';
import { DeleteUser, StepDown } from './confirm.ts';
import { NewUser } from './form.ts';
import { UserList } from './list.ts';
import type { UsersModel } from './model.ts';
import { ResetPassword } from './reset-password.ts';

interface Props {
  model: UsersModel;
  /** The name of whoever is signed in. */
  me: string;
  /** After a change of one's own account. */
  onOwnChange: () => Promise<void>;
}

export const UsersPage = ({ model, me, onOwnChange }: Props) => {
  useLayoutEffect(() => void model.list.load(), [model]);
  const { answer, error } = model.list;
  return html`
    <${PageHead} title="Users" lead="Who may sign in, and what they may do.">
      ${
        answer.value &&
        !error.value &&
        html`<${Button} kind="primary" icon="plus" onClick=${() => model.show({ kind: 'new' })}>Add user<//>`
      }
    <//>
    <${Content} model=${model} me=${me} />
    <${OpenDialog} model=${model} onOwnChange=${onOwnChange} />
  `;
};

const Content = ({ model, me }: { model: UsersModel; me: string }) => {
  const { answer, error, load } = model.list;
  if (error.value)
    return html`<${Failed} error=${error.value} title="The users could not be fetched" onRetry=${load} />`;
  if (!answer.value) return html`<${Waiting}>Fetching the users…<//>`;
  return html`<${UserList} model=${model} users=${answer.value} me=${me} />`;
};

const OpenDialog = ({ model, onOwnChange }: { model: UsersModel; onOwnChange: () => Promise<void> }) => {
  const open = model.open.value;
  switch (open?.kind) {
    case 'new':
      return html`<${NewUser} model=${model} />`;
    case 'password':
      return html`<${ResetPassword} model=${model} user=${open.user} />`;
    case 'delete':
      return html`<${DeleteUser} model=${model} user=${open.user} />`;
    case 'step-down':
      return html`<${StepDown} model=${model} user=${open.user} onOwnChange=${onOwnChange} />`;
    case undefined:
      return null;
  }
};
