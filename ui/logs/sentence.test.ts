import { describe, expect, test } from 'vitest';
import { wireActions } from '../../core/vocabulary.ts';
import type { LogEntry } from '../api/wire.ts';
import { detailOf, sentenceOf } from './sentence.ts';

const entry = (fields: Partial<LogEntry>): LogEntry => ({
  id: 1,
  timestamp: '2026-01-01T00:00:00.000Z',
  user_name: 'alice',
  key_name: null,
  action: 'view_key',
  ip_address: '10.0.0.5',
  success: true,
  target: null,
  outcome: 'allowed',
  reason: null,
  role: 'user',
  project: null,
  token: null,
  token_id: null,
  request_id: 'r',
  user_agent: '',
  ...fields,
});

const read = (fields: Partial<LogEntry>) => {
  const { who, by, did, target, why } = sentenceOf(entry(fields));
  const detail = detailOf(entry(fields));
  const means = by.length > 0 && `(${by.join(', ')})`;
  return [who, means, did, target, why && `(${why})`, detail && `(${detail})`].filter(Boolean).join(' ');
};

describe('words an entry as a sentence', () => {
  test.each([
    [{ target: 'inv\u202eoice\u200b', user_name: 'al\u2066ice' }, 'al‹U+2066›ice viewed inv‹U+202E›oice‹U+200B›'],
    [{ target: 'STRIPE' }, 'alice viewed STRIPE'],
    [{ target: 'STRIPE', via: 'copy' }, 'alice copied STRIPE'],
    [
      { target: 'STRIPE', via: 'reveal', success: false, outcome: 'not_found' },
      'alice tried to view STRIPE (it does not exist)',
    ],
    [{ action: 'login_success' }, 'alice signed in'],
    [{ target: 'STRIPE', token: 'deploy', token_id: 7 }, 'alice (token deploy) viewed STRIPE'],
    [{ target: 'STRIPE', token: 'deploy', child: 'Ab3_-xyz' }, 'alice (token deploy, child Ab3_-xyz) viewed STRIPE'],
    [{ target: 'STRIPE', child: 'Ab3_-xyz' }, 'alice (child Ab3_-xyz) viewed STRIPE'],
    [
      { action: 'add_child_token', target: 'child Ab3_-xyz', token: 'deploy' },
      'alice (token deploy) got the short-lived child Ab3_-xyz',
    ],
    [
      { action: 'login_attempt', success: false, outcome: 'unauthenticated', reason: 'wrong_password' },
      'alice tried to sign in (wrong password)',
    ],
    [
      {
        user_name: null,
        action: 'login_attempt',
        success: false,
        outcome: 'unauthenticated',
        reason: 'unknown_name',
        target: 'unknown name k3_9',
      },
      'Someone tried to sign in as unknown name k3_9 (no account has this name)',
    ],
    [
      { target: 'STRIPE', success: false, outcome: 'denied', reason: 'not_owner' },
      'alice tried to view STRIPE (it belongs to another user)',
    ],
    [
      { action: 'update_key', target: 'STRIPE', success: false, outcome: 'conflict', reason: 'revision' },
      'alice tried to change STRIPE (somebody had changed it meanwhile)',
    ],
    [
      { action: 'delete_key', target: 'GONE', reason: 'owner_deleted' },
      'alice deleted the key GONE (with the account of its owner)',
    ],
    [
      { action: 'update_user', target: 'bob', reason: 'role user to admin, 2 sessions ended' },
      'alice changed the user bob (role user to admin, 2 sessions ended)',
    ],
    [
      { action: 'mark_exposure', target: 'STRIPE', reason: 'not_needed: bob_2 (user 5)' },
      'alice marked STRIPE (not needed: bob_2 (user 5))',
    ],
    [
      { action: 'too_many_requests', success: false, outcome: 'denied', reason: 'too_many_requests', count: 90 },
      'alice tried to send too many requests (more than one account may send in a minute)',
    ],
    [
      { action: 'use_session', success: false, outcome: 'unauthenticated', reason: 'session_ended', count: 7 },
      'alice tried to use an ended session (they had to sign in again)',
    ],
    [{ success: false, outcome: 'not_found', target: 'GONE' }, 'alice tried to view GONE (it does not exist)'],
    [
      { action: 'add_key', success: false, outcome: 'invalid', reason: 'api_key must not be empty.' },
      'alice tried to add the key (api key must not be empty.)',
    ],
    [{ user_name: null, action: 'list_keys' }, 'Someone listed the keys'],
    [
      { user_name: null, action: 'restore_vault', target: 'a backup' },
      'The operator of this machine restored the vault from a backup',
    ],
    [
      { user_name: null, action: 'reset_admin', target: 'admin' },
      'The operator of this machine reset the password of admin',
    ],
    [
      { user_name: null, action: 'archive_log', target: '1 to 5000', reason: `signed ${'A'.repeat(86)}==` },
      'The operator of this machine archived the log entries 1 to 5000',
    ],
    [
      {
        user_name: null,
        action: 'expire_log',
        target: '1 to 9',
        reason: `LOG_RETENTION_DAYS=30; signed ${'A'.repeat(86)}==`,
      },
      'The vault removed the expired log entries 1 to 9 (LOG_RETENTION_DAYS=30)',
    ],
    [
      { user_name: null, action: 'seal_vault', target: '42 records' },
      'The vault sealed its records as it found them: 42 records',
    ],
    [{ action: 'something_old', target: 'x' }, 'alice did something_old x'],
    [{ action: 'constructor' }, 'alice did constructor'],
  ] as [Partial<LogEntry>, string][])('%j', (fields, text) => {
    expect(read(fields)).toBe(text);
  });

  test('has words for every action', () => {
    const names = Object.values(wireActions).flatMap(([allowed, refused = allowed]) => [allowed, refused]);
    expect(names.filter((action) => read({ action }) === `alice did ${action}`)).toEqual([]);
  });

  test('treats allowed browsing as routine, but never a refusal', () => {
    expect(sentenceOf(entry({ action: 'list_keys' })).isRoutine).toBe(true);
    expect(sentenceOf(entry({ action: 'list_keys', success: false, outcome: 'denied' })).isRoutine).toBe(false);
  });
});
