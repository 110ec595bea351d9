import { expect, test } from 'vitest';
import { policy } from './policy/policy.ts';
import { actionOf, kindsNamed, wireAction } from './vocabulary.ts';

test('every action has a name on the wire, and the name leads back to the action', () => {
  for (const action of [...Object.keys(policy), 'session.create']) {
    for (const isAllowed of [true, false]) {
      const name = wireAction(action, isAllowed);
      expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect(actionOf(name)).toBe(action);
    }
  }
});

test('a failed sign-in has another name than a successful one', () => {
  expect(wireAction('session.create', true)).toBe('login_success');
  expect(wireAction('session.create', false)).toBe('login_attempt');
});

test.each(['export_keys', 'constructor', ''])('the unknown name %j is kept in both directions', (name) => {
  expect(wireAction(name, true)).toBe(name);
  expect(actionOf(name)).toBe(name);
});

test('a filter finds the kinds of event whose name contains it, in either case', () => {
  expect(kindsNamed('LOGIN_')).toEqual(['session.create:1', 'session.create:0']);
  expect(kindsNamed('success')).toEqual(['session.create:1']);
  expect(kindsNamed('view_key')).toEqual(['secret.read:1', 'secret.read:0']);
  expect(kindsNamed('no such action')).toEqual([]);
});
