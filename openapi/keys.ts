/** The routes of keys and their versions, as the API document describes them. */

import { keyReaders } from '../worker/answers/exposure.ts';
import * as answers from '../worker/answers/keys.ts';
import { done } from '../worker/answers/parts.ts';
import type { Description, Descriptions } from './description.ts';
import { linksToKey, linksToTrash } from './links.ts';

const times = { created_at: '2026-11-25T09:30:00.000Z', updated_at: '2026-11-25T09:30:00.000Z' };

const kept = {
  version: 1,
  revision: 1,
  expires_at: null,
  rotate_every_days: null,
  rotation_due_at: null,
  labels: {},
};

const listed = {
  ...{ key_name: 'stripe', description: 'billing', ...times, created_by: 'admin' },
  ...{ value_changed_at: times.updated_at, owner: 'admin', project: null },
};

/** What can be asked about one key. The name is in the path or in the query. */
const oneKey: Record<string, Omit<Description, 'tag'>> = {
  'GET ': {
    id: 'readKey',
    summary: 'Read a key with its value',
    description: 'With `version`, an earlier value, as long as it is kept. The header `ETag` is the revision.',
    answers: { 200: answers.key },
    errors: [404],
    headers: ['ETag'],
    example: { answer: { key_name: 'stripe', api_key: 'example-value', description: 'billing', ...times, ...kept } },
  },
  'PUT ': {
    id: 'changeKey',
    summary: 'Change a key',
    description:
      'Changes what the body names, all of it or nothing. `api_key` stores a new version; `key_name` renames the key or moves it to another project; `owner` gives a personal key to another user, which only admins may do. null takes `expires_at`, `rotate_every_days` and `labels` away.',
    answers: { 200: answers.stored },
    errors: [404, 409],
    headers: ['ETag'],
    example: {
      headers: { 'If-Match': '"1"' },
      body: { api_key: 'another-example-value', labels: { env: 'prod' } },
      answer: { message: 'API key updated successfully' },
    },
  },
  'DELETE ': {
    id: 'deleteKey',
    summary: 'Move a key to the trash',
    description:
      'Its versions go with it, and its name is free at once. The header `Trash-Id` is its number in the trash.',
    answers: { 200: done },
    errors: [404],
    headers: ['Trash-Id'],
    links: linksToTrash,
    example: { answer: { message: 'API key deleted successfully' } },
  },
  'GET /versions': {
    id: 'listVersions',
    summary: 'List the versions of a key',
    description: 'The newest first, without their values.',
    answers: { 200: answers.versionList },
    errors: [404],
    example: {
      answer: {
        versions: [
          { version: 1, created_at: times.created_at, created_by: 'admin', is_current: true, destroyed: false },
        ],
      },
    },
  },
  'GET /access': {
    id: 'listReaders',
    summary: 'See who has seen a key, and who could',
    description:
      'For its owner, the managers of its project, admins, and service tokens with the access `audit`. It follows the key through its names.',
    answers: { 200: keyReaders },
    errors: [404],
    example: {
      answer: {
        key_name: 'stripe',
        value_changed_at: times.updated_at,
        seen: [
          {
            ...{
              user_name: 'admin',
              token: null,
              token_id: null,
              first_at: times.created_at,
              last_at: times.created_at,
            },
            ...{ reveal: 2, copy: 0, api: 1, bulk: 0, unknown: 0, stored: true, has_read_current: true },
          },
        ],
        able: [{ user_name: 'admin', why: 'owner', token: null, token_id: null, access: null }],
      },
    },
  },
  'POST /restore': {
    id: 'restoreVersion',
    summary: 'Store an earlier value again',
    description: 'The value becomes a new version.',
    answers: { 200: answers.versionRestored },
    errors: [404, 409],
    headers: ['ETag'],
    example: { body: { version: 1 }, answer: { message: 'Version restored successfully', version: 2 } },
  },
  'DELETE /versions/:version': {
    id: 'destroyVersion',
    summary: 'Erase the value of one version for good',
    description: 'The current version cannot be destroyed. In a project this needs a manager.',
    answers: { 200: done },
    errors: [404, 409],
    headers: ['ETag'],
    example: { path: { version: '1' }, answer: { message: 'Version destroyed successfully' } },
  },
};

/** The routes of one key, once with its name in the path and once in the query. */
const ofOneKey: Descriptions = Object.fromEntries(
  Object.entries(oneKey).flatMap(([route, description]): [string, Description][] => {
    const { id, summary, example } = description;
    const inPath = { ...example, path: { name: 'stripe', ...example.path } };
    const inQuery = { ...example, query: { key_name: 'stripe' } };
    return [
      [route.replace(' ', ' /keys/:name'), { ...description, tag: 'Keys', example: inPath }],
      [
        route.replace(' ', ' /key'),
        { ...description, tag: 'Keys by query', id: `${id}ByQuery`, summary: `${summary}, by query`, example: inQuery },
      ],
    ];
  }),
);

export const keys: Descriptions = {
  'GET /keys': {
    id: 'listKeys',
    tag: 'Keys',
    summary: 'List keys, without their values',
    description:
      'Your own keys and those of your projects, in the order of their names; for admins, all. If there are more than `limit`, the answer ends with `next`: ask again with `after` and that name.',
    answers: { 200: answers.keyList },
    example: { query: { prefix: 'str' }, answer: { keys: [{ ...listed, role: 'owner', ...kept }] } },
  },
  'GET /care': {
    id: 'listCare',
    tag: 'Keys',
    summary: 'List the keys that need care',
    description:
      'Those that are overdue for rotation, expire within 14 days, belong to an account that is switched off, have the value of another key, have not changed for 365 days, or have not been read for 90. Of those that you may read, the urgent ones first, at most 1,000.',
    answers: { 200: answers.careList },
    example: {
      answer: {
        keys: [
          {
            key_name: 'overdue',
            project: null,
            owner: 'admin',
            reasons: ['expiring'],
            expires_at: '2026-01-31T00:00:00.000Z',
            rotation_due_at: null,
            value_changed_at: times.created_at,
            same_value_as: [],
          },
        ],
        more: false,
        uncompared: false,
      },
    },
  },
  'POST /keys': {
    id: 'addKey',
    tag: 'Keys',
    summary: 'Add a key',
    description: 'A name that begins with that of a project and `/` puts the key into that project.',
    answers: { 201: answers.stored },
    links: linksToKey('$request.body#/key_name'),
    errors: [404, 409],
    example: {
      body: {
        key_name: 'new-key',
        api_key: 'example-value',
        description: 'what it is for',
        expires_at: '2027-01-31',
        rotate_every_days: 90,
        labels: { env: 'prod' },
      },
      answer: { message: 'API key added successfully', same_value_as: ['stripe'] },
    },
  },
  ...ofOneKey,
  'POST /keys/values': {
    id: 'readValues',
    tag: 'Many keys',
    summary: 'Read many values in one transaction',
    description:
      'Those of `names`, or all below a `prefix` that you may read. A name that does not exist and one that you may not read are alike: both are in `missing`.',
    answers: { 200: answers.manyValues },
    example: {
      body: { names: ['stripe', 'nothing'] },
      answer: { values: { stripe: 'example-value' }, missing: ['nothing'] },
    },
  },
  'POST /keys/import': {
    id: 'importKeys',
    tag: 'Many keys',
    summary: 'Add and change many keys, all of them or none',
    description: 'With `dry_run` nothing is stored, and the answer says what would be.',
    answers: { 200: answers.imported, 400: answers.notImported, 409: answers.notImported },
    errors: [404],
    example: {
      body: {
        prefix: 'prod/',
        on_conflict: 'update',
        entries: [{ key_name: 'mail', api_key: 'example-value', description: 'outgoing mail' }],
      },
      answer: { applied: true, entries: [{ key_name: 'mail', state: 'new' }] },
    },
  },
};

export const trash: Descriptions = {
  'GET /trash': {
    id: 'listTrash',
    tag: 'Trash',
    summary: 'List deleted keys',
    description: 'What you could delete, the newest first; for admins, all.',
    answers: { 200: answers.trash },
    example: {
      answer: {
        keys: [
          {
            id: 1764063000000417,
            key_name: 'old',
            project: null,
            deleted_at: times.created_at,
            deleted_by: 'admin',
            purged_at: '2026-12-25T09:30:00.000Z',
          },
        ],
      },
    },
  },
  'POST /trash/:id/restore': {
    id: 'restoreKey',
    tag: 'Trash',
    summary: 'Take a key out of the trash',
    description: 'With all its versions. Without a body, or with `key_name` null, it gets the name that it had.',
    answers: { 200: answers.keyRestored },
    links: linksToKey('$response.body#/key_name'),
    errors: [404, 409],
    headers: ['ETag'],
    example: {
      path: { id: '1764063000000417' },
      body: { key_name: 'another name' },
      answer: { message: 'API key restored successfully', key_name: 'another name' },
    },
  },
  'DELETE /trash/:id': {
    id: 'destroyKey',
    tag: 'Trash',
    summary: 'Destroy a deleted key and all its versions for good',
    description: 'In a project this needs a manager.',
    answers: { 200: done },
    errors: [404],
    example: { path: { id: '1764063000000417' }, answer: { message: 'API key destroyed successfully' } },
  },
};
