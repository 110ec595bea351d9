/** Projects and their members as a client reads them. */
import type { InferOutput } from 'valibot';
import type * as answers from '../answers/projects.ts';
import type { createProject } from '../operations/new-project.ts';
import type { ResultOf } from '../operations/operation.ts';
import { type listProjects, type readProject, roleAt } from '../operations/projects.ts';

const time = (ms: number) => new Date(ms).toISOString();

/** Where the next list begins, if this one does not hold everything. */
const more = (next: string | null) => (next === null ? {} : { next });

const summary = ({
  name,
  description,
  created_at,
  secrets,
  members,
  rank,
}: ResultOf<typeof listProjects>['rows'][number]): InferOutput<typeof answers.project> => ({
  name,
  description,
  role: roleAt(rank),
  key_count: secrets,
  member_count: members,
  created_at: time(created_at),
});

export const projectList = ({
  rows,
  next,
}: ResultOf<typeof listProjects>): InferOutput<typeof answers.projectList> => ({
  projects: rows.map(summary),
  ...more(next),
});

export const project = ({
  project,
  rows,
  next,
}: ResultOf<typeof readProject>): InferOutput<typeof answers.projectWithMembers> => ({
  ...summary(project),
  members: rows.map(({ name, role, added_at, added_by }) => ({
    user_name: name,
    role,
    added_at: time(added_at),
    added_by,
  })),
  ...more(next),
});

export const newProject = (made: ResultOf<typeof createProject>) => ({
  message: 'Project added successfully',
  ...(made && summary(made)),
});
