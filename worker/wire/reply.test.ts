import { expect, test } from 'vitest';
import type { Refusal } from '../operations/refusal.ts';
import { created, done, failed, list, noSuchMethod, ok, refused } from './reply.ts';

const refusal = (action: Refusal['action'], outcome: Refusal['outcome'], reason: string | null = null): Refusal => ({
  action,
  outcome,
  reason,
});

test('results become replies', () => {
  const json = (name: string) => ({ name });
  expect(ok(json)('a')).toEqual({ status: 200, body: { name: 'a' } });
  expect(created(json)('a')).toEqual({ status: 201, body: { name: 'a' } });
  expect(list(json)('a')).toEqual({ status: 200, body: { name: 'a' }, isList: true });
  expect(done('Done.')()).toEqual({ status: 200, body: { message: 'Done.' } });
  expect(done('Done.', 201)()).toEqual({ status: 201, body: { message: 'Done.' } });
  expect(failed(404, 'Gone.')).toEqual({ status: 404, body: { error: 'Gone.' } });
  expect(noSuchMethod(['GET', 'PUT'])).toMatchObject({ status: 405, headers: { Allow: 'GET, PUT' } });
});

test.each([
  ['session.create', 'unauthenticated', 'wrong_password', 401],
  ['session.create', 'unauthenticated', 'inactive_account', 401],
  ['session.create', 'denied', 'throttled', 429],
  ['secret.read', 'unauthenticated', null, 401],
  ['secret.read', 'denied', 'not_owner', 404],
  ['secret.read', 'not_found', null, 404],
  ['secret.create', 'conflict', 'name_taken', 409],
  ['secret.create', 'invalid', 'key_name is missing.', 400],
  ['secret.read', 'failed', 'binding_mismatch', 500],
  ['user.list', 'denied', 'role', 403],
  ['user.update', 'not_found', null, 404],
  ['user.update', 'invalid', 'last_admin', 400],
  ['user.update', 'invalid', 'password_is_name', 400],
  ['user.delete', 'invalid', 'own_account', 400],
  ['user.create', 'conflict', 'name_taken', 409],
  ['session.revoke', 'denied', 'not_owner', 404],
  ['password.change', 'denied', 'wrong_password', 403],
  ['password.change', 'denied', 'throttled', 429],
] as const)('%s, %s because of %s: %i with a sentence', (action, outcome, reason, status) => {
  const reply = refused(refusal(action, outcome, reason));
  expect(reply.status).toBe(status);
  expect(reply.body).toEqual({ error: expect.stringMatching(/^\w.* .*\.$/) });
});

test.each(['secret.read', 'secret.update', 'secret.delete', 'session.revoke'] as const)(
  "%s: another user's target and a missing one get the same reply",
  (action) => {
    expect(refused(refusal(action, 'denied', 'not_owner'))).toEqual(refused(refusal(action, 'not_found')));
  },
);

test('an unknown user, a wrong password and an inactive account get the same reply', () => {
  const replies = [null, 'wrong_password', 'inactive_account'].map((reason) =>
    refused(refusal('session.create', 'unauthenticated', reason)),
  );
  for (const reply of replies) expect(reply).toEqual(replies[0]);
});

test('a throttled caller learns when to try again: the exact time if it is known, else the first wait', () => {
  const throttled = refusal('session.create', 'denied', 'throttled');
  expect(refused({ ...throttled, retryAfterSeconds: 7 }).headers).toEqual({ 'Retry-After': '7' });
  expect(refused(throttled).headers).toEqual({ 'Retry-After': '120' });
});

test('a caller without a session is told how to get one', () => {
  expect(refused(refusal('secret.list', 'unauthenticated')).headers).toEqual({ 'WWW-Authenticate': 'Bearer' });
});
