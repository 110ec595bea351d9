/** Projects and their members. */
import { router } from '../http/context.ts';
import { answer } from '../http/route.ts';
import { removeMember, setMember } from '../operations/members.ts';
import { createProject } from '../operations/new-project.ts';
import { deleteProject, listProjects, readProject, updateProject } from '../operations/projects.ts';
import * as json from '../wire/project-json.ts';
import {
  memberChange,
  memberListQuery,
  memberPath,
  newProject,
  projectChange,
  projectListQuery,
  projectPath,
} from '../wire/project-requests.ts';
import { created, done, list } from '../wire/reply.ts';

export const projects = router()
  .get('/projects', answer(listProjects, { query: projectListQuery }, list(json.projectList)))
  .post('/projects', answer(createProject, { body: newProject }, created(json.newProject)))
  .get('/projects/:name', answer(readProject, { path: projectPath, query: memberListQuery }, list(json.project)))
  .put(
    '/projects/:name',
    answer(updateProject, { path: projectPath, body: projectChange }, done('Project updated successfully')),
  )
  .delete('/projects/:name', answer(deleteProject, { path: projectPath }, done('Project deleted successfully')))
  .put(
    '/projects/:name/members/:user_name',
    answer(setMember, { path: memberPath, body: memberChange }, done('Member saved successfully')),
  )
  .delete(
    '/projects/:name/members/:user_name',
    answer(removeMember, { path: memberPath }, done('Member removed successfully')),
  );
