import { expect, test } from 'vitest';
import { reaching } from './access-of-tokens.ts';

const now = '2026-11-26T00:00:00.000Z';
const token = (change: object = {}) => ({
  owner: 'amara' as string | null,
  project: null as string | null,
  scopes: ['shop/prod/*'],
  revoked_at: null as string | null,
  expires_at: null as string | null,
  ...change,
});
const key = { name: 'shop/prod/STRIPE', project: 'shop' };
const isFound = (change: object, people = ['amara']) => reaching(key, [token(change)], people, now).length === 1;

test('a token of a member reaches a key that its scopes have', () => {
  expect(isFound({})).toBe(true);
  expect(isFound({ scopes: ['*'] })).toBe(true);
  expect(isFound({ scopes: ['shop/dev/*', 'shop/prod/STRIPE'] })).toBe(true);
  expect(isFound({ scopes: ['shop/dev/*', 'shop/prod'] })).toBe(false);
});

test('a token of somebody who does not reach the key does not either', () => {
  expect(isFound({}, ['john'])).toBe(false);
});

test('a token of a project reaches the keys of that project', () => {
  expect(isFound({ owner: null, project: 'shop', scopes: ['*'] }, [])).toBe(true);
  expect(isFound({ owner: null, project: 'shops', scopes: ['*'] }, [])).toBe(false);
});

test('a token that has ended reaches nothing', () => {
  expect(isFound({ revoked_at: now })).toBe(false);
  expect(isFound({ expires_at: '2026-11-25T00:00:00.000Z' })).toBe(false);
  expect(isFound({ expires_at: '2026-11-27T00:00:00.000Z' })).toBe(true);
});
