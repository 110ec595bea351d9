/** Answers about projects and their members. */
import * as v from 'valibot';
import { projectRoles } from '../../core/policy/policy.ts';
import { projectRole, time, whole } from './parts.ts';

export const project = v.strictObject({
  name: v.string(),
  description: v.string(),
  role: v.pipe(
    v.picklist([...projectRoles, 'admin']),
    v.description('Yours in the project, or admin for an admin who is no member.'),
  ),
  key_count: whole,
  member_count: whole,
  created_at: time,
});

export const projectList = v.strictObject({
  projects: v.array(project),
  next: v.optional(v.pipe(v.string(), v.description('The last name of this answer, if more projects follow.'))),
});

export const newProject = v.strictObject({ message: v.string(), ...project.entries });

export const member = v.strictObject({
  user_name: v.string(),
  role: projectRole,
  added_at: time,
  added_by: v.string(),
});

export const projectWithMembers = v.strictObject({
  ...project.entries,
  members: v.array(member),
  next: v.optional(v.pipe(v.string(), v.description('The last member of this answer, if more follow.'))),
});
