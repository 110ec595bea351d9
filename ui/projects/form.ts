/** The dialogs to start a project, to describe it, and to add a member. */
import { html } from 'htm/preact';
import type { Project, ProjectRole } from '../api/wire.ts';
import { typed } from '../parts/events.ts';
import { Check, Field, unmanaged } from '../parts/field.ts';
import { useForm } from '../parts/form.ts';
import { FormDialog } from '../parts/form-dialog.ts';
import { Segmented } from '../parts/segmented.ts';
import { notify } from '../parts/toast.ts';
import { go } from '../shell/router.ts';
import type { ProjectsModel } from './model.ts';

const fieldNames = { name: { label: 'The name' }, description: { label: 'The description' } };

interface NewProps {
  model: ProjectsModel;
  isAdmin: boolean;
  onKeysChange: () => void;
}

export const NewProject = ({ model, isAdmin, onKeysChange }: NewProps) => {
  const { task, problem, errorAt, edited } = useForm(fieldNames, { 409: 'name' });
  const { name, description, adopt } = model.draft.value;
  const close = () => model.show(null);
  const begins = name.trim() || 'name';
  // The vault says how a program takes them over.
  const taken =
    errorAt('name')?.replace(' with "adopt": true', isAdmin ? ': choose “Take over keys of others”' : '') ?? null;

  const submit = async () => {
    const made = name.trim();
    await model.add({ name: made, description, ...(adopt && { adopt }) });
    close();
    go('projects', {}, made);
    onKeysChange();
    notify({ text: `Started the project ${made}. You are its manager.`, about: ['project', made] });
  };
  const rename = (text: string) => {
    model.edit({ name: text });
    edited('name');
  };

  return html`
    <${FormDialog}
      title="New project" action="Start project" task=${task} problem=${problem} isTyped=${model.isTyped.value}
      onSubmit=${submit} onClose=${close}
    >
      <${Field} label="Name" hint=${html`Keys whose names begin with <code class="verbatim">${begins}/</code> belong to it.`} error=${taken}>
        ${(field: object) => html`<input
          ...${field} ...${unmanaged} name="project_name" required autofocus autocapitalize="none" spellcheck=${false}
          value=${name} onInput=${(event: Event) => rename(typed(event))}
        />`}
      <//>
      <${Description} model=${model} error=${errorAt('description')} onEdited=${() => edited('description')} />
      ${
        isAdmin &&
        html`<${Check}
          label="Take over keys of others" hint="Keys that begin with this name then belong to the project, and no longer to a person."
          isOn=${adopt} onChange=${(isOn: boolean) => model.edit({ adopt: isOn })}
        />`
      }
    <//>
  `;
};

interface DescriptionProps {
  model: ProjectsModel;
  error: string | null;
  isFirst?: boolean;
  onEdited: () => void;
}

const Description = ({ model, error, isFirst = false, onEdited }: DescriptionProps) => {
  const edit = (text: string) => {
    model.edit({ description: text });
    onEdited();
  };
  return html`
    <${Field} label="Description" hint="What the project is for. Not encrypted." error=${error}>
      ${(field: object) => html`<input
        ...${field} ...${unmanaged} name="project_description" value=${model.draft.value.description} autofocus=${isFirst}
        onInput=${(event: Event) => edit(typed(event))}
      />`}
    <//>
  `;
};

interface Props {
  model: ProjectsModel;
  project: Project;
}

export const DescribeProject = ({ model, project }: Props) => {
  const { task, problem, errorAt, edited } = useForm(fieldNames);
  const close = () => model.show(null);
  const submit = async () => {
    const { description } = model.draft.value;
    const about = ['project', project.name, 'description'];
    await model.describe(project.name, description);
    close();
    const undo = () => model.describe(project.name, project.description);
    notify({ text: `Changed the description of ${project.name}.`, undo, about });
  };
  return html`
    <${FormDialog}
      title=${project.name} action="Save" task=${task} problem=${problem} isTyped=${model.isTyped.value} onSubmit=${submit} onClose=${close}
    >
      <${Description} model=${model} error=${errorAt('description')} isFirst onEdited=${() => edited('description')} />
    <//>
  `;
};

export const roles = [
  { value: 'viewer', text: 'Viewer', hint: 'Reads the keys.' },
  { value: 'editor', text: 'Editor', hint: 'Also adds, changes and deletes keys.' },
  { value: 'manager', text: 'Manager', hint: 'Also says who is a member, and takes keys out.' },
] as const;

/** What a role may do, as the policy of projects says it. */
const roleHints: Record<ProjectRole, string> = {
  viewer: 'Lists and reads the keys.',
  editor: 'Also adds, changes and deletes keys, and restores them from the trash.',
  manager: 'Also adds and removes members, changes the project, and destroys keys for good.',
};

const memberFields = { user_name: { label: 'The user name' } };

export const AddMember = ({ model, project }: Props) => {
  const { task, problem, errorAt, edited } = useForm(memberFields, { 404: 'user_name', 409: 'user_name' });
  const { name, role } = model.draft.value;
  const close = () => model.show(null);
  const submit = async () => {
    const user = name.trim();
    await model.setMember(project.name, user, role);
    close();
    notify({ text: `${user} is now ${roleOf(role)} of ${project.name}.`, about: ['member', project.name, user] });
  };
  const setName = (text: string) => {
    model.edit({ name: text });
    edited('user_name');
  };
  return html`
    <${FormDialog}
      title="Add a member" action="Add member" task=${task} problem=${problem} isTyped=${model.isTyped.value} onSubmit=${submit} onClose=${close}
    >
      <${Field} label="User name" error=${nameProblem(errorAt('user_name'))}>
        ${(field: object) => html`<input
          ...${field} ...${unmanaged} name="member_name" required autofocus autocapitalize="none" spellcheck=${false}
          value=${name} onInput=${(event: Event) => setName(typed(event))}
        />`}
      <//>
      <div class="field">
        <span class="label">Role</span>
        <${Segmented} label="Role" value=${role} choices=${roles} onChange=${(next: ProjectRole) => model.edit({ role: next })} />
        <p class="hint note" role="status">${roleHints[role]}</p>
      </div>
    <//>
  `;
};

const nameProblem = (text: string | null) =>
  text === 'There is no such user.'
    ? 'No user has this name. Write it exactly as that person does to sign in. An admin adds new users.'
    : text;

export const roleOf = (role: ProjectRole): string => (role === 'editor' ? 'an editor' : `a ${role}`);
