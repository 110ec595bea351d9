/** The routes by which others prove the log, as the API document describes them. */
import * as answers from '../worker/answers/log-proofs.ts';
import type { Descriptions } from './description.ts';

const text = 'text/plain; charset=utf-8';
const bytes = 'application/octet-stream';

const origin = 'keystore/0123456789abcdef';
const root = 'XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=';
const signature = 'x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=';
const checkpoint = `${origin}\n8\n${root}\n\n\u2014 ${origin} ${signature}\n`;
const hash = 'gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=';

const forWhom = 'For admins, and for service tokens with the access `audit`.';

export const logProofs: Descriptions = {
  'GET /logs/key': {
    id: 'logKey',
    tag: 'Proofs of the log',
    summary: 'Read the public key of the log',
    description: `Ed25519, with its name, in the form of C2SP signed-note. Keep it where the vault's operator cannot change it. ${forWhom}`,
    answers: { 200: answers.logKey },
    type: text,
    errors: [409],
    example: { answer: `${origin}+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n` },
  },
  'GET /logs/checkpoint': {
    id: 'logCheckpoint',
    tag: 'Proofs of the log',
    summary: 'Read the newest checkpoint',
    description: `The log is sealed within a minute, or at once with POST. ${forWhom}`,
    answers: { 200: answers.checkpoint },
    type: text,
    errors: [409],
    example: { answer: checkpoint },
  },
  'POST /logs/checkpoint': {
    id: 'sealLog',
    tag: 'Proofs of the log',
    summary: 'Seal everything that the log has, and read the checkpoint',
    description: `409 if there is too much to be sealed at once, as in the first minutes after an upgrade: ask again. ${forWhom}`,
    answers: { 200: answers.checkpoint },
    type: text,
    errors: [400, 409],
    example: { answer: checkpoint },
  },
  'GET /logs/proof/:id': {
    id: 'proveEvent',
    tag: 'Proofs of the log',
    summary: 'Prove that an entry is in the log',
    description: `Against the newest checkpoint. 409 if the entry is not sealed yet. ${forWhom}`,
    answers: { 200: answers.proof },
    type: text,
    errors: [404, 409],
    example: {
      path: { id: '2' },
      answer: `c2sp.org/tlog-proof@v1\nextra eyJhY3Rpb24iOiJzZWNyZXQucmVhZCIsImlkIjoyfQ==\nindex 1\n${hash}\n\n${checkpoint}`,
    },
  },
  'GET /logs/consistency': {
    id: 'proveConsistency',
    tag: 'Proofs of the log',
    summary: 'Prove that nothing was changed since an earlier checkpoint',
    description: `That the log of \`from\` entries is the beginning of that of \`to\`, the newest checkpoint by default. A witness takes the answer as it is. ${forWhom}`,
    answers: { 200: answers.consistency },
    type: text,
    errors: [409],
    example: { query: { from: '2' }, answer: `old 2\n${hash}\n\n${checkpoint}` },
  },
  'GET /logs/tile/entries/:tile{.+}': {
    id: 'logEntries',
    tag: 'Proofs of the log',
    summary: 'Read 256 sealed entries at once',
    description: `As they were sealed. ${forWhom}`,
    answers: { 200: answers.entries },
    type: bytes,
    errors: [404, 409],
    example: { path: { tile: '000.p/2' }, answer: '\u0000\u0008{"id":1}\u0000\u0008{"id":2}' },
  },
  'GET /logs/tile/:level/:tile{.+}': {
    id: 'logTile',
    tag: 'Proofs of the log',
    summary: 'Read hashes of the tree',
    description: `At level 0 those of the entries; at each level above, one for each full tile below. ${forWhom}`,
    answers: { 200: answers.tile },
    type: bytes,
    errors: [404, 409],
    example: { path: { level: '0', tile: '000.p/1' }, answer: 'n4bQgYhMfWWaL-qgxVrQFaO_' },
  },
  'GET /logs/verify': {
    id: 'verifyLog',
    tag: 'Proofs of the log',
    summary: 'Compare a part of the log with what was sealed',
    description: `From the entry after \`after\` on. Go on with \`next\` until it is null. It finds what was changed by somebody who cannot sign; compare with a checkpoint that is kept elsewhere for the rest. ${forWhom}`,
    answers: { 200: answers.verified },
    example: { answer: { size: 8, root, checked_to: 8, next: null, wrong: null } },
  },
};
