/** The routes of sign-in, sessions and users, as the API document describes them. */
import { exposure } from '../worker/answers/exposure.ts';
import { done } from '../worker/answers/parts.ts';
import * as answers from '../worker/answers/people.ts';
import type { Descriptions } from './description.ts';
import { linksToUser } from './links.ts';

const at = '2026-11-25T09:30:00.000Z';
const tomorrow = '2026-11-26T09:30:00.000Z';

const exposed = {
  user_id: 1,
  user_name: 'admin',
  account: 'active',
  keys: [
    {
      ...{
        id: 1764063000000623,
        key_name: 'stripe',
        state: 'open',
        read_first_at: at,
        read_last_at: at,
        count: 1,
        tokens: [],
      },
      ...{ stored: true, value_changed_at: at, expires_at: null, mark: null },
    },
  ],
  project_tokens: [],
};

const session = {
  id: 'p0mQ3vXhT1yJm6Zr',
  created_at: at,
  expires_at: tomorrow,
  ip_address: '192.0.2.1',
  user_agent: 'curl/8.5.0',
  is_current: true,
};

export const signIn: Descriptions = {
  'POST /auth/login': {
    id: 'signIn',
    tag: 'Sign-in',
    summary: 'Sign in',
    description:
      'The token goes into the header `Authorization: Bearer`. It is valid for 24 hours, unless the operator says otherwise.',
    answers: { 200: answers.signedIn },
    example: {
      body: { username: 'admin', password: 'admin123' },
      answer: { token: 'eyJhbGciOiJIUzI1NiJ9.e30.signature', user: 'admin', role: 'admin', must_change_password: true },
    },
  },
  'POST /auth/logout': {
    id: 'signOut',
    tag: 'Sign-in',
    summary: 'Sign out',
    description: 'The token is refused from now on.',
    answers: { 200: done },
    errors: [400],
    example: { answer: { message: 'Logged out successfully' } },
  },
  'POST /auth/password': {
    id: 'changePassword',
    tag: 'Sign-in',
    summary: 'Change your own password',
    description: 'Ends your other sessions.',
    answers: { 200: done },
    example: {
      body: { current_password: 'admin123', new_password: 'a much better password' },
      answer: { message: 'Password changed successfully' },
    },
  },
  'GET /auth/session': {
    id: 'readSession',
    tag: 'Sign-in',
    summary: 'Who you are',
    answers: { 200: answers.session },
    example: {
      answer: { user: 'admin', user_id: 1, role: 'admin', must_change_password: true, expires_at: tomorrow },
    },
  },
  'GET /auth/sessions': {
    id: 'listSessions',
    tag: 'Sign-in',
    summary: 'List your sessions',
    answers: { 200: answers.sessionList },
    example: { answer: { sessions: [session] } },
  },
  'DELETE /auth/sessions/:id': {
    id: 'endSession',
    tag: 'Sign-in',
    summary: 'End one of your sessions',
    answers: { 200: done },
    errors: [404],
    example: { path: { id: 'p0mQ3vXhT1yJm6Zr' }, answer: { message: 'Session ended successfully' } },
  },
};

export const users: Descriptions = {
  'GET /users': {
    id: 'listUsers',
    tag: 'Users',
    summary: 'List users',
    description: 'At most 1,000 in one answer.',
    answers: { 200: answers.userList },
    example: {
      answer: {
        users: [
          {
            ...{ id: 1, username: 'admin', role: 'admin', created_at: at, last_login: at, last_seen: at },
            ...{ is_active: true, must_change_password: true, key_count: 1 },
          },
        ],
      },
    },
  },
  'POST /users': {
    id: 'addUser',
    tag: 'Users',
    summary: 'Add a user',
    answers: { 201: answers.newUser },
    links: linksToUser,
    errors: [409],
    example: {
      body: { username: 'bob', password: 'a password for bob', role: 'user', must_change_password: true },
      answer: { message: 'User added successfully', id: 4 },
    },
  },
  'PUT /users/:id': {
    id: 'changeUser',
    tag: 'Users',
    summary: 'Change a user',
    description:
      'Any of `password`, `role`, `is_active` and `must_change_password`. A new password, or `"is_active": false`, ends the sessions of the user. The last active admin stays one.',
    answers: { 200: done },
    errors: [404],
    example: { path: { id: '3' }, body: { is_active: false }, answer: { message: 'User updated successfully' } },
  },
  'DELETE /users/:id': {
    id: 'deleteUser',
    tag: 'Users',
    summary: 'Delete a user',
    description:
      'The personal keys of the user go to the trash; with `transfer_to` they belong to that user from now on.',
    answers: { 200: done },
    errors: [404],
    example: {
      path: { id: '3' },
      query: { transfer_to: 'admin' },
      answer: { message: 'User deleted successfully' },
    },
  },
  'GET /users/:id/exposure': {
    id: 'readExposure',
    tag: 'Users',
    summary: 'See which keys somebody knows',
    description:
      'The keys that a person or their service tokens have read, or whose value they stored, and what has become of each: for when they leave. Also of a deleted account.',
    answers: { 200: exposure },
    errors: [404],
    example: { path: { id: '1' }, answer: exposed },
  },
  'GET /users/exposure': {
    id: 'readExposureByName',
    tag: 'Users',
    summary: 'See which keys somebody knows, by their name',
    description:
      'For a deleted account whose id is not known. Of several of one name, the one that is there, or the last.',
    answers: { 200: exposure },
    errors: [404],
    example: { query: { user_name: 'admin' }, answer: exposed },
  },
  'POST /users/:id/exposure': {
    id: 'markExposure',
    tag: 'Users',
    summary: 'Tick off a key that somebody knows',
    description: 'The log keeps who said so, and when. `open` takes it back.',
    answers: { 200: done },
    errors: [404],
    example: { path: { id: '1' }, body: { key_id: 1764063000000623, mark: 'rotated' }, answer: { message: 'Noted.' } },
  },
  'GET /users/:id/sessions': {
    id: 'listUserSessions',
    tag: 'Users',
    summary: 'List the sessions of a user',
    answers: { 200: answers.sessionList },
    errors: [404],
    example: { path: { id: '1' }, answer: { sessions: [{ ...session, is_current: false }] } },
  },
  'DELETE /users/:id/sessions': {
    id: 'signOutUser',
    tag: 'Users',
    summary: 'End all sessions of a user',
    description:
      'Their tokens are refused from now on. The account, its password and its service tokens stay as they are.',
    answers: { 200: done },
    errors: [404],
    example: { path: { id: '3' }, answer: { message: 'Sessions ended successfully' } },
  },
  'DELETE /users/:id/sessions/:session_id': {
    id: 'endUserSession',
    tag: 'Users',
    summary: 'End one session of a user',
    answers: { 200: done },
    errors: [404],
    example: {
      path: { id: '1', session_id: 'p0mQ3vXhT1yJm6Zr' },
      answer: { message: 'Session ended successfully' },
    },
  },
};
