/** The members of a project, with the controls that change them. */
import { html } from 'htm/preact';
import { shown } from '../../core/text.ts';
import type { Member, ProjectRole, ProjectWithMembers } from '../api/wire.ts';
import { Avatar } from '../parts/avatar.ts';
import { IconButton } from '../parts/button.ts';
import { Menu } from '../parts/menu.ts';
import { Ago } from '../parts/time.ts';
import { complain, notify } from '../parts/toast.ts';
import { roleOf, roles } from './form.ts';
import type { ProjectsModel } from './model.ts';

interface Props {
  model: ProjectsModel;
  project: ProjectWithMembers;
  me: string;
  isAdmin: boolean;
}

export const Members = ({ model, project, me, isAdmin }: Props) => html`
  <div class="panel members" role="table" aria-label="Members">
    <div role="rowgroup" class="table-head">
      <div role="row" class="table-row note">
        ${['Member', 'Role', 'Added'].map((text) => html`<span key=${text} role="columnheader">${text}</span>`)}
        <span role="columnheader"><span class="unseen">Actions</span></span>
      </div>
    </div>
    <div role="rowgroup">
      ${project.members.map((member) => html`<${Row} key=${member.user_name} model=${model} project=${project} member=${member} me=${me} isAdmin=${isAdmin} />`)}
    </div>
  </div>
  ${project.members.length === 0 && html`<p class="list-end note">No members: only admins reach this project.</p>`}
`;

const Row = ({ model, project, member, me, isAdmin }: Props & { member: Member }) => {
  const manages = isAdmin || project.role === 'manager';
  const { user_name, role, added_at, added_by } = member;
  const isMe = user_name === me;
  return html`
    <div role="row" class="table-row">
      <div role="cell" class="cell-user row">
        <${Avatar} name=${user_name} />
        <span class="who"><bdi class="cut" title=${shown(user_name)}>${shown(user_name)}</bdi>${isMe && html`<small class="soft">you</small>`}</span>
      </div>
      <div role="cell" class="cell-role">
        ${
          manages
            ? html`<${RoleChoice} model=${model} project=${project} member=${member} isMe=${isMe} isAdmin=${isAdmin} />`
            : roles.find(({ value }) => value === role)?.text
        }
      </div>
      <div role="cell" class="cell-login note"><span class="cell-label">Added </span><${Ago} time=${added_at} /> by <bdi>${shown(added_by)}</bdi></div>
      <div role="cell" class="cell-actions">
        ${
          manages &&
          !isMe &&
          html`<${IconButton} icon="trash" label="Remove ${user_name}" onClick=${() => void remove(model, project.name, member)} />`
        }
      </div>
    </div>
  `;
};

const RoleChoice = ({
  model,
  project,
  member,
  isMe,
  isAdmin,
}: Omit<Props, 'me'> & { member: Member; isMe: boolean }) => {
  // The button shows the role that the member has, until the change is done.
  const choose = (role: ProjectRole) => {
    // Who is no admin cannot take this back.
    if (isMe && !isAdmin) model.show({ kind: 'step-down', project, role });
    else void setRole(model, project.name, member, role);
  };
  return html`<${Menu} label="Role of ${member.user_name}" value=${member.role} choices=${roles} onChoose=${choose} />`;
};

const setRole = async (
  model: ProjectsModel,
  project: string,
  { user_name, role: before }: Member,
  role: ProjectRole,
) => {
  const about = ['member', project, user_name];
  try {
    await model.setMember(project, user_name, role);
    const undo = () => model.setMember(project, user_name, before);
    notify({ text: `${user_name} is now ${roleOf(role)} of ${project}.`, undo, about });
  } catch (problem) {
    complain(problem, about);
    await model.project.load();
  }
};

const remove = async (model: ProjectsModel, project: string, { user_name, role }: Member) => {
  const about = ['member', project, user_name];
  try {
    await model.removeMember(project, user_name);
    const undo = () => model.setMember(project, user_name, role);
    notify({ text: `Removed ${user_name} from ${project}.`, undo, about });
  } catch (problem) {
    complain(problem, about);
    await model.project.load();
  }
};
