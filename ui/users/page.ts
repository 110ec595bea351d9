import { html } from 'htm/preact';
import { Button } from '../parts/button.ts';
import { PageHead } from '../parts/page-head.ts';
import { Content } from '../parts/state.ts';
import { ChangeRole, DeleteUser } from './confirm.ts';
import { NewUser, ResetPassword } from './form.ts';
import { UserList } from './list.ts';
import type { User, UsersModel } from './model.ts';

interface Props {
  model: UsersModel;
  /** The name of the signed-in user. */
  me: string;
  /** Called after a change of the user's own account. */
  onOwnChange: () => Promise<void>;
}

export const UsersPage = ({ model, me, onOwnChange }: Props) => {
  const { answer } = model.list;
  return html`
    <${PageHead} title="Users" lead="Who can sign in, and what they can do.">
      ${
        answer.value &&
        html`<${Button} kind="primary" icon="plus" onClick=${() => model.show({ kind: 'new' })}>Add user<//>`
      }
    <//>
    <${Content} of=${model.list} failure="Could not load the users" waiting="Loading the users…">
      ${(users: User[]) => html`<${UserList} model=${model} users=${users} me=${me} />`}
    <//>
    <${OpenDialog} model=${model} me=${me} onOwnChange=${onOwnChange} />
  `;
};

const OpenDialog = ({ model, me, onOwnChange }: Props) => {
  const open = model.open.value;
  switch (open?.kind) {
    case 'new':
      return html`<${NewUser} model=${model} />`;
    case 'password':
      return html`<${ResetPassword} model=${model} user=${open.user} />`;
    case 'delete':
      return html`<${DeleteUser} model=${model} user=${open.user} />`;
    case 'role':
      return html`<${ChangeRole}
        model=${model} user=${open.user} role=${open.role} isMe=${open.user.username === me} onOwnChange=${onOwnChange}
      />`;
    case undefined:
      return null;
  }
};
