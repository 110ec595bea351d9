/** The routes of projects and their members, as the API document describes them. */
import { done } from '../worker/answers/parts.ts';
import * as answers from '../worker/answers/projects.ts';
import type { Descriptions } from './description.ts';
import { linksToProject } from './links.ts';

const at = '2026-11-25T09:30:00.000Z';
const shop = {
  name: 'shop',
  description: 'the web shop',
  role: 'manager',
  key_count: 0,
  member_count: 2,
  created_at: at,
};

export const projects: Descriptions = {
  'GET /projects': {
    id: 'listProjects',
    tag: 'Projects',
    summary: 'List projects',
    description: 'Those in which you are a member, in the order of their names; for admins, all.',
    answers: { 200: answers.projectList },
    example: { answer: { projects: [shop] } },
  },
  'POST /projects': {
    id: 'addProject',
    tag: 'Projects',
    summary: 'Make a project',
    description:
      'You become its manager. Your own keys whose names begin with the name and `/` move in. With `adopt`, an admin moves in those of others as well.',
    answers: { 201: answers.newProject },
    links: linksToProject,
    errors: [409],
    example: {
      body: { name: 'office', description: 'the office' },
      answer: {
        message: 'Project added successfully',
        ...{ ...shop, name: 'office', description: 'the office', member_count: 1 },
      },
    },
  },
  'GET /projects/:name': {
    id: 'readProject',
    tag: 'Projects',
    summary: 'Read a project with its members',
    description: '`limit` and `after` are for the members.',
    answers: { 200: answers.projectWithMembers },
    errors: [404],
    example: {
      path: { name: 'shop' },
      answer: {
        ...shop,
        members: [
          { user_name: 'admin', role: 'manager', added_at: at, added_by: 'admin' },
          { user_name: 'user', role: 'viewer', added_at: at, added_by: 'admin' },
        ],
      },
    },
  },
  'PUT /projects/:name': {
    id: 'changeProject',
    tag: 'Projects',
    summary: 'Describe a project',
    answers: { 200: done },
    errors: [404],
    example: {
      path: { name: 'shop' },
      body: { description: 'the web shop and its suppliers' },
      answer: { message: 'Project updated successfully' },
    },
  },
  'DELETE /projects/:name': {
    id: 'deleteProject',
    tag: 'Projects',
    summary: 'Delete a project that holds no keys',
    answers: { 200: done },
    errors: [404, 409],
    example: { path: { name: 'shop' }, answer: { message: 'Project deleted successfully' } },
  },
  'PUT /projects/:name/members/:user_name': {
    id: 'setMember',
    tag: 'Projects',
    summary: 'Make somebody a member, or give a member another role',
    answers: { 200: done },
    errors: [404],
    example: {
      path: { name: 'shop', user_name: 'user' },
      body: { role: 'editor' },
      answer: { message: 'Member saved successfully' },
    },
  },
  'DELETE /projects/:name/members/:user_name': {
    id: 'removeMember',
    tag: 'Projects',
    summary: 'Remove a member',
    description: 'Everybody may leave. The last manager whose account is active stays, unless an admin removes them.',
    answers: { 200: done },
    errors: [404],
    example: { path: { name: 'shop', user_name: 'user' }, answer: { message: 'Member removed successfully' } },
  },
};
