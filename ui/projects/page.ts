/** The list of projects, and the page of one: its keys, its members, what happened in it, and what one may do with it. */
import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect } from 'preact/hooks';
import { shown } from '../../core/text.ts';
import type { Project, ProjectWithMembers } from '../api/wire.ts';
import { Button } from '../parts/button.ts';
import { PageHead } from '../parts/page-head.ts';
import { Segmented } from '../parts/segmented.ts';
import { Blank, Content } from '../parts/state.ts';
import { Ago } from '../parts/time.ts';
import { go, href, route, setQuery } from '../shell/router.ts';
import { DeleteProject, LeaveProject, StepDown } from './confirm.ts';
import { AddMember, DescribeProject, NewProject } from './form.ts';
import { Members } from './members.ts';
import type { ProjectsModel } from './model.ts';

export interface ProjectsProps {
  model: ProjectsModel;
  /** The name of the signed-in user. */
  me: string;
  isAdmin: boolean;
  /** The keys of the chosen project. */
  keys: ComponentChildren;
  /** The buttons to add keys to the chosen project. */
  addKeys: ComponentChildren;
  /** The overview of the environments of the chosen project, for those who may add keys to it, or may not. */
  overview: (mayAdd: boolean) => ComponentChildren;
  /** What happened in the chosen project. */
  activity: ComponentChildren;
  /** Called when one sees other keys than before. */
  onKeysChange: () => void;
}

export const ProjectsPage = (props: ProjectsProps) => html`
  ${props.model.chosen.value === '' ? html`<${AllProjects} model=${props.model} />` : html`<${OneProject} key=${props.model.chosen.value} ...${props} />`}
  <${OpenDialog} ...${props} />
`;

const AllProjects = ({ model }: { model: ProjectsModel }) => {
  const begin = () => model.show({ kind: 'new' });
  return html`
    <${PageHead} title="Projects" lead="Keys that several people share. Who is a member reaches all keys of the project.">
      ${model.list.answer.value && html`<${Button} kind="primary" icon="plus" data-new onClick=${begin}>New project<//>`}
    <//>
    <${Content} of=${model.list} failure="Could not load the projects" waiting="Loading the projects…">
      ${(projects: Project[]) => (projects.length > 0 ? html`<${ProjectList} projects=${projects} />` : html`<${NoProjects} onBegin=${begin} />`)}
    <//>
  `;
};

const NoProjects = ({ onBegin }: { onBegin: () => void }) => html`
  <${Blank} icon="folder" title="No projects yet">
    <p>A project is the first part of a name: once <code>shop</code> exists, <code>shop/STRIPE_KEY</code> belongs to it, and its members share the key.</p>
    <${Button} icon="plus" data-new onClick=${onBegin}>Start your first project<//>
  <//>
`;

const ProjectList = ({ projects }: { projects: readonly Project[] }) => html`
  <ul class="panel projects">
    ${projects.map(
      (project) => html`
        <li key=${project.name} class="project">
          <a class="project-link" href=${href('projects', {}, project.name)}>
            <strong class="verbatim">${shown(project.name)}</strong>
            <span class="note">${shown(project.description)}</span>
          </a>
          <p class="note">${counted(project.key_count, 'key')} · ${counted(project.member_count, 'member')} · ${roleText[project.role]}</p>
        </li>
      `,
    )}
  </ul>
`;

const counted = (count: number, what: string) => `${count.toLocaleString()} ${what}${count === 1 ? '' : 's'}`;

const roleText: Record<Project['role'], string> = {
  viewer: 'you are a viewer',
  editor: 'you are an editor',
  manager: 'you are a manager',
  admin: 'you are an admin',
};

const views = [
  { value: 'keys', text: 'Keys' },
  { value: 'environments', text: 'Environments' },
  { value: 'members', text: 'Members' },
  { value: 'activity', text: 'Activity' },
] as const;

const OneProject = (props: ProjectsProps) => {
  const { model } = props;
  const name = model.chosen.value;
  const { answer } = model.project;
  // The answer may still be that about another project.
  const project = answer.value?.name === name ? answer.value : null;
  useLayoutEffect(
    () => () => {
      model.project.answer.value = null;
    },
    [],
  );
  return html`
    <${PageHead} title=${shown(name)} lead=${project && html`<${Lead} project=${project} />`}>
      ${project && html`<${Actions} ...${props} project=${project} />`}
    <//>
    <${Content} of=${model.project} failure="Could not load this project" waiting="Loading the project…" missing=${missing}>
      ${(found: ProjectWithMembers) => html`
        <div class="project-views row ends">
          <${Segmented} label="Part of the project" value=${view()} choices=${views} onChange=${(next: string) => setQuery({ view: next === 'keys' ? '' : next, q: '', gaps: '' })} />
          <${Settings} ...${props} project=${found} />
        </div>
        <${Part} ...${props} project=${found} />
      `}
    <//>
  `;
};

const Part = (props: ProjectsProps & { project: ProjectWithMembers }) => {
  const { model, project, me, isAdmin } = props;
  switch (view()) {
    case 'members':
      return html`<${Members} model=${model} project=${project} me=${me} isAdmin=${isAdmin} />`;
    case 'environments':
      return props.overview(mayAdd(props, project));
    case 'activity':
      return props.activity;
    case 'keys':
      return props.keys;
  }
};

const missing = html`
  <${Blank} icon="folder" title="No such project">
    <p>There is none of this name, or you are not a member. One of its managers, or an admin, can add you.</p>
    <${Button} onClick=${() => go('projects')}>Show your projects<//>
  <//>
`;

const view = () => views.find(({ value }) => value === route.value.query.view)?.value ?? 'keys';

const Lead = ({ project }: { project: ProjectWithMembers }) => html`
  ${project.description && html`<span class="verbatim">${shown(project.description)}</span><br />`}
  <span class="note">
    ${counted(project.member_count, 'member')} · ${roleText[project.role]} · started <${Ago} time=${project.created_at} />
  </span>
`;

const mayAdd = ({ isAdmin }: ProjectsProps, { role }: Project) => isAdmin || role !== 'viewer';
const mayManage = ({ isAdmin }: ProjectsProps, { role }: Project) => isAdmin || role === 'manager';

/** What one does often: it depends on the part that is shown. */
const Actions = (props: ProjectsProps & { project: ProjectWithMembers }) => {
  const { model, project, addKeys } = props;
  if (view() === 'activity') return null;
  if (view() !== 'members') return mayAdd(props, project) && addKeys;
  return (
    mayManage(props, project) &&
    html`<${Button} kind="primary" icon="plus" data-new onClick=${() => model.show({ kind: 'add-member', project })}>Add member<//>`
  );
};

/** What one seldom does. */
const Settings = (props: ProjectsProps & { project: ProjectWithMembers }) => {
  const { model, project } = props;
  const manages = mayManage(props, project);
  // An admin who is a member has the role of a member.
  const isMember = project.role !== 'admin';
  return html`
    <div class="project-settings row">
      ${manages && html`<${Button} kind="quiet" icon="edit" onClick=${() => model.show({ kind: 'describe', project })}>Description<//>`}
      ${isMember && html`<${Button} kind="quiet" icon="leave" onClick=${() => model.show({ kind: 'leave', project })}>Leave<//>`}
      ${manages && html`<${Button} kind="quiet" class="danger-text" icon="trash" onClick=${() => model.show({ kind: 'delete', project })}>Delete<//>`}
    </div>
  `;
};

const OpenDialog = ({ model, me, isAdmin, onKeysChange }: ProjectsProps) => {
  const open = model.open.value;
  switch (open?.kind) {
    case 'new':
      return html`<${NewProject} model=${model} isAdmin=${isAdmin} onKeysChange=${onKeysChange} />`;
    case 'describe':
      return html`<${DescribeProject} model=${model} project=${open.project} />`;
    case 'delete':
      return html`<${DeleteProject} model=${model} project=${open.project} />`;
    case 'leave':
      return html`<${LeaveProject} model=${model} project=${open.project} me=${me} onKeysChange=${onKeysChange} />`;
    case 'add-member':
      return html`<${AddMember} model=${model} project=${open.project} />`;
    case 'step-down':
      return html`<${StepDown} model=${model} project=${open.project} role=${open.role} me=${me} />`;
    case undefined:
      return null;
  }
};
