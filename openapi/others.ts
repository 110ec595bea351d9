/** The routes of the log and of health, as the API document describes them. */
import * as health from '../worker/answers/health.ts';
import * as answers from '../worker/answers/log.ts';
import type { Descriptions } from './description.ts';

const at = '2026-11-25T09:30:00.000Z';

export const log: Descriptions = {
  'GET /logs': {
    id: 'listLogs',
    tag: 'Log',
    summary: 'Read the log',
    description:
      'The newest first. Users see what they and their service tokens did; admins see everything; a service token sees its own entries. If there may be older entries, the answer has `next`: ask again with `before` and that number. An answer with `next` may be shorter than `limit`, or empty.',
    answers: { 200: answers.logList },
    example: {
      query: { action: 'view_key', limit: '1' },
      answer: {
        logs: [
          {
            ...{ id: 12, timestamp: at, user_name: 'admin', key_name: 'stripe', action: 'view_key' },
            ...{ ip_address: '192.0.2.1', success: true, target: 'stripe', outcome: 'allowed', reason: null },
            ...{ project: null, token: null, token_id: null },
            ...{ role: 'admin', request_id: 'cP5bYzXn1QmZr0aL', user_agent: 'curl/8.5.0', via: 'api' },
          },
        ],
        next: 12,
      },
    },
  },
  'GET /logs/activity': {
    id: 'countLogs',
    tag: 'Log',
    summary: 'Count log entries by minutes, hours or days',
    description:
      'The last 48 hours, or as many as `hours` says, or with `per=day` the last 30 days; or a span of time, by a step that fits it.',
    answers: { 200: answers.activity },
    example: { query: { per: 'hour' }, answer: { activity: [{ time: at, allowed: 12, refused: 0 }], step: 3600 } },
  },
  'GET /logs/export': {
    id: 'exportLogs',
    tag: 'Log',
    summary: 'Export the log, however long it is',
    description:
      'The oldest entries first, as JSON lines or, with `format=csv`, as CSV, with the filters of `GET /logs`. The last of the JSON lines is `{"checkpoint":...}`: an export without it is not complete.',
    answers: { 200: answers.logExport },
    type: 'application/jsonl; charset=utf-8',
    otherType: 'text/csv; charset=utf-8; header=present',
    example: {
      query: { action: 'view_key' },
      answer: `{"id":12,"timestamp":"${at}","user_name":"admin","key_name":"stripe","action":"view_key","ip_address":"192.0.2.1","success":true,"target":"stripe","outcome":"allowed","reason":null,"role":"admin","project":null,"token":null,"token_id":null,"request_id":"cP5bYzXn1QmZr0aL","user_agent":"curl/8.5.0","via":"api"}\n{"checkpoint":"keystore/0123456789abcdef\\n8\\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\\n\\n— keystore/0123456789abcdef x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\\n"}\n`,
    },
  },
  'GET /logs/uses': {
    id: 'lastUses',
    tag: 'Log',
    summary: 'See when each key was last read, and by whom',
    description:
      'From the newest part of the log, as far as the caller may read it. A key that was not read in that part is not in the answer.',
    answers: { 200: answers.lastUses },
    example: { answer: { uses: [{ key_name: 'stripe', timestamp: at, user_name: 'admin' }] } },
  },
};

export const probes: Descriptions = {
  'GET /health': {
    id: 'health',
    tag: 'Health',
    summary: 'Whether the vault can serve',
    description: '`degraded` if some values are sealed with an encryption key that it does not have.',
    answers: { 200: health.healthy, 503: health.unhealthy },
    example: { answer: { status: 'healthy', timestamp: at, service: 'keystore', version: '1.0.0' } },
  },
  'GET /health/live': {
    id: 'live',
    tag: 'Health',
    summary: 'Whether the process is up',
    description: 'It does not touch the database.',
    answers: { 200: health.alive },
    example: { answer: { status: 'alive', service: 'keystore' } },
  },
};
