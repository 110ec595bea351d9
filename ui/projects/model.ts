/** The state of projects: the list for the sidebar, the one that the address names, with its members, and the open dialog. */
import { computed, signal } from '@preact/signals';
import { api } from '../api/client.ts';
import { loaded } from '../api/loaded.ts';
import { fetchAll } from '../api/paged.ts';
import type { Member, NewProject, Project, ProjectRole, ProjectWithMembers } from '../api/wire.ts';
import { route } from '../shell/router.ts';

export type Open =
  | { kind: 'new' }
  | { kind: 'describe' | 'delete' | 'leave' | 'add-member'; project: Project }
  | { kind: 'step-down'; project: Project; role: ProjectRole };

/** The contents of the open form. They survive the page, so that nothing typed is lost when the session ends. */
export interface Draft {
  name: string;
  description: string;
  adopt: boolean;
  role: ProjectRole;
}

const emptyDraft: Draft = { name: '', description: '', adopt: false, role: 'editor' };

export const projectsModel = () => {
  const list = loaded(fetchProjects);
  const chosen = computed(() => (route.value.page === 'projects' ? route.value.item : ''));
  const project = loaded(() => fetchProject(chosen.value));
  const open = signal<Open | null>(null);
  const draft = signal<Draft>(emptyDraft);

  const isTyped = computed(() => {
    const { name, description } = draft.value;
    const before = open.value?.kind === 'describe' ? open.value.project.description : '';
    return open.value !== null && (name !== '' || description !== before);
  });

  /** Who has changed what one sees: the list has one's role, and how many members and keys there are. */
  const reloadAfter = async (change: Promise<unknown>) => {
    await change;
    await Promise.all([list.load(), chosen.value !== '' && project.answer.value ? project.load() : undefined]);
  };

  return {
    list,
    /** The project that the address names. */
    project,
    /** Its name; empty for the list of all. */
    chosen,
    open,
    draft,
    isTyped,

    show: (next: Open | null) => {
      draft.value = { ...emptyDraft, description: next?.kind === 'describe' ? next.project.description : '' };
      open.value = next;
    },
    edit: (fields: Partial<Draft>) => {
      draft.value = { ...draft.value, ...fields };
    },

    add: (made: NewProject) => reloadAfter(api.addProject(made)),
    describe: (name: string, description: string) => reloadAfter(api.updateProject(name, description)),
    /** The page of the project is left before the lists are fetched again. */
    remove: async (name: string, leave: () => void) => {
      await api.deleteProject(name);
      leave();
      await list.load();
    },
    setMember: (name: string, user: string, role: ProjectRole) => reloadAfter(api.setMember(name, user, role)),
    removeMember: (name: string, user: string) => reloadAfter(api.removeMember(name, user)),
    leave: async (name: string, user: string, leave: () => void) => {
      await api.removeMember(name, user);
      leave();
      await list.load();
    },
  };
};

export type ProjectsModel = ReturnType<typeof projectsModel>;

const fetchProjects = (): Promise<Project[]> =>
  fetchAll(async (after) => {
    const { projects, next } = await api.projects(after);
    return { items: projects, next };
  });

const fetchProject = async (name: string): Promise<ProjectWithMembers> => {
  let found: ProjectWithMembers | null = null;
  const members = await fetchAll<Member>(async (after) => {
    const answer = await api.project(name, after);
    found ??= answer;
    return { items: answer.members, next: answer.next };
  });
  return { ...(found as unknown as ProjectWithMembers), members };
};
