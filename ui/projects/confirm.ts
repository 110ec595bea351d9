/** The questions before a project is deleted or left, and before one gives up managing it. */
import { html } from 'htm/preact';
import type { Project, ProjectRole } from '../api/wire.ts';
import { Confirm } from '../parts/confirm.ts';
import { notify } from '../parts/toast.ts';
import { go } from '../shell/router.ts';
import { roleOf } from './form.ts';
import type { ProjectsModel } from './model.ts';

interface Props {
  model: ProjectsModel;
  project: Project;
}

/** The dialog goes before the page does, which it would keep. */
const leavePage = (model: ProjectsModel) => () => {
  model.show(null);
  go('projects');
};

export const DeleteProject = ({ model, project: { name, key_count } }: Props) => {
  const remove = async () => {
    await model.remove(name, leavePage(model));
    notify({ text: `Deleted the project ${name}.`, about: ['project', name] });
  };
  return html`
    <${Confirm} title="Delete this project?" action="Delete project" name=${name} onConfirm=${remove} onClose=${() => model.show(null)}>
      <p>Its members lose their access, and this cannot be undone. ${key_count > 0 && 'It still has keys: move or delete them first, and empty its trash.'}</p>
    <//>
  `;
};

interface OwnProps extends Props {
  me: string;
}

export const LeaveProject = ({
  model,
  project: { name },
  me,
  onKeysChange,
}: OwnProps & { onKeysChange: () => void }) => {
  const leave = async () => {
    await model.leave(name, me, leavePage(model));
    onKeysChange();
    notify({ text: `You are no longer a member of ${name}.`, about: ['project', name] });
  };
  return html`
    <${Confirm} title="Leave this project?" action="Leave project" onConfirm=${leave} onClose=${() => model.show(null)}>
      <p>You no longer reach the keys of <strong class="verbatim">${name}</strong>. Only a manager can add you again.</p>
    <//>
  `;
};

export const StepDown = ({ model, project: { name }, role, me }: OwnProps & { role: ProjectRole }) => {
  const change = async () => {
    await model.setMember(name, me, role);
    model.show(null);
    notify({ text: `You are now ${roleOf(role)} of ${name}.`, about: ['member', name, me] });
  };
  return html`
    <${Confirm} title="Give up managing this project?" action="Become ${role}" onConfirm=${change} onClose=${() => model.show(null)}>
      <p>Only another manager or an admin can make you a manager of <strong class="verbatim">${name}</strong> again.</p>
    <//>
  `;
};
