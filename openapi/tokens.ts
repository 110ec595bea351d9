/** The routes of service tokens, as the API document describes them. */

import { done } from '../worker/answers/parts.ts';
import * as answers from '../worker/answers/tokens.ts';
import type { Descriptions } from './description.ts';
import { linksToToken } from './links.ts';

const at = '2026-11-25T09:30:00.000Z';

const deploy = {
  ...{ id: 1, name: 'deploy', owner: 'admin', project: null, scopes: ['shop/prod/*', 'stripe'], access: 'read' },
  ...{ allowed_addresses: ['10.0.0.0/8'], created_at: at, created_by: 'admin' },
  ...{ expires_at: '2027-02-23T09:30:00.000Z', last_used_at: null, last_used_address: null },
  ...{ rotated_at: null, grace_ends_at: null, revoked_at: null },
};

const secret = 'ks_0123456789abcdefghijklmnopqrst2nxGf0';

export const tokens: Descriptions = {
  'GET /tokens': {
    id: 'listTokens',
    tag: 'Service tokens',
    summary: 'List service tokens, without their secrets',
    description:
      'Your own and those of the projects that you manage, the newest first; for admins, all. If there are more than `limit`, the answer ends with `next`: ask again with `before` and that number.',
    answers: { 200: answers.tokenList },
    example: { answer: { tokens: [deploy] } },
  },
  'POST /tokens': {
    id: 'addToken',
    tag: 'Service tokens',
    summary: 'Make a service token',
    description:
      'The answer is the only one that has the token itself. Without `project` it is your own: it reaches what you reach, within its `scopes`. Send either `expires_in_days` or `expires_at`, or neither for a token that does not expire.',
    answers: { 201: answers.madeToken },
    links: linksToToken,
    errors: [404],
    example: {
      body: {
        ...{ name: 'backup', project: null, access: 'read', scopes: ['shop/prod/*', 'stripe'] },
        ...{ allowed_addresses: ['10.0.0.0/8'], expires_in_days: 90 },
      },
      answer: { ...deploy, id: 2, name: 'backup', token: secret },
    },
  },
  'GET /tokens/:id': {
    id: 'readToken',
    tag: 'Service tokens',
    summary: 'Read a service token',
    description: '`self` as the number is the token that the request comes with; a token reads no other.',
    answers: { 200: answers.token },
    errors: [404],
    example: { path: { id: '1' }, answer: deploy },
  },
  'DELETE /tokens/:id': {
    id: 'revokeToken',
    tag: 'Service tokens',
    summary: 'Revoke a service token for good',
    answers: { 200: done },
    errors: [404],
    example: { path: { id: '1' }, answer: { message: 'Token revoked successfully' } },
  },
  'POST /tokens/:id/rotate': {
    id: 'rotateToken',
    tag: 'Service tokens',
    summary: 'Give a service token another secret',
    description:
      'The old one works on for `grace_minutes`; one that still had a grace ends now. The token keeps its number, scopes and expiry.',
    answers: { 200: answers.madeToken },
    errors: [404, 409],
    example: {
      path: { id: '1' },
      body: { grace_minutes: 60 },
      answer: { ...deploy, rotated_at: at, grace_ends_at: '2026-11-25T10:30:00.000Z', token: secret },
    },
  },
};
